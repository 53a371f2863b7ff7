#!/usr/bin/env bash
# Which headers of CUDA FindLibtorch takes: those beside libtorch if they are whole, never a part of them.
# Usage: libtorch_cuda.sh SOURCE_DIR
set -euo pipefail
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

mkdir -p torch/lib torch/include/ATen torch/include/torch/headeronly
touch torch/lib/lib{torch_cpu,c10,torch_cuda,c10_cuda}.so torch/include/ATen/ATen.h
printf '#define TORCH_VERSION_%s\n' 'MAJOR 2' 'MINOR 11' 'PATCH 0' >torch/include/torch/headeronly/version.h
cat >find.cmake <<EOF
set(CMAKE_FIND_LIBRARY_PREFIXES lib)
set(CMAKE_FIND_LIBRARY_SUFFIXES .so)
set(CMAKE_MODULE_PATH "$source/core/torch")
set(TORCH_DIR "$work/torch")
set(Libtorch_FIND_QUIETLY TRUE)
macro(add_library)
endmacro()
macro(set_target_properties)
endmacro()
find_package(Libtorch REQUIRED)
message("headers: \${Libtorch_CUDA_INCLUDE_DIR} libraries: \${Libtorch_CUDA_LIBRARIES}")
EOF

failures=0
# expect NAME PATTERN: what the last line says.
expect() {
  cmake -P find.cmake >out.txt 2>&1 || { echo "$1: $(cat out.txt)"; failures=$((failures + 1)); return; }
  grep -Eq "$2" out.txt || { echo "$1: $(cat out.txt), expected $2"; failures=$((failures + 1)); }
}
elsewhere='headers: (/usr/local/cuda/include libraries: .*libc10_cuda.so|[^ ]*NOTFOUND libraries: |  *libraries: )$'

expect "no headers" "$elsewhere"
for folder in nvidia/cuda_runtime/include nvidia/cu13/include; do
  mkdir -p "$folder"
  touch "$folder/cuda_runtime.h" "$folder/cuda_runtime_api.h"
  expect "$folder without crt/" "$elsewhere"
  mkdir "$folder/crt"
  touch "$folder/crt/host_config.h"
  expect "$folder" "headers: .*/$folder libraries: .*libtorch_cuda.so;.*libc10_cuda.so\$"
  rm -r nvidia
done
[ $failures -eq 0 ]
