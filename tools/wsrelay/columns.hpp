// The columns of lists, whoever was asked for them.
#pragma once

#include "tools/wsrelay/text.hpp"

#include <cstddef>

namespace wsrelay::cli {

/// A table's header, and the first column of numbers.
struct columns {
  table_row header;
  std::size_t numbers;
};

inline const columns connection_columns{{"PID", "TARGET", "ADDRESS", "ENDPOINT",
                                         "AGE", "IN", "BYTES IN", "OUT",
                                         "BYTES OUT", "QUEUED", "BYTES QUEUED"},
                                        4};

inline const columns peer_columns{{"NAME", "ADDRESS", "NODE", "VERSION",
                                   "PROTOCOL", "SINCE", "HEARD", "WAITING"},
                                  4};

inline const columns absent_columns{
    {"NOT CONNECTED", "STATE", "REASON", "SINCE"}, 3};

inline const columns target_columns{{"NAME", "PID"}, 2};

inline const columns level_columns{{"PART", "LEVEL"}, 2};

/// Prints rows under them.
inline std::string to_table(const columns& what,
                            const std::vector<table_row>& rows) {
  return to_table(what.header, rows, what.numbers);
}

} // namespace wsrelay::cli
