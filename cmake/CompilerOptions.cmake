# Compiler options of every target of the project: momentset_compile_options(<target>).

# GCC 12 is the compiler of Debian 12, on which every change is built. Others may know warnings that nobody here has
# seen, which must not keep a user from building.
set(warnings_as_errors_default OFF)
if(MOMENTSET_WARNINGS AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION MATCHES "^12\\.")
  set(warnings_as_errors_default ON)
endif()
option(MOMENTSET_WARNINGS_AS_ERRORS "Stop at warnings" ${warnings_as_errors_default})

# Everything in the process has to be compiled with the sanitizers, the tests and gtest's headers included.
if(MOMENTSET_SANITIZE)
  add_compile_options(-fsanitize=${MOMENTSET_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${MOMENTSET_SANITIZE})
endif()

# Where what runs takes no time that matters, optimising it would: a fifth of the time to build.
function(momentset_compile_quickly target)
  if(CMAKE_BUILD_TYPE MATCHES "Rel")
    target_compile_options(${target} PRIVATE -O1 -g0)
  endif()
endfunction()

# Sources whose names do not clash are compiled several at once: they share heavy headers. Not where each is to be looked
# at by itself (preset debug, for clang-tidy).
function(momentset_compile_together target)
  if(NOT CMAKE_DISABLE_PRECOMPILE_HEADERS)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 4)
  endif()
endfunction()

# The same for some sources of a target, which share a heavy header that its others do without.
function(momentset_compile_group target name)
  if(NOT CMAKE_DISABLE_PRECOMPILE_HEADERS)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
    set_source_files_properties(${ARGN} PROPERTIES UNITY_GROUP ${name})
  endif()
endfunction()

# Headers that nearly all sources of a target include are read once: momentset_precompile(<target> <header>...). Every
# source still includes what it uses: the other presets compile without.
function(momentset_precompile target)
  target_precompile_headers(${target} PRIVATE
    <algorithm> <cmath> <functional> <map> <memory> <optional> <span> <string> <string_view> <vector> ${ARGN})
endfunction()

function(momentset_compile_options target)
  # No -march: the binary runs on any processor of its family. Loops that gain from more are compiled several times
  # and chosen at run time; without contraction all of them round alike.
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE -ffp-contract=off)
  # Functions of Lanes (src/simd.hpp) are inlined, so that no call depends on how the processor passes them. A pragma
  # would not do: GCC says so where it ends with a file, when no pragma holds any more.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -Wno-psabi)
  endif()
  if(MOMENTSET_WARNINGS)
    # Options are aggregates with defaults, of which callers name the few that they change.
    target_compile_options(${target} PRIVATE
      -Wall -Wextra -Wpedantic -Wconversion -Wno-sign-conversion -Wno-missing-field-initializers)
    # GCC 12 sees overlapping copies in every std::string concatenation (its bug 105651).
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION MATCHES "^12\\.")
      target_compile_options(${target} PRIVATE -Wno-restrict)
      # It forgets that precompiled headers are the system's, and warns of what strings do in them.
      if(NOT CMAKE_DISABLE_PRECOMPILE_HEADERS)
        target_compile_options(${target} PRIVATE -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds)
      endif()
    endif()
    # Both are known to report correct code once the sanitizers' own branches are in it.
    if(MOMENTSET_SANITIZE)
      target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized -Wno-stringop-overflow)
    endif()
  endif()
  if(MOMENTSET_WARNINGS_AS_ERRORS)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()
