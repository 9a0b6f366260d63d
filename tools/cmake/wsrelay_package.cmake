# Debian packages of what is installed: `wsrelay`, the programs and the service,
# and `wsrelay-dev`, what programs of others are built with. `cpack` in the build
# folder makes both. Included last; without the tools that it needs there are no
# packages, and all else is as it was.
#
# An install rule says by its COMPONENT where it belongs: `programs` and `system`
# make the first package, `libraries` the second. What only a package may install,
# files in /etc among it, is EXCLUDE_FROM_ALL.
find_program(WSRELAY_HELP2MAN help2man)
find_program(WSRELAY_SHLIBDEPS dpkg-shlibdeps)
if(NOT PROJECT_IS_TOP_LEVEL OR NOT CMAKE_BUILD_TYPE STREQUAL "Release"
    OR WSRELAY_SANITIZE)
  return()
endif()
if(NOT WSRELAY_HELP2MAN OR NOT WSRELAY_SHLIBDEPS)
  message(STATUS "No packages: tools/install-packages package has what is missing")
  return()
endif()

set(wsrelay_sources ${PROJECT_SOURCE_DIR}/tools/package)
set(wsrelay_made ${PROJECT_BINARY_DIR}/package)
set(wsrelay_doc ${CMAKE_INSTALL_DATADIR}/doc)

# Debian's own tools take name and address from the same variables.
set(CPACK_PACKAGE_CONTACT "wsrelay authors <wsrelay@packages.invalid>")
if(DEFINED ENV{DEBEMAIL})
  set(CPACK_PACKAGE_CONTACT "$ENV{DEBEMAIL}")
  if(DEFINED ENV{DEBFULLNAME})
    set(CPACK_PACKAGE_CONTACT "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
  endif()
endif()
set(WSRELAY_PACKAGE_RELEASE 1 CACHE STRING "Debian revision of the packages")
set(CPACK_DEBIAN_PACKAGE_RELEASE ${WSRELAY_PACKAGE_RELEASE})

# The page is made of what the program itself prints, so that both say the same.
function(wsrelay_add_manual program section)
  set(page ${wsrelay_made}/${program}.${section})
  add_custom_command(OUTPUT ${page}
    COMMAND ${CMAKE_COMMAND} -E env WSRELAY_PROGRAM=$<TARGET_FILE:${program}>
      ${WSRELAY_HELP2MAN} --no-info --section ${section} --manual wsrelay
      --version-string "${program} ${PROJECT_VERSION}"
      --include ${wsrelay_sources}/man/${program}.h2m --output ${page}
      ${wsrelay_sources}/man/help.sh
    COMMAND gzip -9nf --keep ${page}
    BYPRODUCTS ${page}.gz
    DEPENDS ${program} ${wsrelay_sources}/man/${program}.h2m
      ${wsrelay_sources}/man/help.sh
    VERBATIM)
  set_property(GLOBAL APPEND PROPERTY WSRELAY_PACKAGE_FILES ${page})
  install(FILES ${page}.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section}
    COMPONENT system EXCLUDE_FROM_ALL)
endfunction()

# Policy 12.5 and 12.7: each package has both, the latter compressed.
function(wsrelay_add_papers package component)
  set(folder ${wsrelay_made}/${package})
  configure_file(${wsrelay_sources}/debian/copyright.in ${folder}/copyright @ONLY)
  configure_file(${wsrelay_sources}/debian/changelog.in
    ${folder}/changelog.Debian @ONLY)
  configure_file(${PROJECT_SOURCE_DIR}/CHANGELOG.md ${folder}/changelog COPYONLY)
  execute_process(COMMAND gzip -9nf changelog.Debian changelog
    WORKING_DIRECTORY ${folder} COMMAND_ERROR_IS_FATAL ANY)
  install(FILES ${folder}/copyright ${folder}/changelog.Debian.gz
      ${folder}/changelog.gz
    DESTINATION ${wsrelay_doc}/${package}
    COMPONENT ${component} EXCLUDE_FROM_ALL)
