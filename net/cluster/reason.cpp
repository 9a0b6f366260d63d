// What OpenSSL's reasons and silences come from.
#include "net/cluster/reason.hpp"

#include "actors/log_value.hpp"
#include "protocol/json.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

#include <fmt/format.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <string_view>

namespace wsrelay {

namespace {

constexpr std::string_view no_greeting =
    "it is no node, or its cluster.node has tls and this one's has not";

// No node is lost that was silent for less.
constexpr std::chrono::milliseconds timely{50};

long in_ms(std::chrono::nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

// The other side's certificate did not pass here.
std::string_view setting_of(long verified) {
  switch (verified) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return "this node's tls.ca has not signed the other's tls.certificate";
    case X509_V_ERR_INVALID_PURPOSE:
      return "the extended key usage of the other's tls.certificate has to "
             "allow both, server and client";
    default:
      return "it is about the other's tls.certificate";
  }
}

std::string verify_reason(const SSL* tls) {
  auto verified = SSL_get_verify_result(tls);
  return fmt::format(": {}; {}", X509_verify_cert_error_string(verified),
                     setting_of(verified));
}

// What the other side says, by an alert, or what it sends that is no TLS.
std::string_view meaning_of(int reason) {
  switch (reason) {
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
      return "; the other's tls.ca has not signed this node's tls.certificate";
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
      return "; the extended key usage of this node's tls.certificate has to "
             "allow both, server and client";
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
      return "; the other refuses this node's tls.certificate";
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return "; both sides need a tls.certificate";
    case SSL_R_HTTP_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_BAD_RECORD_TYPE:
    case SSL_R_UNEXPECTED_MESSAGE:
      return "; it speaks no TLS: its cluster.node has no tls, or it is no "
             "node";
    default:
      return "; see tls of both nodes";
  }
}

} // namespace

bool is_end_of_stream(const boost::system::error_code& ec) {
  return ec == boost::asio::error::eof
         || ec == boost::asio::ssl::error::stream_truncated;
}

std::string tls_reason(const boost::system::error_code& ec, const SSL* tls) {
  if (ec.category() != boost::asio::error::get_ssl_category())
    return ec.message();
  auto reason = ERR_GET_REASON(static_cast<unsigned long>(ec.value()));
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
    return ec.message() + verify_reason(tls);
  return fmt::format("{}{}", ec.message(), meaning_of(reason));
}

std::string late_reason(std::chrono::seconds limit, std::size_t received) {
  if (received > 0)
    return fmt::format("its greeting was not whole within {}s", limit.count());
  return fmt::format("nothing came within {}s: {}", limit.count(), no_greeting);
}

std::string early_end_reason(std::size_t received) {
  std::string why = "it ended the connection before it had said who it is";
  return received > 0 ? why : fmt::format("{}: {}", why, no_greeting);
}

std::string silence_reason(std::chrono::nanoseconds silence,
                           std::chrono::nanoseconds limit) {
  return fmt::format("silent for {}ms, longer than heartbeat_timeout ({}ms): "
                     "it is gone or frozen, or its heartbeat_interval does not "
                     "fit",
                     in_ms(silence), in_ms(limit));
}

std::string stall_reason(std::chrono::nanoseconds stalled,
                         std::chrono::nanoseconds limit) {
  return fmt::format("it took nothing of what it is sent for {}ms, longer than "
                     "ten times heartbeat_timeout ({}ms)",
                     in_ms(stalled), in_ms(limit));
}

std::string overflow_reason(std::size_t waiting) {
  return fmt::format("it does not take what it is sent, {} bytes wait",
                     waiting);
}

std::string end_line(std::string_view what, std::string_view address,
                     std::string_view name, std::string_view why) {
  return fmt::format("{}: address={}{}{} reason={} hint=\"{}\"", what, address,
                     name.empty() ? "" : " name=",
                     name.empty() ? "" : log_value(name), json_string(why),
                     what == "node refused"
                         ? "is it a node? then see tls and release of both"
                         : "it connects again by itself; see that node's log");
}

std::string reset_reason(std::chrono::nanoseconds silence,
                         std::chrono::nanoseconds interval) {
  if (silence < timely)
    return {};
  return fmt::format(": this node sent nothing for {}ms: it was frozen, its "
                     "heartbeat_interval ({}ms) is not shorter than the "
                     "other one's heartbeat_timeout, or what that one's log "
                     "says",
                     in_ms(silence), in_ms(interval));
}

} // namespace wsrelay
