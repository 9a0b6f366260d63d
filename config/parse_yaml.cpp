// Parses YAML within bounds.
#include "config/parse_yaml.hpp"

#include "config/yaml_outline.hpp"
#include "config/yaml_words.hpp"
#include "protocol/result.hpp"

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <exception>
#include <sstream>
#include <string>

namespace wsrelay {

namespace {

/// Without aliases a file has fewer nodes than bytes, and fewer bytes of
/// scalars: only aliases get beyond.
constexpr std::size_t max_expanded_size = 2 * max_config_size;

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

failure too_deep() {
  return {fmt::format("more than {} levels deep", max_config_depth)};
}

/// Walks all there is, aliases expanded; an alias may even hold itself.
class bounds {
public:
  checked check(const YAML::Node& node, int depth = 1) {
    if (depth > max_config_depth) {
      line_ = line_of(node);
      return too_deep();
    }
    size_ += 1 + (node.IsScalar() ? node.Scalar().size() : 0);
    if (size_ > max_expanded_size)
      return failure{"aliases multiply to more than the largest file"};
    for (const auto& item : node) {
      if (auto ok = check_item(item, node.IsMap(), depth + 1); !ok)
        return ok;
    }
    return passed();
  }

  /// Where it is too deep, 0 = it is not.
  int line() const noexcept { return line_; }

private:
  checked check_item(const YAML::detail::iterator_value& item, bool is_pair,
                     int depth) {
    if (!is_pair)
      return check(item, depth);
    auto ok = check(item.first, depth);
    return ok ? check(item.second, depth) : ok;
  }

  std::size_t size_ = 0;
  int line_ = 0;
};

/// Takes the events of a document and keeps where it began, and a quote that is
/// not closed.
class document_outline : public YAML::EventHandler {
public:
  using anchor = YAML::anchor_t;
  using mark = YAML::Mark;
  using style = YAML::EmitterStyle::value;
  using text = std::string;

  explicit document_outline(std::string_view source) : source_{source} {}

  int line() const noexcept { return line_; }

  const yaml_fault& fault() const noexcept { return fault_; }

  void OnDocumentStart(const mark& at) override { line_ = at.line + 1; }
  void OnDocumentEnd() override {}
  void OnNull(const mark&, anchor) override {}
  void OnAlias(const mark&, anchor) override {}
  void OnScalar(const mark& at, const text&, anchor, const text&) override {
    if (fault_.line == 0)
      check_quoted(at);
  }
  void OnSequenceStart(const mark&, const text&, anchor, style) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const mark&, const text&, anchor, style) override {}
  void OnMapEnd() override {}

private:
  /// yaml-cpp 0.7 takes the end of the file for the closing quote. `at` counts
  /// bytes, of UTF-16 those that it has made of it.
  void check_quoted(const mark& at) {
    if (is_wide(source_))
      return;
    auto place = std::min(static_cast<std::size_t>(at.pos), source_.size());
    auto begin = skip_properties(source_, place);
    auto is_quote = begin < source_.size()
                    && (source_[begin] == '"' || source_[begin] == '\'');
    if (is_quote && end_of_quoted(source_, begin) == source_.npos)
      fault_ = {at.line + 1 + lines_in(place, begin),
                std::string{open_quote_text}};
  }

  int lines_in(std::size_t from, std::size_t to) const {
    auto text = source_.substr(from, to - from);
    return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  }

  static bool is_wide(std::string_view text) {
    return text.substr(0, 4).find('\0') != text.npos
           || text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF");
  }

  std::string_view source_;
  int line_ = 0;
  yaml_fault fault_;
};

/// Returns what the parser takes and should not: a second document, and texts.
/// YAML::LoadAll would not end on text such as ",a" (yaml-cpp 0.7).
yaml_fault find_fault(const std::string& text) {
  std::istringstream in{text};
  YAML::Parser parser{in};
  document_outline first{text}, second{text};
  parser.HandleNextDocument(first);
  if (first.fault().line > 0)
    return first.fault();
  return parser.HandleNextDocument(second)
             ? explain_yaml(text, second.line(), second_document_text)
             : yaml_fault{};
}

std::optional<YAML::Node> parse_document(const std::string& text,
                                         findings& log) {
  auto root = YAML::Load(text);
  if (auto fault = find_fault(text); fault.line > 0) {
    log.fail({}, fault.line, fault.text);
    return std::nullopt;
  }
  bounds all;
  if (auto ok = all.check(root); !ok) {
    log.fail({}, all.line(), ok.error().what);
    return std::nullopt;
  }
  return root;
}

} // namespace

std::optional<YAML::Node> parse_yaml(std::string_view text, findings& log) {
  if (text.size() > max_config_size) {
    log.fail({}, 0, "larger than 4 MiB");
    return std::nullopt;
  }
  if (text.starts_with(byte_order_mark)) // places are counted without it
    text.remove_prefix(byte_order_mark.size());
  try {
    return parse_document(std::string{text}, log);
  } catch (const YAML::DeepRecursion& e) { // its own limit, 500 levels
    log.fail({}, e.mark.line + 1, too_deep().what);
  } catch (const YAML::Exception& e) {
    auto fault =
        explain_yaml(text, e.mark.line + 1, fmt::format("not YAML: {}", e.msg));
    log.fail({}, fault.line, fault.text);
  } catch (const std::exception& e) {
    log.fail({}, 0, fmt::format("not YAML: {}", e.what()));
  }
  return std::nullopt;
}

int line_of(const YAML::Node& node) {
  return node.Mark().line + 1; // without a mark the line is -1
}

std::string_view type_text(const YAML::Node& node) {
  if (node.IsScalar())
    return "text";
  if (node.IsSequence())
    return "a list";
  return node.IsMap() ? "a map" : "null";
}

} // namespace wsrelay