endfunction()

file(READ ${PROJECT_SOURCE_DIR}/LICENSE wsrelay_license)
string(REGEX MATCH "Copyright \\(c\\) ([^\n]*)" _ "${wsrelay_license}")
set(WSRELAY_COPYRIGHT "${CMAKE_MATCH_1}")
# DEP-5: lines of a text begin with a blank, empty ones with a dot.
string(REGEX REPLACE "^.*Copyright[^\n]*\n+" "" wsrelay_license "${wsrelay_license}")
string(STRIP "${wsrelay_license}" wsrelay_license)
string(REGEX REPLACE "\n\n" "\n.\n" wsrelay_license "${wsrelay_license}")
string(REGEX REPLACE "\n" "\n " WSRELAY_LICENSE " ${wsrelay_license}")
# The clock of a reproducible build is SOURCE_DATE_EPOCH.
string(TIMESTAMP WSRELAY_CHANGELOG_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)

wsrelay_add_papers(wsrelay system)
wsrelay_add_papers(wsrelay-dev libraries)
wsrelay_add_manual(wsrelayd 8)
wsrelay_add_manual(wsrelay 1)
wsrelay_add_manual(wsrelay-bench 1)
install(FILES ${PROJECT_BINARY_DIR}/completion.zsh RENAME _wsrelay
  DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions
  COMPONENT system EXCLUDE_FROM_ALL)
get_property(wsrelay_package_files GLOBAL PROPERTY WSRELAY_PACKAGE_FILES)
add_custom_target(wsrelay_package_files ALL DEPENDS ${wsrelay_package_files})

install(TARGETS wsrelay-bench RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
  COMPONENT programs EXCLUDE_FROM_ALL)
install(FILES ${wsrelay_sources}/relay.yaml DESTINATION /etc/wsrelay
  COMPONENT system EXCLUDE_FROM_ALL)
install(FILES ${wsrelay_sources}/systemd/wsrelay.service
    ${wsrelay_sources}/systemd/wsrelay.socket
  DESTINATION /lib/systemd/system COMPONENT system EXCLUDE_FROM_ALL)
install(FILES ${wsrelay_sources}/systemd/wsrelay.conf
  DESTINATION lib/sysusers.d COMPONENT system EXCLUDE_FROM_ALL)
install(FILES ${wsrelay_sources}/debian/README.Debian
  DESTINATION ${wsrelay_doc}/wsrelay COMPONENT system EXCLUDE_FROM_ALL)
# The documents name each other, and what else stands here, by their places in the
# tree; test/package/documents.py follows every link.
foreach(folder config actors net/cluster test/kit tools/docs tools/wsrelay)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${folder}/
    DESTINATION ${wsrelay_doc}/wsrelay/${folder}
    COMPONENT system EXCLUDE_FROM_ALL
    FILES_MATCHING PATTERN "[A-Z]*.md" PATTERN "tutorial*.md"
    PATTERN "README.md" EXCLUDE)
endforeach()
foreach(file CHANGELOG.md config/config.hpp config/fields.hpp actors/audience.hpp
    actors/json_event.hpp protocol/cookies.hpp protocol/query.hpp
    actors/ending.cpp actors/ending.hpp actors/error.hpp actors/log.hpp
    actors/messages.hpp actors/node_messages.hpp net/node.hpp
    net/hook/WEBHOOKS.md net/service_manager.hpp test/bench/FIGURES.md tools/docs/README.md
    tools/docs/alerts.rules.yaml tools/docs/alerts.test.yaml
    tools/docs/demo.png tools/docs/grafana.json tools/docs/page.png
    tools/examples/app_node.cpp tools/examples/session_per_client.hpp
    tools/examples/ticker.hpp tools/package/debian/README.Debian
    tools/web/client/README.md tools/web/client/wsrelay.js)
  get_filename_component(folder ${file} DIRECTORY)
  install(FILES ${PROJECT_SOURCE_DIR}/${file}
    DESTINATION ${wsrelay_doc}/wsrelay/${folder}
    COMPONENT system EXCLUDE_FROM_ALL)
