# The package that an application finds with find_package(wsrelay).
include(CMakePackageConfigHelpers)

get_property(wsrelay_libraries GLOBAL PROPERTY WSRELAY_LIBRARIES)
set_target_properties(wsrelay_flags PROPERTIES EXPORT_NAME flags)
install(TARGETS wsrelay_flags ${wsrelay_libraries} EXPORT wsrelay
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT libraries)

# What programs of others include: <wsrelay/actors/messages.hpp> and so on. What
# these include is installed besides.
set(wsrelay_public
  actors/audience.hpp
  actors/connection.hpp
  actors/ending.hpp
  actors/error.hpp
  actors/json_event.hpp
  actors/log.hpp
  actors/messages.hpp
  actors/node_messages.hpp
  config/config.hpp
  config/load.hpp
  net/log_format.hpp
  net/log_output.hpp
  net/node.hpp
  net/system_config.hpp
  net/termination_signals.hpp
  protocol/close_code.hpp
  protocol/cookies.hpp
  protocol/http_fields.hpp
  protocol/json.hpp
  protocol/path.hpp
  protocol/query.hpp)
file(GLOB wsrelay_kit CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} test/kit/*.hpp)
list(APPEND wsrelay_public ${wsrelay_kit} test/http_kit/test_relay.hpp)
install(CODE "
  set(source \"${PROJECT_SOURCE_DIR}\")
  set(public \"${wsrelay_public}\")
  set(destination \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_INCLUDEDIR}/wsrelay\")
  set(made \"${PROJECT_BINARY_DIR}/public\")
  include(\"${PROJECT_SOURCE_DIR}/tools/cmake/wsrelay_headers.cmake\")"
  COMPONENT libraries)

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

# The same for who does not use CMake: wsrelay is net, and all that it needs. CAF
# has no file of its own, nor have others everywhere.
file(RELATIVE_PATH wsrelay_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" wsrelay_prefix "${wsrelay_prefix}")
foreach(name wsrelay wsrelay-actors wsrelay-kit wsrelay-http-kit)
  configure_file(tools/cmake/${name}.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT libraries)
endforeach()

# Installed the examples are a project of their own, and include as programs of
# others do.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/tools/examples
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/wsrelay-dev COMPONENT libraries
  PATTERN "CMakeLists.txt" EXCLUDE PATTERN "examples/python" EXCLUDE
  PATTERN "examples/node" EXCLUDE PATTERN "examples/web" EXCLUDE)
install(FILES ${PROJECT_SOURCE_DIR}/tools/package/examples.cmake
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/wsrelay-dev/examples RENAME CMakeLists.txt
  COMPONENT libraries)
install(CODE "set(examples \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/doc/wsrelay-dev/examples\")"
  COMPONENT libraries)
install(CODE [[
  file(GLOB installed "${examples}/*.cpp" "${examples}/*.hpp")
  foreach(source IN LISTS installed)
    file(READ "${source}" text)
    string(REGEX REPLACE "#include \"tools/examples/" "#include \"" text "${text}")
    string(REGEX REPLACE "#include \"(protocol|config|actors|net)/([^\"]+)\""
      "#include <wsrelay/\\1/\\2>" text "${text}")
    file(WRITE "${source}" "${text}")
  endforeach()
]] COMPONENT libraries)

# Completions are what the program prints. `plain` is in no package: there the
# licence is in the copyright, and zsh has a place for those of packages.
if(PROJECT_IS_TOP_LEVEL)
  foreach(shell bash zsh fish)
    set(script ${PROJECT_BINARY_DIR}/completion.${shell})
    add_custom_command(OUTPUT ${script}
      COMMAND wsrelay completion ${shell} > ${script} DEPENDS wsrelay)
    list(APPEND wsrelay_completions ${script})
  endforeach()
  add_custom_target(wsrelay_completions ALL DEPENDS ${wsrelay_completions})
  install(FILES ${PROJECT_BINARY_DIR}/completion.bash RENAME wsrelay
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
    COMPONENT system)
  install(FILES ${PROJECT_BINARY_DIR}/completion.fish RENAME wsrelay.fish
    DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT system)
  install(FILES ${PROJECT_BINARY_DIR}/completion.zsh RENAME _wsrelay
    DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions COMPONENT plain)
  install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/wsrelay
    COMPONENT plain)
endif()
