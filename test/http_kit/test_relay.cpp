// The loop of a service without a loop.
#include "test/http_kit/test_relay.hpp"

#include "actors/acceptor.hpp"
#include "actors/successors.hpp"
#include "net/http/dispatcher.hpp"
#include "test/http_kit/fake_upstreams.hpp"

#include <caf/all.hpp>

#include <rapidjson/document.h>

#include <algorithm>
#include <ostream>
#include <sstream>
#include <utility>
#include <variant>
#include <vector>

namespace wsrelay::test {

namespace {

// RFC 6455 section 1.3
constexpr std::string_view sample_key = "dGhlIHNhbXBsZSBub25jZQ==";

std::string errors_of(const loaded_config& configuration) {
  std::string result;
  for (auto& each : configuration.errors)
    result += (result.empty() ? "" : "\n") + to_text(each);
  return result;
}

std::shared_ptr<const relay_config> valid(const loaded_config& configuration) {
  if (!configuration.errors.empty())
    throw std::invalid_argument{errors_of(configuration)};
  return std::make_shared<const relay_config>(configuration.config);
}

const service_config& find_service(const relay_config& config,
                                   std::string_view name) {
  for (auto& each : config.services)
    if (name.empty() || each.name == name)
      return each;
  throw std::invalid_argument{"the configuration has no http.service "
                              + std::string{name}};
}

void add_missing(http_fields& fields, std::string_view name,
                 std::string value) {
  if (!find_field(fields, name))
    fields.emplace_back(name, std::move(value));
}

// What a reader of HTTP does not let through.
void check(const client_request& what) {
  auto is_bad = [](unsigned char c) {
    return c <= ' ' || c == 0x7F || c == '#';
  };
  if (!what.target.starts_with('/')
      || std::any_of(what.target.begin(), what.target.end(), is_bad))
    throw std::invalid_argument{"no target of a request: " + what.target};
  for (auto& [name, value] : what.headers)
    if (!is_safe_field(name, value))
      throw std::invalid_argument{"no header of a request: " + name};
}

http_request to_request(client_request what) {
  check(what);
  http_request result;
  auto question = std::min(what.target.find('?'), what.target.size());
  result.path = what.target.substr(0, question);
  if (question < what.target.size())
    result.query = what.target.substr(question + 1);
  result.target = std::move(what.target);
  result.method = std::move(what.method);
  result.headers = std::move(what.headers);
  result.body = shared_buffer{std::move(what.body)};
  add_missing(result.headers, "Host", what.host);
  if (!what.websocket)
    return result;
  add_missing(result.headers, "Connection", "Upgrade");
  add_missing(result.headers, "Upgrade", "websocket");
  add_missing(result.headers, "Sec-WebSocket-Version", "13");
  add_missing(result.headers, "Sec-WebSocket-Key", std::string{sample_key});
  add_missing(result.headers, "Origin",
              (what.secure ? "https://" : "http://") + what.host);
  return result;
}

std::string check_of(const http_response& response) {
  auto type = find_field(response.headers, "Content-Type");
  if (type != problem_content_type)
    return {};
  rapidjson::Document document;
  auto text = response.body.view();
  document.Parse(text.data(), text.size());
  auto has_check = document.IsObject() && document.HasMember("check")
                   && document["check"].IsString();
  return has_check ? document["check"].GetString() : "";
}

} // namespace

class simulated_home final : public loop_context {
public:
  explicit simulated_home(const test_node& node) : node_{node} {}

  void set_timer(loop_timer&, time_point) override {} // nobody has one here
  time_point now() const noexcept override { return node_.now(); }
  void post(std::function<void()> what) override { what(); }

private:
  const test_node& node_;
};

class test_routes final : public dispatcher {
public:
  test_routes(std::shared_ptr<service> owner, dispatch_place place)
      : dispatcher{std::move(owner), std::move(place)} {}

  void upgrade(std::unique_ptr<byte_stream>, std::string_view,
               admission) override {}
  void refuse(std::unique_ptr<byte_stream>, std::string_view,
              const refused_upgrade&) override {}
};

// -- answers ------------------------------------------------------------------

struct pending_answer::state {
  std::optional<client_answer> answer;
  std::unique_ptr<http_task> task; // null once it is answered
};

std::string client_answer::header(std::string_view name) const {
  return std::string{find_field(headers, name).value_or("")};
}

std::ostream& operator<<(std::ostream& out, const client_answer& answer) {
  out << answer.status;
  if (!answer.check.empty())
    out << ' ' << answer.check;
  if (answer.close)
    out << " close " << answer.close->code << ' ' << answer.close->reason;
  return answer.body.empty() ? out : out << ' ' << answer.body;
}

bool pending_answer::answered() const {
  return state_->answer.has_value();
}

const client_answer& pending_answer::get() const {
  static const client_answer none;
  return state_->answer ? *state_->answer : none;
}

void pending_answer::cancel() {
  state_->task.reset();
}

// -- the relay ----------------------------------------------------------------

class test_relay::impl {
public:
  impl(test_node& node, const loaded_config& configuration,
       std::string_view name)
      : node_{node},
        home_{node},
        config_{valid(configuration)},
        service_{std::make_shared<service>(
            config_, find_service(*config_, name), node.directory())},
        acceptor_{spawn_on(node.system(), nullptr, acceptor,
                           acceptor_config{node.directory()})} {
    auto& limits = service_->settings.parking;
    service_->lot = std::make_shared<parking_lot>(
        limits.max_connections, limits.max_bytes,
        node.system().spawn<caf::hidden>(successors, node.directory()));
    auto upstreams = std::make_unique<fake_upstreams>(node.system());
    upstreams_ = upstreams.get();
    routes_ = std::make_shared<test_routes>(
        service_,
        dispatch_place{home_, state(), std::move(upstreams), nullptr});
    node.run();
  }

