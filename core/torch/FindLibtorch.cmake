# FindLibtorch - the CPU half of a PyTorch installation, without its own package file (which insists on CUDA).
# Looks in TORCH_DIR, in .deps/torch of this source tree, then asks python3. Defines the target Libtorch::Libtorch,
# Libtorch_VERSION and Libtorch_LIBRARY_DIR; where its CUDA half can be compiled against, Libtorch_CUDA_LIBRARIES and
# Libtorch_CUDA_INCLUDE_DIR too.
set(_hints "")
if(TORCH_DIR)
  list(APPEND _hints "${TORCH_DIR}" "${TORCH_DIR}/torch")
else()
  list(APPEND _hints "${PROJECT_SOURCE_DIR}/.deps/torch/torch")
  if(NOT EXISTS "${PROJECT_SOURCE_DIR}/.deps/torch/torch")
    execute_process(
      COMMAND python3 -c "import importlib.util as u; print(u.find_spec('torch').submodule_search_locations[0])"
      OUTPUT_VARIABLE _python ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(_python)
      list(APPEND _hints "${_python}")
    endif()
  endif()
endif()

find_path(Libtorch_INCLUDE_DIR ATen/ATen.h PATHS ${_hints} PATH_SUFFIXES include NO_DEFAULT_PATH)
find_library(Libtorch_CPU torch_cpu PATHS ${_hints} PATH_SUFFIXES lib NO_DEFAULT_PATH)
find_library(Libtorch_C10 c10 PATHS ${_hints} PATH_SUFFIXES lib NO_DEFAULT_PATH)

# CUDA's headers come with the wheel's libraries (nvidia/cu13, before: nvidia/cuda_runtime), else with the toolkit. The
# wheel of the CUDA 13 runtime alone has no crt/, which cuda_runtime.h includes.
find_library(Libtorch_TORCH_CUDA torch_cuda PATHS ${_hints} PATH_SUFFIXES lib NO_DEFAULT_PATH)
find_library(Libtorch_C10_CUDA c10_cuda PATHS ${_hints} PATH_SUFFIXES lib NO_DEFAULT_PATH)
if(NOT EXISTS "${Libtorch_CUDA_INCLUDE_DIR}/crt/host_config.h")
  unset(Libtorch_CUDA_INCLUDE_DIR CACHE)
endif()
foreach(_folder "${Libtorch_INCLUDE_DIR}/../../nvidia/cu13/include"
    "${Libtorch_INCLUDE_DIR}/../../nvidia/cuda_runtime/include" /usr/local/cuda/include)
  if(EXISTS "${_folder}/crt/host_config.h")
    find_path(Libtorch_CUDA_INCLUDE_DIR cuda_runtime.h PATHS "${_folder}" NO_DEFAULT_PATH)
  endif()
endforeach()
if(Libtorch_TORCH_CUDA AND Libtorch_C10_CUDA AND Libtorch_CUDA_INCLUDE_DIR)
  set(Libtorch_CUDA_LIBRARIES "${Libtorch_TORCH_CUDA}" "${Libtorch_C10_CUDA}")
elseif(Libtorch_TORCH_CUDA)
  message(STATUS "no CUDA graphs: CUDA's headers (cuda_runtime.h, crt/host_config.h) are not there")
endif()

if(Libtorch_INCLUDE_DIR AND EXISTS "${Libtorch_INCLUDE_DIR}/torch/headeronly/version.h")
  set(_version_file "${Libtorch_INCLUDE_DIR}/torch/headeronly/version.h")
elseif(Libtorch_INCLUDE_DIR)
  set(_version_file "${Libtorch_INCLUDE_DIR}/torch/csrc/api/include/torch/version.h")
endif()
if(_version_file AND EXISTS "${_version_file}")
  file(STRINGS "${_version_file}" _lines REGEX "#define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
  string(REGEX MATCHALL "[0-9]+" _numbers "${_lines}")
  list(JOIN _numbers "." Libtorch_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Libtorch
  REQUIRED_VARS Libtorch_CPU Libtorch_C10 Libtorch_INCLUDE_DIR
  VERSION_VAR Libtorch_VERSION
  REASON_FAILURE_MESSAGE "say -DTORCH_DIR=…/site-packages/torch, or run tools/setup, which fetches it into .deps")

if(Libtorch_FOUND AND NOT TARGET Libtorch::Libtorch)
  get_filename_component(Libtorch_LIBRARY_DIR "${Libtorch_CPU}" DIRECTORY)
  add_library(Libtorch::Libtorch INTERFACE IMPORTED)
  set_target_properties(Libtorch::Libtorch PROPERTIES
    INTERFACE_SYSTEM_INCLUDE_DIRECTORIES
      "${Libtorch_INCLUDE_DIR};${Libtorch_INCLUDE_DIR}/torch/csrc/api/include"
    INTERFACE_INCLUDE_DIRECTORIES
      "${Libtorch_INCLUDE_DIR};${Libtorch_INCLUDE_DIR}/torch/csrc/api/include"
    INTERFACE_LINK_LIBRARIES "${Libtorch_CPU};${Libtorch_C10}")
endif()
