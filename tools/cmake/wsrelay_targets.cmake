# wsrelay_add_library(NAME SOURCES...): the static library wsrelay_NAME with its
# alias wsrelay::NAME. Headers are included by their path from the root.
function(wsrelay_add_library name)
  add_library(wsrelay_${name} STATIC ${ARGN})
  add_library(wsrelay::${name} ALIAS wsrelay_${name})
  set_target_properties(wsrelay_${name} PROPERTIES EXPORT_NAME ${name}
    POSITION_INDEPENDENT_CODE ON)
  target_include_directories(wsrelay_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(wsrelay_${name} PUBLIC wsrelay_flags)
  set_property(GLOBAL APPEND PROPERTY WSRELAY_LIBRARIES wsrelay_${name})
endfunction()

# wsrelay_add_program(NAME SOURCES...): a program directly in the build folder.
function(wsrelay_add_program name)
  add_executable(${name} ${ARGN})
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
  target_link_libraries(${name} PRIVATE wsrelay_flags)
endfunction()

# In the preset asan a test's own code compiles in two thirds of the time with
# this, which comes after what it takes back; what it tests has all sanitizers.
add_library(wsrelay_test_flags INTERFACE)
target_compile_options(wsrelay_test_flags INTERFACE
  $<$<CONFIG:RelWithDebInfo>:-fno-sanitize=undefined>)

# wsrelay_add_test(NAME LIBS... SOURCES a.test.cpp ...): one doctest program.
function(wsrelay_add_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(test_${name} ${arg_SOURCES})
  target_link_libraries(test_${name}
    PRIVATE wsrelay_doctest_main wsrelay_flags ${arg_LIBS} wsrelay_test_flags)
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR})
  wsrelay_compile_as_test(test_${name})
  add_dependencies(wsrelay_unit_tests test_${name})
  add_test(NAME unit.${name} COMMAND test_${name})
  set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 300)
endfunction()

# wsrelay_compile_as_test(TARGETS...): a test has to compile fast, but of an
# inline function the linker takes the first copy that it meets, which is the
# test's: without any optimisation the test would run what nobody ships. The
# preset asan looks for other things. GCC tells a source that it is compiled for
# that, clang 14 does not.
function(wsrelay_compile_as_test)
  foreach(target IN LISTS ARGN)
    if(WSRELAY_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
      target_compile_definitions(${target} PRIVATE __SANITIZE_ADDRESS__)
    endif()
    target_compile_options(${target} PRIVATE
      $<$<CONFIG:Release>:-O1> $<$<CONFIG:RelWithDebInfo>:-O0>)
  endforeach()
endfunction()
