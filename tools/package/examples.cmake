# Programs that wsrelay-dev is used by, one idea each: NAME.hpp is the actor,
# NAME.cpp the program.
#
#   cmake -S /usr/share/doc/wsrelay-dev/examples -B examples
#   cmake --build examples --target app_node
cmake_minimum_required(VERSION 3.18)
project(wsrelay_examples LANGUAGES CXX)

find_package(wsrelay REQUIRED)

foreach(name app_node game_lobby hub linked_worker presence rooms
    session_per_client ticker)
  add_executable(${name} ${name}.cpp)
  target_link_libraries(${name} PRIVATE wsrelay::net)
endforeach()
