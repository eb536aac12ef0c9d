// Preprocess, rewrite, compile; the result is kept under the hash of all that went in.
#include "compile.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "files.h"
#include "module_file.h"
#include "rewrite.h"

extern char** environ;

// The headers that go in front of every kernel, placed into this library by the assembler.
asm(R"(
.section .rodata
.globl swcuda_prelude
.hidden swcuda_prelude
swcuda_prelude:
.incbin "prelude.h"
.byte 0
.globl swcuda_kernel_abi
.hidden swcuda_kernel_abi
swcuda_kernel_abi:
.incbin "kernel_abi.h"
.byte 0
.text
)");
extern "C" const char swcuda_prelude[], swcuda_kernel_abi[];

namespace swcuda {
namespace {

std::string compiler() {
  const char* cxx = getenv("SCORE4J_SOFTWARE_CUDA_CXX");
  return cxx != nullptr ? cxx : "g++";
}

// Runs a program in `folder` with stdout and stderr in the file "log" there; its exit status, or -1.
int run(const std::string& folder, const std::vector<std::string>& command, std::string& log) {
  std::string logFile = folder + "/log";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, logFile.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  static char plainMessages[] = "LC_ALL=C";  // the same text, in ASCII, on every host
  std::vector<char*> environment = {plainMessages};
  for (char** variable = environ; *variable != nullptr; variable++) {
    if (strncmp(*variable, "LC_ALL=", 7) != 0) environment.push_back(*variable);
  }
  environment.push_back(nullptr);
  pid_t child = 0;
  int error = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    log += command[0] + ": " + strerror(error) + "\n";
    return -1;
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  std::string output;
  readFile(logFile, output);
  log += output;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string baseName(const std::string& path) {
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

std::vector<std::string> optimisation() {
  std::vector<std::string> flags = {"-O2", "-g1", "-fno-strict-aliasing", "-fno-math-errno", "-fsanitize=alignment,bounds", "-fstack-clash-protection", "-fno-plt", "-fno-semantic-interposition"};
#if defined(__x86_64__)
  __builtin_cpu_init();
  // With fused multiply-add, which is what nvcc makes of a * b + c.
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2")) {
    flags.insert(flags.end(), {"-mavx2", "-mfma", "-mbmi2"});
  }
#endif
  const char* extra = getenv("SCORE4J_SOFTWARE_CUDA_FLAGS");
  for (std::string rest = extra != nullptr ? extra : ""; !rest.empty();) {
    size_t space = rest.find(' ');
    if (space != 0) flags.push_back(rest.substr(0, space));
    rest = space == std::string::npos ? "" : rest.substr(space + 1);
  }
  return flags;
}

std::string keyOf(const Source& source, const std::vector<std::string>& flags) {
  static const std::string version = [] {
    std::string text, folder = "/tmp/swcuda-version-XXXXXX";
    if (mkdtemp(&folder[0]) != nullptr) {
      run(folder, {compiler(), "-dumpfullversion"}, text);
      unlink((folder + "/log").c_str());
      rmdir(folder.c_str());
    }
    return text;
  }();
  std::string all = compiler() + version + swcuda_prelude + swcuda_kernel_abi + source.name + '\0' + source.text;
  for (const auto& header : source.headers) all += '\0' + header.first + '\0' + header.second;
  for (const auto* list : {&flags, &source.flags}) {
    for (const std::string& flag : *list) all += '\0' + flag;
  }
  return hex(checksum(all.data(), all.size())) + hex(checksum(all.data(), all.size(), 0x9e3779b97f4a7c15ull));
}

void removeFolder(const std::string& folder) {
  std::string ignored;
  run("/", {"rm", "-rf", folder}, ignored);
}

std::string compileIn(const std::string& folder, const Source& source, const std::vector<std::string>& optimise, const std::string& target,
                      std::string& log) {
  std::string name = baseName(source.name.empty() ? "default_program" : source.name);
  bool written = writeFile(folder + "/" + name, source.text.data(), source.text.size()) &&
                 writeFile(folder + "/prelude.h", swcuda_prelude, strlen(swcuda_prelude)) &&
                 writeFile(folder + "/kernel_abi.h", swcuda_kernel_abi, strlen(swcuda_kernel_abi));
  for (const auto& header : source.headers) {
    size_t slash = header.first.rfind('/');
    if (slash != std::string::npos) makeFolders(folder + "/" + header.first.substr(0, slash));
    written = written && writeFile(folder + "/" + header.first, header.second.data(), header.second.size());
  }
  if (!written) return log += "cannot write into " + folder + "\n", "";

  std::vector<std::string> preprocess = {compiler(), "-E", "-x", "c++", "-std=c++17", "-include", "prelude.h", "-I."};
  preprocess.insert(preprocess.end(), source.flags.begin(), source.flags.end());
  preprocess.insert(preprocess.end(), optimise.begin(), optimise.end());
  preprocess.insert(preprocess.end(), {name, "-o", "preprocessed"});
  std::string preprocessed, text, error;
  if (run(folder, preprocess, log) != 0) return "";
  if (!readFile(folder + "/preprocessed", preprocessed)) return "";
  if (!rewrite(preprocessed, text, error)) return log += error, "";
  if (!writeFile(folder + "/rewritten.cc", text.data(), text.size())) return "";

  std::vector<std::string> build = {compiler(), "-x", "c++", "-std=c++17", "-shared", "-fPIC", "-fvisibility=hidden"};
  build.insert(build.end(), optimise.begin(), optimise.end());
  for (const std::string& flag : source.flags) {
    if (flag.compare(0, 2, "-D") != 0 && flag.compare(0, 2, "-U") != 0 && flag.compare(0, 2, "-I") != 0) build.push_back(flag);
  }
  build.insert(build.end(), {"-Wno-unknown-pragmas", "-Wno-attributes", "rewritten.cc", "-o", "module.so", "-L", swcuda_library_folder(), "-nodefaultlibs",
                             "-l:libcuda.so.1", "-lm", "-lc", "-lgcc"});  // the handlers of sanitize.cpp, not libubsan's
  if (run(folder, build, log) != 0) return "";
  std::string library;
  if (!readFile(folder + "/module.so", library)) return "";
  // The log beside it: a hit gives the same warnings.
  if (!writeAtomically(target + ".log", log.data(), log.size()) || !writeAtomically(target + ".so", library.data(), library.size())) {
    return log += "cannot write " + target + ".so\n", "";
  }
  return target + ".so";
}

}  // namespace

std::string compile(const Source& source, std::string& log) {
  std::string cache = swcuda_cache_folder();
  if (!makeFolders(cache)) return log += "cannot write into the folder of compiled kernels " + cache + "\n", "";
  std::vector<std::string> optimise = optimisation();
  std::string target = cache + "/" + keyOf(source, optimise);
  if (exists(target + ".so") && readFile(target + ".log", log)) return target + ".so";
  std::string folder = cache + "/build-XXXXXX";
  if (mkdtemp(&folder[0]) == nullptr) return log += "cannot make a folder in " + cache + "\n", "";
  std::string library = compileIn(folder, source, optimise, target, log);
  if (getenv("SCORE4J_SOFTWARE_CUDA_KEEP") == nullptr) removeFolder(folder);
  return library;
}

}  // namespace swcuda
