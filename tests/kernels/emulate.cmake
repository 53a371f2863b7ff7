# emulate.cmake - kernels.cu as C++: `kernel<<<grid, threads, 0, stream>>>(...)` becomes a call of launch, and a block's shared array
# a pointer into the block's memory.
file(READ "${INPUT}" text)
string(REGEX REPLACE "([a-z_]+)<<<" "emulation::launch(\\1, " text "${text}")
string(REPLACE ">>>(" ")(" text "${text}")
string(REGEX REPLACE "__shared__ ([a-z]+) ([a-z]+)\\[([^]]+)\\];" "\\1 *\\2 = emulation::shared<\\1>(\\3);" text "${text}")
if(text MATCHES "<<<|__shared__")
  message(FATAL_ERROR "${INPUT}: a launch or shared memory in a form that emulate.cmake does not know")
endif()
file(WRITE "${OUTPUT}" "#define __CUDACC__ 1\n#include \"emulation.hpp\"\n${text}")
