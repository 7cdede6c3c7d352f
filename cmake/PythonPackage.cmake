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

# `pip install .` takes the component `python`, nobody else does. The executable lies inside the package, beside which
# pyarrow lies; the command on the path is a script that checks that it does, in the right version, and runs it.
install(TARGETS momentset-python LIBRARY DESTINATION momentset COMPONENT python EXCLUDE_FROM_ALL)
if(TARGET momentset-cli)
  get_filename_component(PyArrow_arrow_SONAME "${PyArrow_arrow_LIBRARY}" NAME)
  configure_file(python/scripts/momentset.in python/scripts/momentset @ONLY)
  file(MAKE_DIRECTORY "${package}/bin")
  file(CREATE_LINK "${CMAKE_CURRENT_BINARY_DIR}/momentset" "${package}/bin/momentset" SYMBOLIC)
  if(SKBUILD)
    set_target_properties(momentset-cli PROPERTIES
      INSTALL_RPATH "$ORIGIN/../../pyarrow;${OpenBLASPthread_LIBRARY_DIR}")
    install(TARGETS momentset-cli RUNTIME DESTINATION momentset/bin COMPONENT python EXCLUDE_FROM_ALL)
    install(PROGRAMS "${CMAKE_CURRENT_BINARY_DIR}/python/scripts/momentset"
      DESTINATION "${SKBUILD_SCRIPTS_DIR}" COMPONENT python EXCLUDE_FROM_ALL)
  endif()
endif()
