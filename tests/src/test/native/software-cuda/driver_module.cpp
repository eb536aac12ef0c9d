// Driver API: modules, functions, launches.
#include <dlfcn.h>

#include <cstring>
#include <list>

#include "api.h"
#include "files.h"
#include "module_file.h"

namespace swcuda {

struct Module {
  void* library;
  std::list<Function> functions;
};

namespace {

// The library's path for a module given as bytes or as text; empty, with the problem, where it cannot be used.
std::string libraryPath(const void* image, const char*& problem) {
  if (strncmp(static_cast<const char*>(image), kModulePathPrefix, strlen(kModulePathPrefix)) == 0) {
    const char* path = static_cast<const char*>(image) + strlen(kModulePathPrefix);
    return std::string(path, strcspn(path, "\n"));
  }
  ModuleHeader header;
  memcpy(&header, image, sizeof(header));
  if (memcmp(header.magic, kModuleMagic, sizeof(header.magic)) != 0) return problem = "not from this device's compiler", "";
  if (header.build != buildNumber()) return problem = "from the compiler of another version of this device; compile it anew", "";
  problem = "damaged";
  if (header.bytes > (64u << 20)) return "";
  const unsigned char* library = static_cast<const unsigned char*>(image) + sizeof(header);
  if (checksum(library, header.bytes) != header.checksum) return "";
  std::string path = config().cache + "/" + hex(header.checksum) + ".so";
  if (!exists(path) && !(makeFolders(config().cache) && writeAtomically(path, library, header.bytes))) {
    return problem = "not to be written into the folder of compiled kernels", "";
  }
  return path;
}

Result load(Module** module, const std::string& path, const char* problem) {
  Device& device = Device::instance();
  if (path.empty()) return device.report(kErrorInvalidImage, std::string("module is ") + problem);
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return device.report(kErrorInvalidImage, dlerror());
  const Kernel* kernels = static_cast<const Kernel*>(dlsym(library, "swcuda_kernels"));
  const unsigned* count = static_cast<const unsigned*>(dlsym(library, "swcuda_num_kernels"));
  if (kernels == nullptr || count == nullptr) return device.report(kErrorInvalidImage, path + " holds no kernels");
  *module = new Module{library, {}};
  for (unsigned i = 0; i < *count; i++) {
    (*module)->functions.emplace_back();
    (*module)->functions.back().kernel = &kernels[i];
    (*module)->functions.back().module = *module;
  }
  return kSuccess;
}

Result checkLaunch(const Function& f, const Index3& grid, const Index3& block, unsigned sharedBytes) {
  Device& device = Device::instance();
  std::string kernel = std::string("kernel ") + f.kernel->name + ": ";
  uint64_t threads = static_cast<uint64_t>(block.x) * block.y * block.z;
  if (threads == 0 || threads > kMaxThreads || block.z > 64) {
    return device.report(kErrorInvalidValue, kernel + std::to_string(threads) + " threads in a block, must be 1 to 1024");
  }
  if (f.kernel->maxThreads != 0 && threads > f.kernel->maxThreads) {
    return device.report(kErrorInvalidValue, kernel + std::to_string(threads) + " threads in a block, its __launch_bounds__ says " +
                                                 std::to_string(f.kernel->maxThreads));
  }
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535) {
    return device.report(kErrorInvalidValue, kernel + "grid (" + std::to_string(grid.x) + "," + std::to_string(grid.y) + "," +
                                                 std::to_string(grid.z) + "), must be 1 to (2147483647,65535,65535)");
  }
  if (sharedBytes + f.staticShared > (f.maxDynamicShared > (48u << 10) ? f.maxDynamicShared + f.staticShared : 48u << 10)) {
    return device.report(kErrorInvalidValue, kernel + std::to_string(sharedBytes) + " bytes of dynamic and " + std::to_string(f.staticShared) +
                                                 " of static shared memory; above 49152 set the function's attribute "
                                                 "MAX_DYNAMIC_SHARED_SIZE_BYTES (now " +
                                                 std::to_string(f.maxDynamicShared) + ")");
  }
  return kSuccess;
}

// Copies of a launch's arguments: the caller's memory is its own again when the call returns.
struct Arguments {
  std::vector<unsigned char> bytes;
  std::vector<void*> pointers;

  Arguments(const Kernel& kernel, void** from) {
    size_t size = 0;
    for (unsigned i = 0; i < kernel.numParameters; i++) size = aligned(size) + kernel.parameters[i].size;
    bytes.resize(size);
    pointers.resize(kernel.numParameters);
    size = 0;
    for (unsigned i = 0; i < kernel.numParameters; i++) {
      size = aligned(size);
      pointers[i] = bytes.data() + size;
      memcpy(pointers[i], from[i], kernel.parameters[i].size);
      size += kernel.parameters[i].size;
    }
  }
  static size_t aligned(size_t n) { return (n + 15) & ~size_t{15}; }
};

}  // namespace
}  // namespace swcuda

using namespace swcuda;

