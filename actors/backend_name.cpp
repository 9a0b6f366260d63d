// Passing on.
#include "actors/backend_name.hpp"

#include "actors/caf_compat.hpp"
#include "actors/messages.hpp"

#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/detail/sync_request_bouncer.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/make_actor.hpp>
#include <caf/monitorable_actor.hpp>
#include <caf/system_messages.hpp>

#include <utility>

namespace wsrelay {

namespace {

class backend_name final : public caf::monitorable_actor {
public:
  backend_name(caf::actor_config& config, const caf::actor& session,
               std::uint32_t number)
      : caf::monitorable_actor{config},
        session_{session.address()},
        number_{number} {}

  using caf::monitorable_actor::enqueue;

  void enqueue(caf::mailbox_element_ptr what,
               caf::execution_unit* host) override {
    auto ignore = [](caf::down_msg&) {};
    if (handle_system_message(*what, host, true, ignore))
      return;
    auto session = caf::actor_cast<caf::actor>(session_);
    if (!session || getf(is_terminated_flag))
      return bounce(*what);
    // What there is most of goes as it is, for the first name.
    if (number_ == 0 && what->content().match_elements<ws_message>())
      return enqueue_to(session, std::move(what), host);
    enqueue_to(session, std::move(what->sender), what->mid,
               caf::make_message(
                   backend_call{number_, what->move_content_to_message()}),
               host);
  }

  void on_destroy() override {
    if (!getf(is_cleaned_up_flag))
      cleanup(caf::exit_reason::unreachable, nullptr);
    caf::monitorable_actor::on_destroy();
  }

  const char* name() const override { return "wsrelay.backend_name"; }

private:
  static void bounce(caf::mailbox_element& what) {
    caf::detail::sync_request_bouncer tell{
        caf::exit_reason::remote_link_unreachable};
    tell(what);
  }

  caf::actor_addr session_; // which holds this one
  std::uint32_t number_;
};

} // namespace

caf::actor make_backend_name(const caf::actor& session, std::uint32_t number) {
  auto& system = session.home_system();
  caf::actor_config config;
  return caf::make_actor<backend_name, caf::actor>(
      system.next_actor_id(), system.node(), &system, config, session, number);
}

void end_backend_name(const caf::actor& who, caf::error reason) {
  auto* object = caf::actor_cast<caf::abstract_actor*>(who);
  static_cast<backend_name*>(object)->cleanup(std::move(reason), nullptr);
}

} // namespace wsrelay
