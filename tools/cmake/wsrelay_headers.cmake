# Installs the public headers, and what they include of the project's, and no
# other. They include each other as <wsrelay/..>: whoever uses them may have a
# config/config.hpp of his own. Run by `cmake --install` with
#   source       the project's folder
#   public       the public headers, by their path in it
#   destination  where <wsrelay/..> is
#   made         a folder in which they are written first
cmake_minimum_required(VERSION 3.18) # its policies
set(installed "")
while(public)
  list(POP_FRONT public header)
  if(header IN_LIST installed)
    continue()
  endif()
  list(APPEND installed ${header})
  file(READ "${source}/${header}" text)
  string(REGEX MATCHALL "#include \"[^\"]+\"" included "${text}")
  foreach(line IN LISTS included)
    string(REGEX REPLACE "#include \"(.+)\"" "\\1" name "${line}")
    list(APPEND public ${name})
  endforeach()
  string(REGEX REPLACE "#include \"([^\"]+)\"" "#include <wsrelay/\\1>" text
    "${text}")
  file(WRITE "${made}/${header}" "${text}")
  get_filename_component(folder ${header} DIRECTORY)
  file(INSTALL "${made}/${header}" DESTINATION "${destination}/${folder}")
endwhile()
