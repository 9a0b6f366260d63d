# What every target of the project compiles with.
add_library(wsrelay_flags INTERFACE)
target_compile_features(wsrelay_flags INTERFACE cxx_std_20)
target_compile_options(wsrelay_flags INTERFACE
  $<BUILD_INTERFACE:-Wall;-Wextra;-Wno-missing-field-initializers>
  # False alarms of GCC 12 on temporaries of std::string.
  "$<BUILD_INTERFACE:$<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-maybe-uninitialized>>"
  $<BUILD_INTERFACE:$<$<BOOL:${WSRELAY_WERROR}>:-Werror>>)
if(WSRELAY_SANITIZE)
  # CAF's headers bind references to null on purpose: no -fsanitize=null.
  target_compile_options(wsrelay_flags INTERFACE
    -fsanitize=${WSRELAY_SANITIZE} -fno-sanitize=null
    -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(wsrelay_flags INTERFACE
    -fsanitize=${WSRELAY_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_compile_options(wsrelay_flags INTERFACE
      -fsanitize-ignorelist=${CMAKE_CURRENT_SOURCE_DIR}/test/support/sanitizers_ignore.txt)
  endif()
endif()
