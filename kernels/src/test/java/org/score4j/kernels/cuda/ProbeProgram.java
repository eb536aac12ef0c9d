package org.score4j.kernels.cuda;

/**
 * Prints what the probe of this machine finds; libraries stay loaded, hence a process of its own.
 */
final class ProbeProgram {
  private ProbeProgram() {}

  public static void main(String[] args) {
    CudaReport report = CudaProbe.report(CudaHost.current());
    System.out.println("driver=" + report.driver());
    report.devices().forEach(device -> System.out.println("device=" + device.description()));
    report
        .devices()
        .forEach(device -> System.out.println("usable=" + report.faultsOf(device.index())));
    report.libraries().forEach(library -> System.out.println("library=" + library));
    System.out.println("natives=" + report.natives());
    report.faults().forEach(fault -> System.out.println("fault=" + fault));
    System.out.println("tmpdir=" + System.getProperty("java.io.tmpdir"));
  }
}