  ~impl() {
    service_->stopping = true;
    for (auto& each : clients_)
      each.port->fail(end_cause::connection_lost, 0);
    node_.run();
    caf::anon_send_exit(acceptor_, caf::exit_reason::kill);
    node_.run();
  }

  std::shared_ptr<pending_answer::state> begin(client_request what) {
    auto result = std::make_shared<pending_answer::state>();
    std::erase_if(clients_, [](auto& each) { return !each.port->is_open(); });
    client_peer peer{what.address, what.secure, {}};
    auto is_head = what.method == "HEAD";
    auto task = routes_->serve(
        to_request(std::move(what)), peer,
        [this, is_head, weak = std::weak_ptr{result}](exchange_result outcome) {
          auto waiting = weak.lock();
          if (!waiting)
            return;
          waiting->answer = settle(std::move(outcome));
          if (is_head)
            waiting->answer->body.clear();
        });
    if (!result->answer)
      result->task = std::move(task);
    return result;
  }

  client_answer request(client_request what) {
    auto waiting = begin(std::move(what));
    node_.run();
    if (!waiting->answer)
      throw std::logic_error{"nobody has answered the request: begin_request "
                             "is for answers that take their time"};
    return *waiting->answer;
  }

  fake_upstreams& upstreams() { return *upstreams_; }

private:
  struct open_client {
    std::shared_ptr<fake_frame_port> port;
    std::unique_ptr<connection_hold> hold;
  };

  acceptor_state& state() {
    auto* who = caf::actor_cast<caf::abstract_actor*>(acceptor_);
    return static_cast<acceptor_actor*>(who)->state;
  }

  client_answer settle(exchange_result outcome) {
    return std::visit([this](auto& what) { return settle(what); }, outcome);
  }

  client_answer settle(http_answer& what) {
    auto& response = what.response;
    return {response.status, response.headers,
            std::string{response.body.view()}, check_of(response)};
  }

  client_answer settle(refused_upgrade& what) {
    client_answer result;
    result.status = 101;
    result.headers = std::move(what.headers);
    result.close = client_close{what.code, std::move(what.reason)};
    return result;
  }

  client_answer settle(admission& what) {
    auto port = node_.make_port();
    auto client =
        state().open(port, std::move(what.config),
                     std::move(what.remote_address), std::move(what.endpoint));
    if (what.hold)
      what.hold->on_open(client);
    clients_.push_back({port, std::move(what.hold)});
    client_answer result;
    result.status = 101;
    result.headers = std::move(what.headers);
    result.client.emplace(client, port, std::string{}, node_.runner());
    return result;
  }

  test_node& node_;
  simulated_home home_;
  std::shared_ptr<const relay_config> config_;
  std::shared_ptr<service> service_;
  caf::actor acceptor_;
  fake_upstreams* upstreams_ = nullptr; // of `routes_`
  std::shared_ptr<test_routes> routes_;
  std::vector<open_client> clients_;
};

test_relay::test_relay(test_node& node, const loaded_config& configuration,
                       std::string_view service)
    : impl_{std::make_unique<impl>(node, configuration, service)} {}

test_relay::test_relay(test_node& node, std::string_view yaml,
                       std::string_view service)
    : test_relay{node, load_config(yaml, "test"), service} {}

test_relay::~test_relay() = default;

client_answer test_relay::request(std::string target, http_fields headers) {
  return request(client_request{std::move(target), std::move(headers)});
}

client_answer test_relay::request(client_request what) {
  return impl_->request(std::move(what));
}

pending_answer test_relay::begin_request(client_request what) {
  return pending_answer{impl_->begin(std::move(what))};
}

client_answer test_relay::get(std::string target, http_fields headers) {
  client_request what{std::move(target), std::move(headers)};
  what.websocket = false;
  return request(std::move(what));
}

fake_client test_relay::connect(std::string target, http_fields headers) {
  auto answer = request(target, std::move(headers));
  if (answer.client)
    return *answer.client;
  std::ostringstream text;
  text << target << ": " << answer;
  throw not_connected{text.str()};
}

void test_relay::play_upstreams(upstream_answer answer) {
  impl_->upstreams().answer = std::move(answer);
}

} // namespace wsrelay::test
