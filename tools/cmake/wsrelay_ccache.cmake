# ccache keeps nothing that uses a precompiled header unless it is told that the
# macros and the time that the header saw need not be looked at.
if(WSRELAY_PCH AND CMAKE_CXX_COMPILER_LAUNCHER MATCHES "ccache$")
  set(CMAKE_CXX_COMPILER_LAUNCHER
    env CCACHE_SLOPPINESS=pch_defines,time_macros
    ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()