SWCUDA_API cuModuleLoadData(Module** module, const void* image) {
  SWCUDA_BEGIN(kContext);
  const char* problem = "";
  std::string path = libraryPath(image, problem);
  return load(module, path, problem);
}

SWCUDA_API cuModuleLoadDataEx(Module** module, const void* image, unsigned, int*, void**) { return cuModuleLoadData(module, image); }

SWCUDA_API cuModuleLoad(Module** module, const char* path) {
  SWCUDA_BEGIN(kContext);
  std::string content;
  if (!readFile(path, content)) return kErrorNotFound;
  content.append(sizeof(ModuleHeader), 0);
  return cuModuleLoadData(module, content.data());
}

SWCUDA_API cuModuleUnload(Module* module) {
  SWCUDA_BEGIN(kContext);
  if (module == nullptr) return kErrorInvalidHandle;
  Result result = Streams::instance().drainAll();
  dlclose(module->library);
  delete module;
  return result;
}

SWCUDA_API cuModuleGetFunction(Function** function, Module* module, const char* name) {
  SWCUDA_BEGIN(kContext);
  for (Function& f : module->functions) {
    if (strcmp(f.kernel->name, name) == 0) return *function = &f, kSuccess;
  }
  return kErrorNotFound;
}

SWCUDA_API cuModuleGetGlobal_v2(DevicePointer*, size_t*, Module*, const char*) { return kErrorNotSupported; }

SWCUDA_API cuFuncGetModule(Module** module, Function* function) {
  *module = function->module;
  return kSuccess;
}

SWCUDA_API cuFuncGetAttribute(int* value, int attribute, Function* f) {
  SWCUDA_BEGIN(kContext);
  switch (attribute) {
    case 0: *value = static_cast<int>(f->kernel->maxThreads != 0 ? f->kernel->maxThreads : kMaxThreads); break;
    case 1: *value = static_cast<int>(f->staticShared); break;
    case 4: *value = 32; break;  // registers
    case 5: case 6: *value = config().major * 10 + config().minor; break;
    case 8: *value = static_cast<int>(f->maxDynamicShared); break;
    default: *value = 0;
  }
  return kSuccess;
}

SWCUDA_API cuFuncSetAttribute(Function* f, int attribute, int value) {
  SWCUDA_BEGIN(kContext);
  if (attribute == 9) return kSuccess;  // preferred carve-out
  if (attribute != 8 || value < 0 || static_cast<unsigned>(value) + f->staticShared > maxSharedOptIn()) return kErrorInvalidValue;
  f->maxDynamicShared = static_cast<unsigned>(value);
  return kSuccess;
}

SWCUDA_API cuFuncSetCacheConfig(Function*, int) { return kSuccess; }

SWCUDA_API cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, Function* f, int threads, size_t sharedBytes) {
  SWCUDA_BEGIN(kContext);
  size_t shared = sharedBytes + f->staticShared + 1024;
  int byShared = static_cast<int>((maxSharedOptIn() + 1024) / shared), byThreads = threads > 0 ? 2048 / threads : 0;
  *blocks = byShared < byThreads ? byShared : byThreads;
  if (*blocks > 32) *blocks = 32;
  return kSuccess;
}

SWCUDA_API cuLaunchKernel(Function* function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, unsigned blockY,
                          unsigned blockZ, unsigned sharedBytes, uintptr_t handle, void** parameters, void** extra) {
  SWCUDA_BEGIN(kContext);
  if (function == nullptr) return kErrorInvalidHandle;
  if (extra != nullptr) return kErrorNotSupported;
  if (parameters == nullptr && function->kernel->numParameters != 0) return kErrorInvalidValue;
  Stream* stream = Streams::instance().find(handle);
  if (stream == nullptr) return kErrorInvalidHandle;
  Index3 grid = {gridX, gridY, gridZ}, block = {blockX, blockY, blockZ};
  Result result = checkLaunch(*function, grid, block, sharedBytes);
  if (result != kSuccess) return result;
  auto arguments = std::make_shared<Arguments>(*function->kernel, parameters);
  return Streams::instance().submit(
      *stream, {[=] { return Device::instance().launch(*function, grid, block, sharedBytes, arguments->pointers.data()); },
                function->kernel->name});
}

SWCUDA_API cuLaunchCooperativeKernel(Function*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, uintptr_t, void**) {
  return kErrorNotSupported;
}

extern "C" __attribute__((visibility("default"))) const char* swcuda_cache_folder() {
  thread_local std::string copy;
  std::lock_guard<std::recursive_mutex> guard(Device::instance().lock);
  copy = config().cache;
  return copy.c_str();
}

extern "C" __attribute__((visibility("default"))) const char* swcuda_library_folder() {
  static const std::string folder = [] {
    Dl_info info;
    if (dladdr(reinterpret_cast<const void*>(&swcuda_library_folder), &info) == 0) return std::string(".");
    std::string path = info.dli_fname;
    size_t slash = path.rfind('/');
    return slash == std::string::npos ? std::string(".") : path.substr(0, slash);
  }();
  return folder.c_str();
}
