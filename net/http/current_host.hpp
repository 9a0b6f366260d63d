// The host of HTTP sessions that outlive a configuration: each of their
// requests goes to the one that is in force.
#pragma once

#include "net/http/session.hpp"

#include <memory>
#include <utility>

namespace wsrelay {

/// Loop thread only.
class current_host final : public http_host {
public:
  explicit current_host(std::shared_ptr<http_host> now)
      : now_{std::move(now)} {}

  /// What is under way goes on with the one before.
  void set(std::shared_ptr<http_host> next) { now_ = std::move(next); }

  reader_limits limits() const override { return now_->limits(); }
  const service_config& settings() const override { return now_->settings(); }
  bool is_stopping() const override { return now_->is_stopping(); }

  std::unique_ptr<http_task> serve(http_request request,
                                   const client_peer& peer,
                                   on_result done) override {
    auto keep = now_;
    return keep->serve(std::move(request), peer, std::move(done));
  }

  void upgrade(std::unique_ptr<byte_stream> stream, std::string_view key,
               admission admitted) override {
    now_->upgrade(std::move(stream), key, std::move(admitted));
  }

  void refuse(std::unique_ptr<byte_stream> stream, std::string_view key,
              const refused_upgrade& refused) override {
    now_->refuse(std::move(stream), key, refused);
  }

  void on_bad_request(const problem& why, const std::string& peer) override {
    now_->on_bad_request(why, peer);
  }

  void on_cut_off(std::string_view check, const std::string& peer) override {
    now_->on_cut_off(check, peer);
  }

private:
  std::shared_ptr<http_host> now_;
};

} // namespace wsrelay
