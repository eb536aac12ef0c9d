// libnvrtc.so.12: the NVRTC API over g++.
#include <cstring>
#include <string>
#include <vector>

#include "compile.h"
#include "files.h"
#include "module_file.h"

using namespace swcuda;

namespace {

enum : int {
  kSuccess = 0,
  kOutOfMemory = 1,
  kInvalidInput = 3,
  kInvalidProgram = 4,
  kInvalidOption = 5,
  kCompilation = 6,
};

struct Program {
  Source source;
  std::string log, ptx, cubin;
};

const int kArchitectures[] = {75, 80, 86, 87, 89, 90, 100, 120};

// Options that change nothing here.
const char* const kIgnored[] = {"--use_fast_math", "-use_fast_math", "--extra-device-vectorization", "-default-device", "--device-as-default-execution-space",
                                "-lineinfo", "--generate-line-info", "-G", "--device-debug", "-w", "--disable-warnings", "--restrict", "-dopt", "--dopt",
                                "--ftz", "-ftz", "--prec-sqrt", "-prec-sqrt", "--prec-div", "-prec-div", "--maxrregcount", "-maxrregcount", "--ptxas-options",
                                "-Xptxas", "--diag-suppress", "-diag-suppress", "--diag-error", "-diag-error", "--display-error-number", "-err-no", "--no-source-include", "--split-compile",
                                "-rdc", "--relocatable-device-code", "--extensible-whole-program", "-ewp", "--minimal", "-minimal", "-no-cache", "--no-cache"};

bool startsWith(const std::string& text, const char* prefix) { return text.compare(0, strlen(prefix), prefix) == 0; }

// g++'s form of NVRTC's options; false names the one that is not known.
bool translate(const std::vector<std::string>& options, Source& source, bool& binary, std::string& unknown) {
  for (size_t i = 0; i < options.size(); i++) {
    std::string option = options[i], value;
    size_t equals = option.find('=');
    bool define = startsWith(option, "-D") || startsWith(option, "-I") || startsWith(option, "-U");
    if (equals != std::string::npos && !define) value = option.substr(equals + 1), option = option.substr(0, equals);
    auto next = [&] { return equals == std::string::npos && i + 1 < options.size() ? options[++i] : value; };
    if (define) {
      source.flags.push_back(option.size() == 2 && i + 1 < options.size() ? option + options[++i] : option);
    } else if (option == "--define-macro") {
      source.flags.push_back("-D" + next());
    } else if (option == "--include-path") {
      source.flags.push_back("-I" + next());
    } else if (option == "--std" || option == "-std") {
      source.flags.push_back("-std=" + next());
    } else if (option == "--fmad" || option == "-fmad") {
      if (next() == "false") source.flags.push_back("-ffp-contract=off");
    } else if (option == "-arch" || option == "--gpu-architecture") {
      std::string architecture = next();
      binary = startsWith(architecture, "sm_");
      if (!binary && !startsWith(architecture, "compute_")) return unknown = options[i], false;
    } else {
      bool known = false;
      for (const char* ignored : kIgnored) known = known || option == ignored;
      if (!known) return unknown = options[i], false;
      if ((option == "-Xptxas" || option == "--ptxas-options" || option == "-maxrregcount") && equals == std::string::npos) i++;
    }
  }
  return true;
}

int size(const std::string& content, size_t* bytes) { return *bytes = content.size(), kSuccess; }

int copy(const std::string& content, char* to) {
  memcpy(to, content.data(), content.size());
  return kSuccess;
}

}  // namespace

#define NVRTC_API extern "C" __attribute__((visibility("default"))) int

NVRTC_API nvrtcVersion(int* major, int* minor) {
  *major = 12;
  *minor = 6;
  return kSuccess;
}

