# Finds the C++ Actor Framework; Debian ships no CMake package for it.
#
#   find_package(CAF 0.17.6 COMPONENTS core io openssl)
#
# Result: the targets CAF::core, CAF::io, CAF::openssl, and CAF_VERSION.
# Hints: CAF_ROOT, CMAKE_PREFIX_PATH.
find_path(CAF_INCLUDE_DIR NAMES caf/all.hpp HINTS ${CAF_ROOT}/include)
mark_as_advanced(CAF_INCLUDE_DIR)

if(CAF_INCLUDE_DIR)
  # CAF_VERSION is a decimal number: 1706 is 0.17.6.
  file(STRINGS "${CAF_INCLUDE_DIR}/caf/config.hpp" _caf_version
    REGEX "^#define CAF_VERSION [0-9]+")
  string(REGEX REPLACE ".* ([0-9]+).*" "\\1" _caf_version "${_caf_version}")
  math(EXPR _caf_major "${_caf_version} / 10000")
  math(EXPR _caf_minor "(${_caf_version} / 100) % 100")
  math(EXPR _caf_patch "${_caf_version} % 100")
  set(CAF_VERSION "${_caf_major}.${_caf_minor}.${_caf_patch}")
endif()

if(NOT CAF_FIND_COMPONENTS)
  set(CAF_FIND_COMPONENTS core)
endif()
set(_caf_required CAF_INCLUDE_DIR)
foreach(_component IN LISTS CAF_FIND_COMPONENTS)
  string(TOUPPER ${_component} _upper)
  find_library(CAF_${_upper}_LIBRARY NAMES caf_${_component}
    HINTS ${CAF_ROOT}/lib)
  mark_as_advanced(CAF_${_upper}_LIBRARY)
  if(CAF_${_upper}_LIBRARY)
    set(CAF_${_component}_FOUND TRUE)
  endif()
  list(APPEND _caf_required CAF_${_upper}_LIBRARY)
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CAF REQUIRED_VARS ${_caf_required}
  VERSION_VAR CAF_VERSION HANDLE_COMPONENTS)

if(CAF_FOUND)
  find_package(Threads QUIET)
  foreach(_component IN LISTS CAF_FIND_COMPONENTS)
    string(TOUPPER ${_component} _upper)
    if(NOT TARGET CAF::${_component})
      add_library(CAF::${_component} UNKNOWN IMPORTED)
      set_target_properties(CAF::${_component} PROPERTIES
        IMPORTED_LOCATION "${CAF_${_upper}_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${CAF_INCLUDE_DIR}"
        INTERFACE_LINK_LIBRARIES Threads::Threads)
    endif()
  endforeach()
  foreach(_component io openssl)
    if(TARGET CAF::${_component} AND TARGET CAF::core)
      set_property(TARGET CAF::${_component} APPEND PROPERTY
        INTERFACE_LINK_LIBRARIES CAF::core)
    endif()
  endforeach()
endif()
