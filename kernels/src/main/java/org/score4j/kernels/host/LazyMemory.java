package org.score4j.kernels.host;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Memory of the C library's {@code calloc}: the kernel clears a page when it is first touched, on
 * the thread that touches it, where {@link Arena#allocate} writes zeros to all of it on one thread.
 *
 * <p>Huge pages are asked for only where told. Warm they halve the time of a load; but a virtual
 * machine that reports free ones to its host has to get them back page by page, in twice the time.
 */
final class LazyMemory {
  private static final Optional<LazyMemory> OF_THIS_MACHINE = find();

  private static final boolean LINUX = "Linux".equals(System.getProperty("os.name"));

  /** {@code MADV_HUGEPAGE} of Linux. */
  private static final int HUGE_PAGES = 14;

  private final MethodHandle calloc;
  private final MethodHandle free;
  private final Optional<MethodHandle> madvise;

  private LazyMemory(MethodHandle calloc, MethodHandle free, Optional<MethodHandle> madvise) {
    this.calloc = calloc;
    this.free = free;
    this.madvise = madvise;
  }

  /** Empty where Java cannot call the C library. */
  static Optional<LazyMemory> ofThisMachine() {
    return OF_THIS_MACHINE;
  }

  private static Optional<LazyMemory> find() {
    try {
      Linker linker = Linker.nativeLinker();
      Optional<MethodHandle> calloc =
          function(
              linker,
              "calloc",
              FunctionDescriptor.of(
                  ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
      Optional<MethodHandle> free =
          function(linker, "free", FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));
      Optional<MethodHandle> madvise =
          function(
              linker,
              "madvise",
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT,
                  ValueLayout.ADDRESS,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_INT));
      return calloc.flatMap(
          allocate -> free.map(release -> new LazyMemory(allocate, release, madvise)));
    } catch (UnsupportedOperationException e) {
      return Optional.empty();
    }
  }

  @SuppressWarnings("restricted")
  private static Optional<MethodHandle> function(
      Linker linker, String name, FunctionDescriptor type) {
    return linker.defaultLookup().find(name).map(at -> linker.downcallHandle(at, type));
  }

  /**
   * Zeroed memory, aligned by {@code calloc} for any primitive, that lives as long as its owner.
   *
   * @return empty where there is too little
   */
  @SuppressWarnings("restricted")
  Optional<MemorySegment> allocate(long bytes, Arena owner) {
    MemorySegment start = calloc(bytes);
    if (start.address() == 0) {
      return Optional.empty();
    }
    return Optional.of(start.reinterpret(bytes, owner, this::free));
  }

  /**
   * Asks for huge pages, of which a program that reads much more memory than the caches hold misses
   * fewer. Says nothing where there are none.
   *
   * @param memory whole pages, not yet touched
   */
  void adviseHugePages(MemorySegment memory) {
    if (LINUX && madvise.isPresent()) {
      try {
        int _ = (int) madvise.get().invokeExact(memory, memory.byteSize(), HUGE_PAGES);
      } catch (Throwable e) {
        throw notCallable("madvise", e);
      }
    }
  }

  private MemorySegment calloc(long bytes) {
    try {
      return (MemorySegment) calloc.invokeExact(1L, bytes);
    } catch (Throwable e) {
      throw notCallable("calloc", e);
    }
  }

  private void free(MemorySegment memory) {
    try {
      free.invokeExact(memory);
    } catch (Throwable e) {
      throw notCallable("free", e);
    }
  }

  private static IllegalStateException notCallable(String function, Throwable cause) {
    return new IllegalStateException(
        "host memory: " + function + " of the C library cannot be called", cause);
  }
}
