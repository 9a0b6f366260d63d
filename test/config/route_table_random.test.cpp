// Random tables and paths: what is found is what asking one route after the
// other finds.
#include "config/route_table.hpp"

#include "protocol/text.hpp"
#include "test/config/describe_match.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <set>

namespace wsrelay::route_table_random_test {

using test::describe_match;

namespace {

int rank_of(std::string_view method) {
  return method == "*" ? 2 : (method == "GET" ? 1 : 0);
}

bool accepts(std::string_view wanted, std::string_view method) {
  return wanted == "*" || wanted == method
         || (wanted == "GET" && method == "HEAD");
}

/// The routes of service "gw" as lists that are walked for each request.
class linear_table {
public:
  explicit linear_table(const relay_config& config) {
    for (const auto& x : config.endpoints)
      endpoints_.push_back(&x);
    std::stable_sort(endpoints_.begin(), endpoints_.end(), [](auto a, auto b) {
      auto x = a->path.literals(), y = b->path.literals();
      return x != y ? x > y : rank_of(a->method) < rank_of(b->method);
    });
    for (const auto& x : config.statics)
      statics_.push_back(&x);
    std::stable_sort(statics_.begin(), statics_.end(), [](auto a, auto b) {
      return a->path.size() > b->path.size();
    });
  }

  std::string find(std::string_view method, std::string_view path) const {
    std::set<std::string> allowed;
    for (auto x : endpoints_) {
      auto params = x->path.match(path);
      if (params && accepts(x->method, method))
        return describe_match{}(endpoint_match{x, nullptr, std::move(*params)});
      if (params)
        allowed.insert(x->method);
      if (params && x->method == "GET")
        allowed.insert("HEAD");
    }
    if (!allowed.empty())
      allowed.insert("OPTIONS"); // is answered
    std::string allow;
    for (const auto& each : allowed)
      allow += (allow.empty() ? "" : ", ") + each;
    return allow.empty() ? find_file(method, path) : "405 " + allow;
  }

private:
  static std::optional<std::string> decode(std::string_view path) {
    std::string out;
    if (!path.starts_with('/') || has_dot_segments(path))
      return std::nullopt;
    for (auto part : split(path.substr(1), '/')) {
      auto text = decode_segment(part);
      if (!text || text->find_first_of("/\\") != text->npos
          || out.ends_with('/'))
        return std::nullopt;
      out += '/' + *text;
    }
    return out;
  }

  std::string find_file(std::string_view method, std::string_view path) const {
    auto decoded = decode(path);
    for (auto x : statics_) {
      auto prefix = x->path == "/" ? "" : x->path;
      if (!decoded || !decoded->starts_with(prefix))
        continue;
      auto rest = decoded->substr(prefix.size());
      if (!rest.empty() && rest.front() != '/')
        continue;
      if (!accepts("GET", method))
        return "405 GET, HEAD, OPTIONS";
      return describe_match{}(
          static_match{x, rest.empty() ? "" : rest.substr(1), rest.empty()});
    }
    return "-";
  }

  std::vector<const endpoint_config*> endpoints_;
  std::vector<const static_config*> statics_;
};

class generator {
public:
  explicit generator(unsigned seed) : random_{seed} {}

  relay_config config() {
    relay_config out;
    out.services.emplace_back().name = "gw";
    out.routers.emplace_back().name = "r";
    out.routers.back().server = "gw";
    for (auto i = below(40); i > 0; --i)
      add_endpoint(out, i);
    std::set<std::string> mounts;
    for (auto i = below(6); i > 0; --i) {
      auto path = below(4) == 0 ? "/" : text({"a", "b", "c"}, 1 + below(3));
      if (mounts.insert(path).second) {
        auto& files = out.statics.emplace_back();
        files.name = "s" + std::to_string(i);
        files.server = "gw";
        files.path = path;
      }
    }
    return out;
  }

  std::string path() {
    return text({"a", "b", "c", "a", "b", "c", "%61", "", "x%2Fy", "..", "%2e",
                 "%zz", "caf%C3%A9", "%FF", "a%20b"},
                1 + below(4));
  }

  std::string method() {
    return pick({"GET", "GET", "HEAD", "POST", "PUT", "get"});
  }

private:
  std::size_t below(std::size_t n) { return random_() % n; }

  std::string pick(const std::vector<std::string>& from) {
    return from[below(from.size())];
  }

  std::string text(const std::vector<std::string>& parts, std::size_t count) {
    std::string out;
    for (; count > 0; --count)
      out += "/" + pick(parts);
    return out;
  }

  void add_endpoint(relay_config& to, std::size_t i) {
    std::string pattern;
    for (std::size_t at = 0, count = 1 + below(4); at < count; ++at)
      pattern += "/"
                 + pick({"a", "b", "%61", "", "{p" + std::to_string(at) + "}",
                         "{q" + std::to_string(at) + "}"});
    auto& endpoint = to.endpoints.emplace_back();
    endpoint.name = "e" + std::to_string(i);
    endpoint.router = "r";
    endpoint.method = pick({"GET", "HEAD", "POST", "*"});
    endpoint.path = *path_pattern::parse(pattern);
  }

  std::mt19937 random_;
};

} // namespace

TEST_CASE("a table finds what a walk along all routes finds") {
  constexpr unsigned seed = 20260;
  MESSAGE("seed " << seed);
  std::set<char> kinds;
  for (unsigned i = 0; i < 300; ++i) {
    generator make{seed + i};
    auto config = make.config();
    route_table table{config, "gw"};
    linear_table list{config};
    for (int k = 0; k < 100; ++k) {
      auto method = make.method();
      auto path = make.path();
      auto found = std::visit(describe_match{}, table.find(method, path));
      kinds.insert(found.front());
      if (auto wanted = list.find(method, path); found != wanted) {
        CAPTURE(i);
        CAPTURE(method);
        CAPTURE(path);
        CHECK(found == wanted);
      }
    }
  }
  CHECK(kinds == std::set<char>{'-', '4', 'e', 's'});
}

TEST_CASE("a path with very many segments is no work for a table") {
  generator make{1};
  auto config = make.config();
  route_table table{config, "gw"};
  std::string path;
  for (int i = 0; i < 500'000; ++i)
    path += "/a";
  CHECK(std::visit(describe_match{}, table.find("GET", path)).front() != 'e');
}

} // namespace wsrelay::route_table_random_test
