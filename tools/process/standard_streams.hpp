// Standard input, output and error as programs find them: closed, full, or
// pipes that nobody reads.
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>

#include <fcntl.h>

namespace wsrelay {

/// Opens /dev/null in place of standard streams that are closed, so that what
/// is printed goes into none of the program's own files and sockets. First
/// thing in main. Ends the program with status 1 when that fails.
inline void open_standard_streams() noexcept {
  for (int fd : {0, 1, 2})
    if (::fcntl(fd, F_GETFD) == -1 && errno == EBADF
        && ::open("/dev/null", O_RDWR) != fd) // the lowest that is free
      std::_Exit(EXIT_FAILURE);
}

/// Writes out what was printed to standard output so far. Returns an empty text
/// or why not all of it could be written.
inline std::string flush_standard_output() {
  errno = 0;
  std::cout.flush();
  auto flushed = std::fflush(stdout) == 0;
  if (flushed && std::cout && !std::ferror(stdout))
    return {};
  // Where an earlier write failed, its reason is gone.
  std::string result{"cannot write to standard output"};
  return errno == 0 ? result : result + ": " + std::strerror(errno);
}

} // namespace wsrelay