endforeach()
# What needs no C++ runs where it is installed; the game's page takes wsrelay.js from
# beside the client's README.
foreach(folder node python web)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/tools/examples/${folder}
    DESTINATION ${wsrelay_doc}/wsrelay/tools/examples
    COMPONENT system EXCLUDE_FROM_ALL PATTERN "__pycache__" EXCLUDE)
endforeach()
install(DIRECTORY ${wsrelay_sources}/docker
  DESTINATION ${wsrelay_doc}/wsrelay/tools/package
  COMPONENT system EXCLUDE_FROM_ALL
  PATTERN "admin.token" EXCLUDE PATTERN "*.dockerignore" EXCLUDE)
foreach(package wsrelay wsrelay-dev)
  string(REPLACE wsrelay-dev libraries component ${package})
  string(REPLACE wsrelay system component ${component})
  install(FILES ${wsrelay_sources}/debian/${package}.lintian-overrides
    DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides RENAME ${package}
    COMPONENT ${component} EXCLUDE_FROM_ALL)
endforeach()
# A folder that npm can install; not among the documents, which images leave out.
install(FILES ${PROJECT_SOURCE_DIR}/tools/web/client/package.json
    ${PROJECT_SOURCE_DIR}/tools/web/client/wsrelay.d.ts
    ${PROJECT_SOURCE_DIR}/tools/web/client/wsrelay.js
  DESTINATION ${CMAKE_INSTALL_DATADIR}/wsrelay/client
  COMPONENT libraries EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME wsrelay)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON) # or /etc would be this machine's
set(CPACK_STRIP_FILES ON)
set(CPACK_THREADS 0) # one for each core compresses
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
  WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL programs system libraries)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME wsrelay)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION net)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
# Whatever makes users; where there is no systemd, the small one.
set(CPACK_DEBIAN_RUNTIME_PACKAGE_DEPENDS
  "systemd-standalone-sysusers | systemd-sysusers | systemd")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_RECOMMENDS procps) # kill, for a reload
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SUGGESTS "nginx | haproxy")
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION "WebSocket relay that is an actor node
A browser holds a WebSocket; behind it stands a target actor, in a program of
yours or one that the relay brings. Every connection is an actor of the C++
Actor Framework: anyone can send to it, monitor it and link to it, and a live
connection can move to another target without losing a message.
.
This package has the relay as a service, the operator's command line and a
load generator.")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA
  ${wsrelay_sources}/debian/conffiles ${wsrelay_sources}/debian/postinst
  ${wsrelay_sources}/debian/prerm ${wsrelay_sources}/debian/postrm)

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME wsrelay-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
# What wsrelay-config.cmake finds, and what net links besides.
set(wsrelay_needed "libcaf-dev (>= 0.17.6)" libboost1.81-dev libfmt-dev
  libspdlog-dev libssl-dev libsystemd-dev libyaml-cpp-dev zlib1g-dev)
if(WSRELAY_PROMETHEUS)
  list(APPEND wsrelay_needed prometheus-cpp-dev)
endif()
list(JOIN wsrelay_needed ", " CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_RECOMMENDS "cmake | pkgconf")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS "wsrelay, rapidjson-dev")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "WebSocket relay to embed, and its test kit
A browser holds a WebSocket; behind it stands a target actor, in a program of
yours or one that the relay brings. Every connection is an actor of the C++
Actor Framework: anyone can send to it, monitor it and link to it, and a live
connection can move to another target without losing a message.
.
This package has what programs with targets, or with a relay inside, are
built with: headers, static libraries, a CMake package and a test kit that
simulates browsers. For pages it has a client, in /usr/share/wsrelay/client.")

include(CPack)
cpack_add_component(programs GROUP runtime)
cpack_add_component(system GROUP runtime)
cpack_add_component(libraries GROUP development)
cpack_add_component_group(runtime)
cpack_add_component_group(development)
