# wsrelay_embed(OUTPUT ROOT FILES...): writes a source file that defines
# wsrelay::builtin_file for the given files, known by their names below ROOT.
function(wsrelay_embed output root)
  set(entries "")
  set(arrays "")
  set(index 0)
  foreach(file IN LISTS ARGN)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
    get_filename_component(name "${file}" NAME)
    file(READ "${file}" bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
    string(APPEND arrays "constexpr char file_${index}[] = {${bytes}};\n")
    string(APPEND entries "  if (file == \"${name}\")\n"
      "    return std::string_view{file_${index}, sizeof(file_${index})};\n")
    math(EXPR index "${index} + 1")
  endforeach()
  file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/${output}" @ONLY CONTENT
"// Generated at configure time.
#include \"net/http/static_files.hpp\"

namespace wsrelay {

namespace {

${arrays}
} // namespace

std::optional<std::string_view> builtin_file(std::string_view root,
                                             std::string_view file) {
  if (root != \"${root}\")
    return std::nullopt;
${entries}  return std::nullopt;
}

} // namespace wsrelay
")
endfunction()
