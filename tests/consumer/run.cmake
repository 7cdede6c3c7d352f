# Installs the build tree `build` below `scratch`, then configures, builds and runs `consumer` and `example` against it.

function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    list(JOIN ARGV " " command)
    message(FATAL_ERROR "${command}: exit ${status}\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE "${scratch}")
run("${CMAKE_COMMAND}" --install "${build}" --prefix "${scratch}/prefix")
run("${CMAKE_COMMAND}" -G Ninja -S "${consumer}" -B "${scratch}/build" "-DCMAKE_PREFIX_PATH=${scratch}/prefix"
  "-DCMAKE_CXX_COMPILER=${compiler}" -DCMAKE_BUILD_TYPE=Release "-Dexample=${example}")
run("${CMAKE_COMMAND}" --build "${scratch}/build")
run("${scratch}/build/consumer")
run("${scratch}/build/example")
if(EXISTS "${scratch}/prefix/bin/momentset")
  run("${scratch}/prefix/bin/momentset" --version)
endif()