extern "C" __attribute__((visibility("default"))) const char* nvrtcGetErrorString(int code) {
  switch (code) {
    case kSuccess: return "NVRTC_SUCCESS";
    case kOutOfMemory: return "NVRTC_ERROR_OUT_OF_MEMORY";
    case kInvalidInput: return "NVRTC_ERROR_INVALID_INPUT";
    case kInvalidProgram: return "NVRTC_ERROR_INVALID_PROGRAM";
    case kInvalidOption: return "NVRTC_ERROR_INVALID_OPTION";
    case kCompilation: return "NVRTC_ERROR_COMPILATION";
    default: return "NVRTC_ERROR unknown";
  }
}

NVRTC_API nvrtcGetNumSupportedArchs(int* count) {
  *count = static_cast<int>(sizeof(kArchitectures) / sizeof(int));
  return kSuccess;
}

NVRTC_API nvrtcGetSupportedArchs(int* architectures) {
  memcpy(architectures, kArchitectures, sizeof(kArchitectures));
  return kSuccess;
}

NVRTC_API nvrtcCreateProgram(Program** program, const char* text, const char* name, int numHeaders, const char* const* headers,
                             const char* const* includeNames) {
  if (program == nullptr || text == nullptr || numHeaders < 0) return kInvalidInput;
  *program = new Program();
  (*program)->source.text = text;
  (*program)->source.name = name != nullptr ? name : "default_program";
  for (int i = 0; i < numHeaders; i++) (*program)->source.headers.emplace_back(includeNames[i], headers[i]);
  return kSuccess;
}

NVRTC_API nvrtcDestroyProgram(Program** program) {
  if (program == nullptr || *program == nullptr) return kInvalidProgram;
  delete *program;
  *program = nullptr;
  return kSuccess;
}

NVRTC_API nvrtcCompileProgram(Program* program, int numOptions, const char* const* options) {
  if (program == nullptr) return kInvalidProgram;
  std::vector<std::string> given(options, options + numOptions);
  program->source.flags.clear();
  program->log = program->ptx = program->cubin = "";
  bool binary = false;
  std::string unknown;
  if (!translate(given, program->source, binary, unknown)) {
    program->log = "nvrtc: error: unrecognized option " + unknown + " found\n";
    return kInvalidOption;
  }
  std::string path = compile(program->source, program->log), library;
  if (path.empty()) return kCompilation;
  if (!readFile(path, library)) return kCompilation;
  program->ptx = kModulePathPrefix + path + "\n";
  if (binary) {
    ModuleHeader header = {};
    memcpy(header.magic, kModuleMagic, sizeof(header.magic));
    header.build = buildNumber();
    header.bytes = library.size();
    header.checksum = checksum(library.data(), library.size());
    program->cubin.assign(reinterpret_cast<const char*>(&header), sizeof(header));
    program->cubin += library;
  }
  return kSuccess;
}

// Strings of C: their sizes count the terminating zero.
NVRTC_API nvrtcGetPTXSize(Program* program, size_t* bytes) { return *bytes = program->ptx.size() + 1, kSuccess; }
NVRTC_API nvrtcGetPTX(Program* program, char* to) { return copy(program->ptx + '\0', to); }
NVRTC_API nvrtcGetCUBINSize(Program* program, size_t* bytes) { return size(program->cubin, bytes); }
NVRTC_API nvrtcGetCUBIN(Program* program, char* to) { return copy(program->cubin, to); }
NVRTC_API nvrtcGetProgramLogSize(Program* program, size_t* bytes) { return *bytes = program->log.size() + 1, kSuccess; }
NVRTC_API nvrtcGetProgramLog(Program* program, char* to) { return copy(program->log + '\0', to); }

// Kernels are extern "C": names are what they look like.
NVRTC_API nvrtcAddNameExpression(Program* program, const char* name) {
  return program == nullptr || name == nullptr ? kInvalidInput : kSuccess;
}
NVRTC_API nvrtcGetLoweredName(Program*, const char* name, const char** lowered) { return *lowered = name, kSuccess; }
