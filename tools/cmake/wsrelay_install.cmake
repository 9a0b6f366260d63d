# The package that an application finds with find_package(wsrelay).
include(CMakePackageConfigHelpers)

get_property(wsrelay_libraries GLOBAL PROPERTY WSRELAY_LIBRARIES)
set_target_properties(wsrelay_flags PROPERTIES EXPORT_NAME flags)
install(TARGETS wsrelay_flags ${wsrelay_libraries} EXPORT wsrelay
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT libraries)

# Headers keep their path: <wsrelay/actors/messages.hpp>, <wsrelay/net/node.hpp>.
set(wsrelay_headers ${CMAKE_INSTALL_INCLUDEDIR}/wsrelay)
install(DIRECTORY protocol config actors DESTINATION ${wsrelay_headers}
  COMPONENT libraries
  FILES_MATCHING PATTERN "*.hpp")
install(FILES net/log_format.hpp net/log_output.hpp net/node.hpp net/system_config.hpp
    net/termination_signals.hpp
  DESTINATION ${wsrelay_headers}/net COMPONENT libraries)
install(FILES net/http/limit_numbers.hpp
  DESTINATION ${wsrelay_headers}/net/http COMPONENT libraries)
install(DIRECTORY test/kit DESTINATION ${wsrelay_headers}/test
  COMPONENT libraries
  FILES_MATCHING PATTERN "*.hpp")
# Installed they include each other as <wsrelay/..> as well: whoever uses them may
# have a config/config.hpp of his own.
install(CODE "set(headers \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${wsrelay_headers}\")"
  COMPONENT libraries)
install(CODE [[
  file(GLOB_RECURSE installed "${headers}/*.hpp")
  foreach(header IN LISTS installed)
    file(READ "${header}" text)
    string(REGEX REPLACE "#include \"(protocol|config|actors|net|test)/"
      "#include \"wsrelay/\\1/" changed "${text}")
    if(NOT changed STREQUAL text)
      file(WRITE "${header}" "${changed}")
    endif()
  endforeach()
]] COMPONENT libraries)

set(wsrelay_package ${CMAKE_INSTALL_LIBDIR}/cmake/wsrelay)
install(EXPORT wsrelay NAMESPACE wsrelay:: FILE wsrelay-targets.cmake
  DESTINATION ${wsrelay_package} COMPONENT libraries)
configure_package_config_file(tools/cmake/wsrelay-config.cmake.in
  ${PROJECT_BINARY_DIR}/wsrelay-config.cmake
  INSTALL_DESTINATION ${wsrelay_package})
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/wsrelay-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/wsrelay-config.cmake
  ${PROJECT_BINARY_DIR}/wsrelay-config-version.cmake
  tools/cmake/FindCAF.cmake
  DESTINATION ${wsrelay_package} COMPONENT libraries)
