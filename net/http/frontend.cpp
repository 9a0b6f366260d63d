// What becomes of a stream whose request was let in.
#include "net/http/frontend.hpp"

#include "net/http/dispatcher.hpp"

#include <utility>

namespace wsrelay {

namespace {

class frontend final : public dispatcher {
public:
  frontend(std::shared_ptr<service> owner, loop& home, acceptor_state& acceptor)
      : dispatcher{owner,
                   {home, acceptor,
                    std::make_unique<upstream_client>(home, owner->names,
                                                      owner->contexts),
                    home.door()}},
        home_{home},
        acceptor_{acceptor} {}

  void upgrade(std::unique_ptr<byte_stream> stream, std::string_view key,
               admission admitted) override {
    start_ws_session(home_, std::move(stream), key, std::move(admitted),
                     acceptor_, deflates_);
  }

  void refuse(std::unique_ptr<byte_stream> stream, std::string_view key,
              const refused_upgrade& refused) override {
    refuse_ws_session(home_, std::move(stream), key, refused);
  }

private:
  loop& home_;
  acceptor_state& acceptor_;
  std::shared_ptr<deflate_pool> deflates_ =
      std::make_shared<deflate_pool>(home_);
};

} // namespace

std::shared_ptr<http_host> make_frontend(std::shared_ptr<service> owner,
                                         loop& home, acceptor_state& acceptor) {
  return std::make_shared<frontend>(std::move(owner), home, acceptor);
}

} // namespace wsrelay
