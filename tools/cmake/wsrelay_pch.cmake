# Precompiled headers: half of the time of a build goes into reading CAF and
# Boost again for each source. Where sources are compiled together (the presets
# release and asan), making the sets costs more than they save: they are off. A
# set belongs to one set of flags: libraries are compiled with -fPIC, programs
# with -fPIE, tests with less optimisation. No source may rely on them:
# WSRELAY_PCH=OFF builds the same.

# wsrelay_add_pch(NAME HEADERS...): a precompiled set of headers of others.
function(wsrelay_add_pch name)
  # A set needs a target, and a target a source.
  file(CONFIGURE OUTPUT pch/${name}.cpp CONTENT "// Only to have a target.\n")
  add_library(wsrelay_pch_${name} OBJECT EXCLUDE_FROM_ALL
    ${CMAKE_CURRENT_BINARY_DIR}/pch/${name}.cpp)
  set_target_properties(wsrelay_pch_${name} PROPERTIES
    POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(wsrelay_pch_${name} PRIVATE wsrelay_flags fmt::fmt)
  target_precompile_headers(wsrelay_pch_${name} PRIVATE ${ARGN})
  wsrelay_pch_options(wsrelay_pch_${name})
endfunction()

# ccache reads what the preprocessor prints: it has to name the set, not to
# spell it out.
function(wsrelay_pch_options target)
  target_compile_options(${target} PRIVATE -fpch-preprocess)
endfunction()

# wsrelay_use_pch(NAME TARGETS...): only targets with the flags of the set;
# -Winvalid-pch, which CMake adds, tells when they differ.
function(wsrelay_use_pch name)
  foreach(target IN LISTS ARGN)
    if(TARGET ${target})
      target_precompile_headers(${target} REUSE_FROM wsrelay_pch_${name})
      wsrelay_pch_options(${target})
    endif()
  endforeach()
endfunction()

set(wsrelay_std_headers
  <algorithm> <array> <atomic> <charconv> <chrono> <cstdint> <cstring> <deque>
  <filesystem> <fstream> <functional> <limits> <map> <memory> <mutex>
  <optional> <random> <set> <span> <sstream> <string> <string_view> <thread>
  <unordered_map> <utility> <variant> <vector> <fmt/format.h>)
set(wsrelay_caf_headers ${wsrelay_std_headers}
  <spdlog/spdlog.h> <caf/all.hpp>)
set(wsrelay_net_headers ${wsrelay_caf_headers}
  <caf/io/basp_broker.hpp> <caf/io/middleman.hpp>
  <boost/asio/connect.hpp> <boost/asio/io_context.hpp> <boost/asio/ip/tcp.hpp>
  <boost/asio/post.hpp> <boost/asio/write.hpp>
  <boost/beast/core/flat_buffer.hpp> <boost/beast/http/parser.hpp>
  <boost/beast/http/read.hpp> <boost/beast/http/string_body.hpp>
  <boost/beast/http/write.hpp>)

wsrelay_add_pch(std ${wsrelay_std_headers})
wsrelay_use_pch(std wsrelay_protocol wsrelay_config)

wsrelay_add_pch(caf ${wsrelay_caf_headers})
target_link_libraries(wsrelay_pch_caf PRIVATE spdlog::spdlog CAF::io)
wsrelay_use_pch(caf wsrelay_actors wsrelay_kit wsrelay_targets
  wsrelay_cli_parts)

wsrelay_add_pch(net ${wsrelay_net_headers})
target_link_libraries(wsrelay_pch_net PRIVATE
  spdlog::spdlog CAF::io Boost::headers)
wsrelay_use_pch(net wsrelay_net)

if(WSRELAY_TESTS)
  # doctest's header wants its main: programs beside the tests go without.
  set(wsrelay_test_caf_headers ${wsrelay_caf_headers} <doctest/doctest.h>)
  set(wsrelay_test_net_headers ${wsrelay_net_headers} <doctest/doctest.h>)
  set(wsrelay_program_headers ${wsrelay_caf_headers})
  foreach(name test_caf test_net program)
    wsrelay_add_pch(${name} ${wsrelay_${name}_headers})
    set_target_properties(wsrelay_pch_${name} PROPERTIES
      POSITION_INDEPENDENT_CODE OFF)
    target_link_libraries(wsrelay_pch_${name} PRIVATE
      spdlog::spdlog CAF::io Boost::headers)
    wsrelay_compile_as_test(wsrelay_pch_${name})
  endforeach()
  wsrelay_use_pch(test_caf test_actors test_cli test_examples test_targets)
  wsrelay_use_pch(test_net test_net)
  wsrelay_use_pch(program wsrelay_cluster_node wsrelay_cluster_probe
    wsrelay_cluster_storm wsrelay_storm)
endif()
