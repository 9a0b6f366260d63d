// Reads a file for a loop.
#include "net/http/file_source.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace wsrelay {

namespace {

using piece = std::optional<shared_buffer>;

piece read_piece(const open_file& file, std::uint64_t first,
                 std::size_t count) {
  try {
    buffer_builder bytes;
    if (read_fully(file, bytes.extend(count, count), count, first))
      return bytes.finish();
  } catch (const std::bad_alloc&) {
  }
  return std::nullopt;
}

class file_source final : public body_source {
public:
  file_source(std::shared_ptr<loop_door> door, std::shared_ptr<file_pool> pool,
              std::shared_ptr<const open_file> file, std::uint64_t first,
              std::uint64_t size)
      : door_{std::move(door)},
        pool_{std::move(pool)},
        file_{std::move(file)},
        next_{first},
        left_{size},
        size_{size} {}

  // A read that has not begun is not wanted any more, and has let go of the
  // file when it is closed. Closing may free what a deleted file held: that
  // takes its time.
  ~file_source() override {
    pool_->cancel(job_);
    try {
      pool_->run([file = std::move(file_)](bool) {});
    } catch (const std::bad_alloc&) {
      // It is closed here.
    }
  }

  std::optional<std::uint64_t> size() const override { return size_; }

  milliseconds patience() const override { return file_patience; }

  void read(on_piece done) override {
    if (is_lost_)
      return done(std::nullopt);
    if (left_ == 0)
      return done(shared_buffer{});
    waiting_ = std::make_shared<on_piece>(std::move(done));
    auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(left_, file_piece));
    if (!start(count))
      on_read(std::nullopt);
  }

private:
  // Only the loop's side holds `done`: once that is gone nobody is called.
  bool start(std::size_t count) {
    std::weak_ptr<on_piece> waiting = waiting_;
    job_ = pool_->run([this, waiting, door = door_, file = file_, first = next_,
                       count](bool runs) {
      auto bytes = runs ? read_piece(*file, first, count) : std::nullopt;
      door->post([this, waiting, bytes = std::move(bytes)]() mutable {
        if (!waiting.expired())
          on_read(std::move(bytes));
      });
    });
    return job_ != 0;
  }

  void on_read(piece bytes) {
    is_lost_ = !bytes;
    if (bytes) {
      next_ += bytes->size();
      left_ -= bytes->size();
    }
    // The callee may destroy this.
    auto done = std::exchange(waiting_, nullptr);
    (*done)(std::move(bytes));
  }

  std::shared_ptr<loop_door> door_;
  std::shared_ptr<file_pool> pool_;
  std::shared_ptr<const open_file> file_;
  std::uint64_t next_; // position in the file
  std::uint64_t left_;
  const std::uint64_t size_;
  file_pool::job_id job_ = 0; // the last read
  bool is_lost_ = false;
  std::shared_ptr<on_piece> waiting_; // while a read is under way
};

} // namespace

std::unique_ptr<body_source>
make_file_source(std::shared_ptr<loop_door> door,
                 std::shared_ptr<file_pool> pool,
                 std::shared_ptr<const open_file> file, std::uint64_t first,
                 std::uint64_t size) {
  return std::make_unique<file_source>(std::move(door), std::move(pool),
                                       std::move(file), first, size);
}

} // namespace wsrelay
