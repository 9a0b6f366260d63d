// Files of http.static: from a folder, or from those built into the program. No
// loop waits for a disk: what touches a folder happens on a pool's threads.
#pragma once

#include "actors/messages.hpp"
#include "config/route_table.hpp"
#include "net/http/answer.hpp"
#include "net/http/file_pool.hpp"
#include "net/loop/loop_door.hpp"

#include <functional>
#include <memory>

namespace wsrelay {

/// Answers requests for files. Safe to use from many loops.
class static_files {
public:
  using on_answer = std::function<void(http_answer)>;

  /// A request under way. Who drops it, on the loop's thread, gets no answer,
  /// and no disk works for it that has not begun.
  class call {
  public:
    virtual ~call() = default;
  };

  explicit static_files(std::shared_ptr<file_pool> pool);
  ~static_files();

  static_files(const static_files&) = delete;
  static_files& operator=(const static_files&) = delete;

  /// Answers GET or HEAD. `done` is called once on the loop behind `door`,
  /// maybe before this returns: then there is no call. With a body in memory (a
  /// small file) or a source that reads from disk as it is asked; without, for
  /// HEAD.
  ///
  /// 200, 206 for one range, 304, 308 to the path with "/" for a folder, 404
  /// for what is no regular file, begins with a dot (but ".well-known") or is
  /// not below the root, 412, 416, 503 when too many wait, the system has no
  /// descriptor left, or the pool has stopped.
  [[nodiscard]] std::shared_ptr<call> get(std::shared_ptr<loop_door> door,
                                          const static_match& match,
                                          const http_request& request,
                                          on_answer done) const;

private:
  class builtin_table;
  class disk_call;

  std::shared_ptr<file_pool> pool_;
  std::unique_ptr<const builtin_table> builtins_;
};

} // namespace wsrelay
