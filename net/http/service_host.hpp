// What every host of a service's sessions has in common, whatever it answers.
#pragma once

#include "net/http/service.hpp"
#include "net/http/session.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace wsrelay {

/// Reads as its service is configured, and logs there. Loop thread only.
class service_host : public http_host {
public:
  reader_limits limits() const final {
    auto& from = owner_->settings;
    return {from.max_header_size, from.max_header_fields, from.max_body_size};
  }

  const service_config& settings() const final { return owner_->settings; }

  bool is_stopping() const final { return owner_->stopping; }

  void on_bad_request(const problem& why, const std::string& peer) final {
    owner_->log_refusal(why, {peer});
  }

  void on_cut_off(std::string_view check, const std::string& peer) final {
    owner_->log_cut_off(check, peer);
  }

protected:
  explicit service_host(std::shared_ptr<service> owner)
      : owner_{std::move(owner)} {}

  const std::shared_ptr<service>& owner() const { return owner_; }

private:
  std::shared_ptr<service> owner_;
};

} // namespace wsrelay
