# Builds the Python package: target momentset-python makes `momentset._core`, which links the numerics alone. Below the
# build folder, python/momentset is the package ready for import: links to the Python sources beside the extension.

if(NOT Python_EXECUTABLE)
  set(Python_EXECUTABLE "${MOMENTSET_PYTHON}")
endif()
find_package(Python 3.10 REQUIRED COMPONENTS Interpreter Development.Module OPTIONAL_COMPONENTS Development.SABIModule)

if(NOT nanobind_ROOT)
  execute_process(COMMAND "${Python_EXECUTABLE}" -m nanobind --cmake_dir
    OUTPUT_VARIABLE nanobind_ROOT OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
endif()
find_package(nanobind CONFIG REQUIRED)

# One binary for all versions of Python from 3.12 on; before that the stable interface lacks what nanobind needs.
nanobind_add_module(momentset-python NB_STATIC STABLE_ABI NB_SUPPRESS_WARNINGS ${python_sources})
target_link_libraries(momentset-python PRIVATE momentset TBB::tbb Threads::Threads)
target_link_options(momentset-python PRIVATE -Wl,--exclude-libs,ALL)
momentset_compile_options(momentset-python)

set(package "${CMAKE_CURRENT_BINARY_DIR}/python/momentset")
set_target_properties(momentset-python PROPERTIES
  OUTPUT_NAME _core
  LIBRARY_OUTPUT_DIRECTORY "${package}"
  INSTALL_RPATH "${OpenBLASPthread_LIBRARY_DIR}")
file(GLOB_RECURSE python_files CONFIGURE_DEPENDS RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}/python/momentset"
  python/momentset/*.py python/momentset/*.pyi python/momentset/*.typed python/momentset/*.html)
foreach(file IN LISTS python_files)
  get_filename_component(folder "${package}/${file}" DIRECTORY)
  file(MAKE_DIRECTORY "${folder}")
  file(CREATE_LINK "${CMAKE_CURRENT_SOURCE_DIR}/python/momentset/${file}" "${package}/${file}" SYMBOLIC)
endforeach()
