# FindLibtorchPython - the half of libtorch that is written for Python, and the Python that it is for, as a library with headers.
# After FindLibtorch. Defines the target LibtorchPython::LibtorchPython.
set(_root "")
if(Libtorch_INCLUDE_DIR)
  get_filename_component(_root "${Libtorch_INCLUDE_DIR}/.." ABSOLUTE)
endif()
find_library(LibtorchPython_LIBRARY torch_python PATHS "${_root}/lib" NO_DEFAULT_PATH)

# The wheel serves one version: _C.cpython-311-x86_64-linux-gnu.so.
file(GLOB _extension "${_root}/_C.cpython-*.so")
if("${_extension}" MATCHES "_C\\.cpython-([0-9])([0-9]+)-")
  set(LibtorchPython_VERSION "${CMAKE_MATCH_1}.${CMAKE_MATCH_2}")
  # beside the interpreter of this build, or the one that an environment around the wheel was made with, else the system's
  set(_beside "")
  if("${Python3_VERSION}" MATCHES "^${LibtorchPython_VERSION}(\\.|$)")
    execute_process(COMMAND "${Python3_EXECUTABLE}" -c "import sys; print(sys.base_prefix)" OUTPUT_VARIABLE _beside
      OUTPUT_STRIP_TRAILING_WHITESPACE)
  endif()
  if(EXISTS "${_root}/../../../../pyvenv.cfg")
    file(STRINGS "${_root}/../../../../pyvenv.cfg" _home REGEX "^home *= *")
    string(REGEX REPLACE "^home *= *(.*)/bin/?$" "\\1" _beside "${_home}")
  endif()
  set(Python_USE_STATIC_LIBS FALSE)
  set(Python_ROOT_DIR ${_beside})
  find_package(Python ${LibtorchPython_VERSION} EXACT QUIET COMPONENTS Development.Embed)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibtorchPython
  REQUIRED_VARS LibtorchPython_LIBRARY Python_Development.Embed_FOUND
  VERSION_VAR LibtorchPython_VERSION
  REASON_FAILURE_MESSAGE "models in Python need the headers and the shared library of Python ${LibtorchPython_VERSION}: python3-dev")

if(LibtorchPython_FOUND AND NOT TARGET LibtorchPython::LibtorchPython)
  add_library(LibtorchPython::LibtorchPython INTERFACE IMPORTED)
  set_target_properties(LibtorchPython::LibtorchPython PROPERTIES
    INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${Python_INCLUDE_DIRS}"
    INTERFACE_INCLUDE_DIRECTORIES "${Python_INCLUDE_DIRS}"
    INTERFACE_LINK_LIBRARIES "${LibtorchPython_LIBRARY};Python::Python")
endif()
