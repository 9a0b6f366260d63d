// Static files.
#include "net/http/static_files.hpp"

#include "net/http/builtin_files.hpp"
#include "net/http/content_type.hpp"
#include "net/http/disk_file.hpp"
#include "net/http/file_answer.hpp"
#include "net/http/file_source.hpp"
#include "protocol/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace wsrelay {

namespace {

constexpr std::string_view builtin_prefix = "builtin:";

// What a disk's answer depends on.
bool is_of_interest(std::string_view name) {
  return same_field(name, "Accept-Encoding") || same_field(name, "Range")
         || same_field(name.substr(0, 3), "If-");
}

http_fields fields_of_interest(const http_fields& from) {
  http_fields result;
  for (auto& field : from)
    if (is_of_interest(field.first))
      result.push_back(field);
  return result;
}

// Whether a path names only what is served: files whose names begin with a dot
// are an editor's, a version control's or an operator's own. RFC 8615 puts
// files for everybody into /.well-known/.
bool is_public(std::string_view file) {
  if (file.find('\0') != file.npos)
    return false;
  if (file.empty())
    return true;
  auto parts = split(file, '/');
  if (parts.back().empty()) // a folder
    parts.pop_back();
  if (!parts.empty() && parts.front() == ".well-known")
    parts.front() = "well-known";
  return std::none_of(parts.begin(), parts.end(), [](auto part) {
    return part.empty() || part.front() == '.';
  });
}

// Where the folder that a request asked for without its slash is, as a path:
// one that begins with two slashes would name another host.
std::optional<std::string> folder_location(const http_request& request) {
  std::string_view path = request.path;
  if (!path.starts_with('/') || path.ends_with('/') || path.starts_with("//")
      || path.starts_with("/\\") || !is_safe_field("Location", path)
      || !is_safe_field("Location", request.query))
    return std::nullopt;
  auto result = request.path + '/';
  if (!request.query.empty())
    result.append("?").append(request.query);
  return result;
}

// FNV-1a: an entity tag needs to differ, not to resist anybody.
std::string content_tag(std::string_view bytes) {
  std::uint64_t hash = 14695981039346656037u;
  for (unsigned char byte : bytes)
    hash = (hash ^ byte) * 1099511628211u;
  return fmt::format("\"{:x}-{:016x}\"", bytes.size(), hash);
}

std::shared_ptr<disk_answer> look_up(const disk_request& request) {
  try {
    return std::make_shared<disk_answer>(answer_from_disk(request));
  } catch (const std::exception&) { // memory
    return std::make_shared<disk_answer>(disk_answer{too_busy()});
  }
}

std::string name_of(const static_match& match) {
  auto is_folder = match.file.empty() || match.file.ends_with('/');
  return is_folder ? match.file + match.files->index : match.file;
}

disk_request to_disk_request(const static_match& match,
                             const http_request& request) {
  return {match.files->root, name_of(match),
          folder_location(request).value_or(""),
          fields_of_interest(request.headers), request.method == "HEAD"};
}

} // namespace

/// A request for a file from a folder. Only the loop's side holds it: once that
/// is gone nobody is called.
class static_files::disk_call final
    : public call,
      public std::enable_shared_from_this<disk_call> {
public:
  disk_call(std::shared_ptr<loop_door> door, std::shared_ptr<file_pool> pool,
            on_answer done)
      : door_{std::move(door)},
        pool_{std::move(pool)},
        done_{std::move(done)} {}

  ~disk_call() override { pool_->cancel(job_); }

  // False when there is no place: `done` was called.
  bool start(disk_request request) {
    job_ = pool_->try_run([me = weak_from_this(), door = door_,
                           request = std::move(request)](bool runs) {
      auto found = runs
                       ? look_up(request)
                       : std::make_shared<disk_answer>(disk_answer{too_busy()});
      if (me.expired())
        return; // a file that nobody wants is closed here
      door->post([me, found = std::move(found)] {
        if (auto wanted = me.lock())
          wanted->finish(*found);
      });
    });
    if (!job_)
      done_(too_busy());
    return job_ != 0;
  }

private:
  void finish(disk_answer& found) {
    if (found.file)
      found.answer.source = make_file_source(
          door_, pool_, std::move(found.file), found.first, found.size);
    done_(std::move(found.answer));
  }

  std::shared_ptr<loop_door> door_;
  std::shared_ptr<file_pool> pool_;
  on_answer done_;
  file_pool::job_id job_ = 0;
};

/// All files of the program, ready to be sent.
class static_files::builtin_table {
public:
  builtin_table() {
    for (auto& file : builtin_files())
      files_.emplace(key{file.root, file.name}, file);
  }

  http_answer get(std::string_view root, std::string_view name,
                  const http_request& request) const {
    auto found = files_.find({root, name});
    return found == files_.end() ? nothing_there() : found->second.get(request);
  }

private:
  // A file of the program and its most frequent answer, made once. It has no
  // date: builds that are the same answer the same.
  struct builtin {
    explicit builtin(const builtin_file& file)
        : bytes{file.bytes}, whole{answer_with({}, {}, false, 0)} {
      what.state.etag = content_tag(file.bytes);
      what.size = file.bytes.size();
      what.type = content_type(file.name);
      whole = answer_with(what, {}, false, 0);
    }

    http_answer get(const http_request& request) const {
      auto is_head = request.method == "HEAD";
      if (!is_head && !has_conditions(request.headers)) {
        http_answer result{whole.response};
        result.response.body = bytes;
        return result;
      }
      auto answer = answer_with(what, request.headers, is_head, 0);
      http_answer result{std::move(answer.response), nullptr, answer.length};
      if (answer.size > 0)
        result.response.body = part(answer.first, answer.size);
      return result;
    }

    shared_buffer part(std::uint64_t first, std::uint64_t size) const {
      return size == bytes.size() ? bytes
                                  : shared_buffer{bytes.view().substr(
                                      static_cast<std::size_t>(first),
                                      static_cast<std::size_t>(size))};
    }

    shared_buffer bytes;
    representation what;
    file_answer whole;
  };

  using key = std::pair<std::string_view, std::string_view>;

  std::map<key, builtin> files_;
};

static_files::static_files(std::shared_ptr<file_pool> pool)
    : pool_{std::move(pool)},
      builtins_{std::make_unique<const builtin_table>()} {}

static_files::~static_files() = default;

std::shared_ptr<static_files::call>
static_files::get(std::shared_ptr<loop_door> door, const static_match& match,
                  const http_request& request, on_answer done) const {
  if (match.needs_slash) {
    auto location = folder_location(request);
    done(location ? redirect_to(std::move(*location)) : nothing_there());
  } else if (!is_public(match.file)) {
    done(nothing_there());
  } else if (match.files->root.starts_with(builtin_prefix)) {
    done(builtins_->get(match.files->root, name_of(match), request));
  } else {
    auto made =
        std::make_shared<disk_call>(std::move(door), pool_, std::move(done));
    if (made->start(to_disk_request(match, request)))
      return made;
  }
  return nullptr;
}

} // namespace wsrelay
