// Calls, and what the test answers.
#include "test/http_kit/fake_upstreams.hpp"

#include "net/http/upstream_request.hpp"

#include <caf/all.hpp>

#include <string_view>
#include <utility>
#include <variant>

namespace wsrelay::test {

namespace {

// The fields of a head, without its first line.
http_fields to_fields(std::string_view head) {
  http_fields result;
  auto begin = head.find("\r\n") + 2;
  for (auto end = head.find("\r\n", begin); end > begin;
       end = head.find("\r\n", begin)) {
    auto line = head.substr(begin, end - begin);
    auto colon = line.find(": ");
    result.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    begin = end + 2;
  }
  return result;
}

} // namespace

class fake_upstreams::call final : public upstream_call {
public:
  call(http_request request, std::function<void(upstream_result)> done)
      : request{std::move(request)}, done{std::move(done)} {}

  void cancel() override { done = nullptr; }
  bool was_sent() const override { return true; }

  http_request request;
  std::optional<problem> refusal;
  std::function<void(upstream_result)> done; // null once it is not wanted
};

fake_upstreams::fake_upstreams(caf::actor_system& system)
    : turn_{system.spawn<caf::hidden>([this](caf::event_based_actor*) {
        return caf::behavior{[this](caf::tick_atom) { answer_next(); }};
      })} {}

fake_upstreams::~fake_upstreams() {
  calls_.clear();
  caf::anon_send_exit(turn_, caf::exit_reason::kill);
}

std::shared_ptr<upstream_call>
fake_upstreams::ask(std::shared_ptr<const upstream_handler> upstream,
                    const http_request& request, http_fields forwarded,
                    std::function<void(upstream_result)> done) {
  auto head = to_upstream_head(*upstream, request, forwarded);
  auto made = std::make_shared<call>(request, std::move(done));
  if (auto* text = std::get_if<std::string>(&head)) {
    made->request.headers = to_fields(*text);
    made->request.target = upstream->path + request.target;
    made->request.path = upstream->path + request.path;
  } else {
    made->refusal = std::get<problem>(head);
  }
  calls_.push_back(made);
  caf::anon_send(turn_, caf::tick_atom::value);
  return made;
}

void fake_upstreams::answer_next() {
  if (calls_.empty())
    return;
  auto next = std::move(calls_.front());
  calls_.pop_front();
  if (!next->done)
    return;
  auto response =
      !next->refusal && answer
          ? answer(next->request)
          : caf::expected<http_response>{caf::sec::bad_function_call};
  auto done = std::exchange(next->done, nullptr);
  if (next->refusal)
    done(*next->refusal);
  else if (response)
    done(to_answer(std::move(*response)));
  else
    done(problem{502, "upstream", "the upstream cannot be reached"});
}

} // namespace wsrelay::test
