// Answers with files from folders.
#include "net/http/disk_file.hpp"

#include "net/http/content_coding.hpp"
#include "net/http/content_type.hpp"
#include "net/http/file_answer.hpp"
#include "net/http/problem_response.hpp"

#include <fmt/format.h>

#include <array>
#include <ctime>

namespace wsrelay {

namespace {

using file_ptr = std::shared_ptr<const open_file>;

// How often a small file is read anew that changed while it was read.
constexpr int max_tries = 3;

struct variant_kind {
  std::string_view ending;
  std::string_view coding;
  int coding_weights::*weight;
};

// The order is that of preference.
constexpr std::array<variant_kind, 2> variant_kinds{
    {{".br", "br", &coding_weights::br},
     {".gz", "gzip", &coding_weights::gzip}}};

std::string tag_of(const open_file& file, std::string_view coding) {
  return fmt::format("\"{:x}-{:x}.{:x}-{:x}{}{}\"", file.inode, file.modified,
                     file.modified_ns, file.size, coding.empty() ? "" : "-",
                     coding);
}

// The form of a file that is sent.
struct chosen_form {
  file_ptr file;
  std::string_view coding = "";
  bool varies = false;
};

// Tools that give a form its file's time cut it to seconds or microseconds: a
// part that either has not is not compared.
bool is_before(const open_file& first, const open_file& second) {
  if (first.modified != second.modified || first.modified_ns == 0)
    return first.modified < second.modified;
  return first.modified_ns / 1000 < second.modified_ns / 1000;
}

// One that was compressed before the file was last changed is not its form.
file_ptr open_variant(const root_folder& root, const std::string& name,
                      const open_file& original) {
  auto found = root.open(name);
  auto is_form =
      found.kind == entry_kind::file && !is_before(*found.file, original);
  return is_form ? found.file : nullptr;
}

chosen_form choose_form(const root_folder& root, const disk_request& request,
                        const file_ptr& original) {
  auto accepted = accepted_codings(request.fields);
  auto best = accepted.identity;
  chosen_form result{original};
  for (auto& kind : variant_kinds) {
    auto name = request.file + std::string{kind.ending};
    auto variant = open_variant(root, name, *original);
    if (!variant)
      continue;
    result.varies = true;
    auto weight = accepted.*kind.weight;
    // At equal weight it goes before none, but not before another coding.
    if (weight > best || (weight == best && result.coding.empty())) {
      best = weight;
      result.file = std::move(variant);
      result.coding = kind.coding;
    }
  }
  return result;
}

representation describe(const chosen_form& form, std::string_view name) {
  representation result;
  result.state = {tag_of(*form.file, form.coding), form.file->modified};
  result.size = form.file->size;
  result.type = content_type(name);
  result.coding = form.coding;
  result.varies = form.varies;
  return result;
}

// Nothing when the file changed meanwhile.
std::optional<disk_answer> try_to_answer(const root_folder& root,
                                         const disk_request& request,
                                         const file_ptr& original) {
  auto form = choose_form(root, request, original);
  auto found = answer_with(describe(form, request.file), request.fields,
                           request.is_head, std::time(nullptr));
  disk_answer result;
  result.answer.response = std::move(found.response);
  result.answer.length = found.length;
  if (found.size > small_file) {
    result.file = std::move(form.file);
    result.first = found.first;
    result.size = found.size;
  } else if (found.size > 0) {
    auto count = static_cast<std::size_t>(found.size);
    buffer_builder bytes;
    auto* out = bytes.extend(count, count);
    if (!read_fully(*form.file, out, count, found.first))
      return std::nullopt;
    result.answer.response.body = bytes.finish();
  }
  return result;
}

} // namespace

disk_answer answer_from_disk(const disk_request& request) {
  root_folder root{request.root};
  for (int i = 0; i < max_tries; ++i) {
    auto found = root.open(request.file);
    switch (found.kind) {
      case entry_kind::missing:
        return {nothing_there()};
      case entry_kind::unavailable:
        return {too_busy()};
      case entry_kind::folder:
        return {request.location.empty() ? nothing_there()
                                         : redirect_to(request.location)};
      case entry_kind::file:
        break;
    }
    if (auto answer = try_to_answer(root, request, found.file))
      return std::move(*answer);
  }
  return {too_busy()};
}

http_answer redirect_to(std::string location) {
  http_answer result;
  result.response.status = 308;
  result.response.headers = {{"Location", std::move(location)},
                             {"Cache-Control", "no-cache"}};
  return result;
}

http_answer nothing_there() {
  return {to_response({404, "path", "there is nothing here"})};
}

http_answer too_busy() {
  return {to_response({503, "busy", "the file cannot be read now"})};
}

} // namespace wsrelay
