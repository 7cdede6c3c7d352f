# Finds the build of OpenBLAS that uses POSIX threads, and defines OpenBLAS::pthread.
#
# Debian and Ubuntu carry three builds of OpenBLAS whose libraries have the same name, and the one that `-lopenblas`
# finds is the administrator's choice. Only the pthread build will do (docs/adr/0001-openblas.md):
# - The serial build (0.3.21) is not safe to call from several threads: 8 threads that call dgetrf, each on its own copy
#   of the same 200 x 100 matrix, get wrong results. The pthread and the OpenMP build do not.
# - The OpenMP build restores its own number of threads in each worker thread, so one BLAS thread inside a cell, which
#   the results' bytes depend on, cannot be asked for once and for all.
#
# Where these builds have no directories of their own, as outside Debian, give OpenBLASPthread_LIBRARY and
# OpenBLASPthread_INCLUDE_DIR by hand.
#
# Installed beside momentsetConfig.cmake, since the static library needs it again.

# The directories in full: a suffix would also be tried without itself, where the administrator's choice lies.
find_library(OpenBLASPthread_LIBRARY NAMES openblas libopenblas.so.0 NO_DEFAULT_PATH
  PATHS /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/openblas-pthread)
find_path(OpenBLASPthread_INCLUDE_DIR NAMES cblas.h NO_DEFAULT_PATH
  PATHS /usr/include/${CMAKE_LIBRARY_ARCHITECTURE}/openblas-pthread)
mark_as_advanced(OpenBLASPthread_LIBRARY OpenBLASPthread_INCLUDE_DIR)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OpenBLASPthread
  REQUIRED_VARS OpenBLASPthread_LIBRARY OpenBLASPthread_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "install libopenblas-pthread-dev")

if(OpenBLASPthread_FOUND)
  get_filename_component(OpenBLASPthread_LIBRARY_DIR "${OpenBLASPthread_LIBRARY}" DIRECTORY)
  if(NOT TARGET OpenBLAS::pthread)
    # An imported library outside the linker's own directories gets into the build rpath by itself.
    add_library(OpenBLAS::pthread SHARED IMPORTED)
    set_target_properties(OpenBLAS::pthread PROPERTIES
      IMPORTED_LOCATION "${OpenBLASPthread_LIBRARY}"
      IMPORTED_SONAME libopenblas.so.0
      INTERFACE_INCLUDE_DIRECTORIES "${OpenBLASPthread_INCLUDE_DIR}")
  endif()
endif()
