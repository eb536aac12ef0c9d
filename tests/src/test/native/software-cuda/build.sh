#!/bin/sh
# Builds the three libraries into the folder given. SoftwareDevice.java runs it; a person may too.
set -e
out=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$(dirname "$0")"
cxx=${SCORE4J_SOFTWARE_CUDA_CXX:-g++}
flags="-std=c++17 -Wall -Wextra -fPIC -fvisibility=hidden -shared -Wl,-z,defs -DSWCUDA_BUILD=$(cat *.h *.cpp | cksum | cut -d' ' -f1)u"
link="-L$out -l:libcuda.so.1 -Wl,-rpath,\$ORIGIN"
"$cxx" $flags -O2 config.cpp fiber.cpp block.cpp shared.cpp memory.cpp fault.cpp launch.cpp sanitize.cpp stream.cpp driver_device.cpp \
  driver_memory.cpp driver_module.cpp driver_stream.cpp -o "$out/libcuda.so.1" \
  -Wl,-soname,libcuda.so.1 -Wl,--version-script=cuda.map -ldl -lpthread
"$cxx" $flags -O2 -Wa,-I. rewrite.cpp compile.cpp nvrtc.cpp -o "$out/libnvrtc.so.12" \
  -Wl,-soname,libnvrtc.so.12 -Wl,--version-script=nvrtc.map $link
"$cxx" $flags -O3 gemm.cpp cublas.cpp -o "$out/libcublas.so.12" \
  -Wl,-soname,libcublas.so.12 -Wl,--version-script=cublas.map $link
