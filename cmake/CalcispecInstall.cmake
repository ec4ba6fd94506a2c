# Install tree, exported package calcispec, glibc-hwcaps variants of core.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/calcispec)
install(TARGETS calcispec_core calcispec_io calcispec_models calcispec_pipelines
  EXPORT calcispec-targets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/calcispec)
foreach(level v3 v4)
  if(TARGET calcispec_core_${level})
    install(TARGETS calcispec_core_${level}
      LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/glibc-hwcaps/x86-64-${level} NAMELINK_SKIP)
  endif()
endforeach()
install(TARGETS calcispec RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/manual)

install(EXPORT calcispec-targets NAMESPACE calcispec:: DESTINATION ${package_dir})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/calcispec-config.cmake.in
  ${PROJECT_BINARY_DIR}/calcispec-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/calcispec-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/calcispec-config.cmake
  ${PROJECT_BINARY_DIR}/calcispec-config-version.cmake DESTINATION ${package_dir})
