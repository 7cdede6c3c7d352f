# What `cmake --install` puts where: the numerics library so that find_package(momentset) finds it, and the executable.
# momentset-io stays inside: its interface is the executable's, and the Arrow it links lies in the project's .venv.

include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/momentset")

install(TARGETS momentset EXPORT momentsetTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/momentset DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} PATTERN io EXCLUDE)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/generated/momentset/version.hpp"
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/momentset)
install(EXPORT momentsetTargets NAMESPACE momentset:: DESTINATION ${package_dir})

configure_package_config_file(cmake/momentsetConfig.cmake.in generated/momentsetConfig.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(generated/momentsetConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  "${CMAKE_CURRENT_BINARY_DIR}/generated/momentsetConfig.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/generated/momentsetConfigVersion.cmake"
  cmake/FindOpenBLASPthread.cmake
  DESTINATION ${package_dir})

if(TARGET momentset-cli)
  install(TARGETS momentset-cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
