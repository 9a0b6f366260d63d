// Parts, and their end.
#include "net/admin/admin.hpp"

#include "net/admin/admin_parts.hpp"
#include "net/admin/api_answers.hpp"

#include <chrono>

namespace wsrelay {

namespace {

// Questions that are asked at a time, and that wait: a few people's.
constexpr std::size_t question_threads = 2, max_questions = 64;

// The same of servers, by the server API.
constexpr std::size_t call_threads = 4, max_calls = 256;

// For those under way at the end: a node that stops answers soon, or its actors
// have ended, which is an answer as well.
constexpr std::chrono::seconds end_patience{10};

// An operator's client is near. Whoever only holds sockets loses them soon.
constexpr std::chrono::seconds request_patience{5};

// A text to send is in it.
constexpr std::size_t max_body = 1024 * 1024;

} // namespace

service_config to_service(const admin_config& settings) {
  service_config result;
  result.name = settings.name;
  result.addresses = settings.addresses;
  result.socket_mode = settings.socket_mode;
  result.socket_owner = settings.socket_owner;
  result.threads = 1;
  result.max_connections = settings.max_connections;
  result.max_body_size = max_body;
  result.first_byte_timeout = request_patience;
  result.header_timeout = request_patience;
  result.request_timeout = request_patience;
  result.tls = settings.tls;
  result.where = settings.where;
  return result;
}

admin_parts::admin_parts(admin_view& view_)
    : view{view_},
      hub{std::make_shared<event_hub>(view.system().node())},
      samples{view,
              [to = hub](const history_point& point) {
                if (to->is_wanted())
                  to->publish("point", to_json(point));
              }},
      api{view, samples},
      questions{question_threads, max_questions},
      calls{call_threads, max_calls} {}

admin::admin(admin_view& view) : parts_{std::make_shared<admin_parts>(view)} {}

admin::~admin() {
  stop();
}

std::shared_ptr<http_host> admin::make_host(std::shared_ptr<service> owner,
                                            loop& home) {
  return make_admin_host(parts_, std::move(owner), home);
}

std::shared_ptr<connection_journal> admin::journal() const {
  return parts_->hub;
}

void admin::on_state(node_state state) {
  parts_->hub->publish("state", make_json([&](json_writer& out) {
                         out.StartObject();
                         put(out, "state", to_text(state));
                         out.EndObject();
                       }));
}

void admin::end_streams() {
  parts_->streams.end_all();
}

void admin::stop() {
  parts_->hub->close();
  auto deadline = std::chrono::steady_clock::now() + end_patience;
  parts_->questions.stop(deadline);
  parts_->calls.stop(deadline);
  parts_->samples.stop();
}

} // namespace wsrelay
