# Defines TBB::tbb as tests/tsan/tbb_stand_in.hpp, which says why. The stand-in goes by the names of the headers that it
# replaces; blocked_range.h, which only computes, stays TBB's own.

set(stand_in_dir "${CMAKE_CURRENT_BINARY_DIR}/tsan")
foreach(header IN ITEMS global_control parallel_for parallel_invoke parallel_reduce task_arena)
  foreach(folder IN ITEMS tbb oneapi/tbb)
    file(CONFIGURE OUTPUT "${stand_in_dir}/${folder}/${header}.h"
      CONTENT "#include \"${CMAKE_CURRENT_SOURCE_DIR}/tests/tsan/tbb_stand_in.hpp\"\n")
  endforeach()
endforeach()

find_package(Threads REQUIRED)
add_library(TBB::tbb INTERFACE IMPORTED)
set_target_properties(TBB::tbb PROPERTIES
  INTERFACE_INCLUDE_DIRECTORIES "${stand_in_dir}"
  INTERFACE_LINK_LIBRARIES Threads::Threads)
