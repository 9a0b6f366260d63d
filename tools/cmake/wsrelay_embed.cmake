# wsrelay_embed(OUTPUT ROOT name FILES... [ROOT name FILES...]): writes a source
# file that defines wsrelay::builtin_files for the given files, known by their
# names below the ROOT before them.
function(wsrelay_embed output)
  set(entries "")
  set(arrays "")
  set(index 0)
  set(root "")
  set(is_root FALSE)
  foreach(file IN LISTS ARGN)
    if(file STREQUAL "ROOT" OR is_root)
      set(root "${file}")
      string(COMPARE EQUAL "${file}" "ROOT" is_root)
      continue()
    endif()
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
    get_filename_component(name "${file}" NAME)
    file(READ "${file}" bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
    string(APPEND arrays "constexpr char file_${index}[] = {${bytes}};\n")
    string(APPEND entries "    {\"${root}\", \"${name}\",\n"
      "     {file_${index}, sizeof(file_${index})}},\n")
    math(EXPR index "${index} + 1")
  endforeach()
  file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/${output}" @ONLY CONTENT
"// Generated at configure time.
#include \"net/http/builtin_files.hpp\"

namespace wsrelay {

namespace {

${arrays}
constexpr builtin_file files[] = {
${entries}};

} // namespace

std::span<const builtin_file> builtin_files() noexcept {
  return files;
}

} // namespace wsrelay
")
endfunction()
