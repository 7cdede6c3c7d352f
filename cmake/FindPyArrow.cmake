# Finds the Arrow and Parquet C++ libraries inside the Python package pyarrow, and defines Arrow::arrow,
# Arrow::compute and Parquet::parquet.
#
# Debian 12 has no Arrow. The package of PyPI carries headers and shared libraries, but no CMake configuration.
# MOMENTSET_PYTHON is the Python to ask; it is asked once, the answer is kept in the cache for as long as it is true.

if(NOT EXISTS "${PyArrow_INCLUDE_DIR}/arrow/api.h" OR NOT IS_DIRECTORY "${PyArrow_LIBRARY_DIR}")
  execute_process(
    COMMAND "${MOMENTSET_PYTHON}" -c
      "import pyarrow; print(pyarrow.get_include(), pyarrow.get_library_dirs()[0], pyarrow.__version__, sep=';')"
    OUTPUT_VARIABLE answer ERROR_VARIABLE complaint RESULT_VARIABLE status OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(status EQUAL 0)
    list(GET answer 0 include_dir)
    list(GET answer 1 library_dir)
    list(GET answer 2 version)
    set(PyArrow_INCLUDE_DIR "${include_dir}" CACHE PATH "Headers of Arrow C++" FORCE)
    set(PyArrow_LIBRARY_DIR "${library_dir}" CACHE PATH "Shared libraries of Arrow C++" FORCE)
    set(PyArrow_VERSION "${version}" CACHE INTERNAL "Version of pyarrow")
  endif()
endif()

# The files end in the version of their interface: libarrow.so.2600.
foreach(name arrow arrow_compute parquet)
  file(GLOB found "${PyArrow_LIBRARY_DIR}/lib${name}.so.*")
  list(SORT found COMPARE NATURAL ORDER DESCENDING)
  list(GET found 0 PyArrow_${name}_LIBRARY)
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(PyArrow
  REQUIRED_VARS PyArrow_arrow_LIBRARY PyArrow_parquet_LIBRARY PyArrow_arrow_compute_LIBRARY PyArrow_INCLUDE_DIR
  VERSION_VAR PyArrow_VERSION
  REASON_FAILURE_MESSAGE "${MOMENTSET_PYTHON} has no usable pyarrow (`./dev setup` makes one)")

function(momentset_import_arrow target library)
  if(NOT TARGET ${target})
    get_filename_component(soname "${library}" NAME)
    add_library(${target} SHARED IMPORTED)
    set_target_properties(${target} PROPERTIES
      IMPORTED_LOCATION "${library}"
      IMPORTED_SONAME "${soname}"
      INTERFACE_INCLUDE_DIRECTORIES "${PyArrow_INCLUDE_DIR}"
      INTERFACE_LINK_LIBRARIES "${ARGN}")
  endif()
endfunction()

if(PyArrow_FOUND)
  momentset_import_arrow(Arrow::arrow "${PyArrow_arrow_LIBRARY}")
  momentset_import_arrow(Arrow::compute "${PyArrow_arrow_compute_LIBRARY}" Arrow::arrow)
  momentset_import_arrow(Parquet::parquet "${PyArrow_parquet_LIBRARY}" Arrow::arrow)
endif()
