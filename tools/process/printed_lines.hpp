// What libraries print becomes lines of the log.
#pragma once

#include "actors/log.hpp"

#include <iostream>
#include <mutex>
#include <streambuf>
#include <string>

namespace wsrelay {

/// While it lives, std::cout, std::cerr and std::clog are lines of the part
/// `caf`: CAF prints there what actors did not expect.
class printed_lines final : private std::streambuf {
public:
  printed_lines() {
    for (auto* each : {&std::cout, &std::cerr, &std::clog})
      each->rdbuf(this);
  }

  ~printed_lines() override {
    std::cout.rdbuf(out_);
    std::cerr.rdbuf(err_);
    std::clog.rdbuf(log_);
  }

  printed_lines(const printed_lines&) = delete;
  printed_lines& operator=(const printed_lines&) = delete;

private:
  static constexpr std::size_t max_line = 4096;

  int_type overflow(int_type what) override {
    if (what == traits_type::eof())
      return 0;
    std::lock_guard guard{mutex_};
    add(traits_type::to_char_type(what));
    return what;
  }

  std::streamsize xsputn(const char* text, std::streamsize count) override {
    std::lock_guard guard{mutex_};
    for (std::streamsize i = 0; i < count; ++i)
      add(text[i]);
    return count;
  }

  void add(char c) {
    if (c != '\n' && line_.size() < max_line)
      line_ += c;
    if (c != '\n' || line_.empty())
      return;
    wsrelay::log(log_part::caf).warn("{}", line_);
    line_.clear();
  }

  std::streambuf* out_ = std::cout.rdbuf();
  std::streambuf* err_ = std::cerr.rdbuf();
  std::streambuf* log_ = std::clog.rdbuf();
  std::mutex mutex_;
  std::string line_;
};

} // namespace wsrelay
