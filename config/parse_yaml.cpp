// Parses YAML within bounds.
#include "config/parse_yaml.hpp"

#include "protocol/result.hpp"

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>

#include <exception>
#include <sstream>
#include <string>

namespace wsrelay {

namespace {

/// Without aliases a file has fewer nodes than bytes, and fewer bytes of
/// scalars: only aliases get beyond.
constexpr std::size_t max_expanded_size = 2 * max_config_size;

failure too_deep() {
  return {fmt::format("more than {} levels deep", max_config_depth)};
}

/// Walks all there is, aliases expanded; an alias may even hold itself.
class bounds {
public:
  checked check(const YAML::Node& node, int depth = 1) {
    if (depth > max_config_depth)
      return too_deep();
    size_ += 1 + (node.IsScalar() ? node.Scalar().size() : 0);
    if (size_ > max_expanded_size)
      return failure{"aliases multiply to more than the largest file"};
    for (const auto& item : node) {
      if (auto ok = check_item(item, node.IsMap(), depth + 1); !ok)
        return ok;
    }
    return passed();
  }

private:
  checked check_item(const YAML::detail::iterator_value& item, bool is_pair,
                     int depth) {
    if (!is_pair)
      return check(item, depth);
    auto ok = check(item.first, depth);
    return ok ? check(item.second, depth) : ok;
  }

  std::size_t size_ = 0;
};

/// Takes the events of a document and keeps where it began.
class document_start : public YAML::EventHandler {
public:
  using anchor = YAML::anchor_t;
  using mark = YAML::Mark;
  using style = YAML::EmitterStyle::value;
  using text = std::string;

  int line() const noexcept { return line_; }

  void OnDocumentStart(const mark& at) override { line_ = at.line + 1; }
  void OnDocumentEnd() override {}
  void OnNull(const mark&, anchor) override {}
  void OnAlias(const mark&, anchor) override {}
  void OnScalar(const mark&, const text&, anchor, const text&) override {}
  void OnSequenceStart(const mark&, const text&, anchor, style) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const mark&, const text&, anchor, style) override {}
  void OnMapEnd() override {}

private:
  int line_ = 0;
};

/// Returns the line in which a second document begins, 0 when there is none.
/// YAML::LoadAll would not end on text such as ",a" (yaml-cpp 0.7).
int second_document(const std::string& text) {
  std::istringstream in{text};
  YAML::Parser parser{in};
  document_start first, second;
  parser.HandleNextDocument(first);
  return parser.HandleNextDocument(second) ? second.line() : 0;
}

std::optional<YAML::Node> parse_document(const std::string& text,
                                         findings& log) {
  auto root = YAML::Load(text);
  if (auto line = second_document(text); line > 0) {
    log.fail({}, line, "more than one document");
    return std::nullopt;
  }
  if (auto ok = bounds{}.check(root); !ok) {
    log.fail({}, 0, ok.error().what);
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
  try {
    return parse_document(std::string{text}, log);
  } catch (const YAML::DeepRecursion&) { // its own limit, 500 levels
    log.fail({}, 0, too_deep().what);
  } catch (const YAML::Exception& e) {
    log.fail({}, e.mark.line + 1, fmt::format("not YAML: {}", e.msg));
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
