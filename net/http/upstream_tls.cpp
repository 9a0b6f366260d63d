// OpenSSL's side of calls.
#include "net/http/upstream_tls.hpp"

#include "config/load.hpp"
#include "net/loop/key_exchange.hpp"
#include "protocol/text.hpp"

#include <boost/asio/ip/address.hpp>

#include <fmt/format.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <sys/socket.h>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <system_error>
#include <variant>

namespace wsrelay {

namespace {

namespace ssl = boost::asio::ssl;
using error_code = boost::system::error_code;

// RFC 7301: the length, then the name.
constexpr unsigned char http_protocol[] = "\x08http/1.1";

bool set_up(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  // A connection that is kept needs no buffers.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  return exclude_finite_fields(context)
         && SSL_CTX_set_alpn_protos(context, http_protocol,
                                    sizeof http_protocol - 1)
                == 0;
}

std::string system_path(const char* variable, const char* otherwise) {
  auto* set = ::secure_getenv(variable);
  return set ? set : otherwise;
}

// By the hash of its name, as "002c0b4f.0" (openssl-rehash(1)).
bool is_authority(const std::filesystem::directory_entry& entry) {
  auto name = entry.path().filename().string();
  std::error_code ec;
  return name.size() > 9 && name[8] == '.'
         && name.find_first_not_of("0123456789abcdef") == 8
         && name.find_first_not_of("0123456789", 9) == name.npos
         && entry.is_regular_file(ec);
}

void load_folder(X509_STORE* into, std::string_view folder) {
  std::error_code ec;
  std::filesystem::directory_iterator entry{folder, ec};
  for (; !ec && entry != decltype(entry){}; entry.increment(ec))
    if (is_authority(*entry))
      X509_STORE_load_file(into, entry->path().c_str());
}

// Where OpenSSL looks, but all of it now: OpenSSL looks into the folders in
// each handshake. What is not there is not trusted.
void trust_system(X509_STORE* store) {
  auto file = system_path(X509_get_default_cert_file_env(),
                          X509_get_default_cert_file());
  X509_STORE_load_file(store, file.c_str());
  auto folders =
      system_path(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
  for (auto folder : split(folders, ':'))
    load_folder(store, folder);
  ERR_clear_error();
}

result<upstream_context> make(const std::string& ca) {
  auto made = std::make_shared<ssl::context>(ssl::context::tls_client);
  if (!set_up(made->native_handle()))
    return failure{"OpenSSL has no exchange of keys for TLS"};
  made->set_verify_mode(ssl::verify_peer);
  error_code ec;
  if (ca.empty())
    trust_system(SSL_CTX_get_cert_store(made->native_handle()));
  else if (made->load_verify_file(ca, ec); ec)
    return failure{fmt::format("cannot use {}: {}", ca, ec.message())};
  return made;
}

} // namespace

checked upstream_contexts::add(const std::string& ca) try {
  if (made_.contains(ca))
    return passed();
  auto made = make(ca);
  if (!made)
    return made.error();
  made_.emplace(ca, *made);
  return passed();
} catch (const std::exception& error) { // memory is short
  return failure{error.what()};
}

upstream_context upstream_contexts::find(const std::string& ca) const {
  auto found = made_.find(ca);
  return found == made_.end() ? nullptr : found->second;
}

result<std::shared_ptr<const upstream_contexts>>
make_upstream_contexts(const relay_config& config) {
  auto made = std::make_shared<upstream_contexts>();
  auto add = [&](auto& entry, const upstream_handler& server) -> checked {
    auto added = server.tls ? made->add(server.ca) : passed();
    if (added)
      return added;
    return failure{to_text(
        config_issue{entry.where, entry.name + ".ca", added.error().what})};
  };
  for (auto& endpoint : config.endpoints)
    if (auto* upstream = std::get_if<upstream_handler>(&endpoint.handler))
      if (auto added = add(endpoint, *upstream); !added)
        return added.error();
  for (auto& target : config.targets)
    if (auto added = add(target, target.server); !added)
      return added.error();
  return std::shared_ptr<const upstream_contexts>{std::move(made)};
}

bool expect_host(SSL* connection, const std::string& host) {
  auto* rules = SSL_get0_param(connection);
  error_code ec;
  boost::asio::ip::make_address(host, ec);
  if (!ec)
    return X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1;
  // The dot of a full name stands in no certificate (RFC 6066 section 3).
  auto name = host.substr(0, host.size() - (host.ends_with('.') ? 1 : 0));
  X509_VERIFY_PARAM_set_hostflags(
      rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
                 // RFC 9110 section 4.3.4: its names stand in subjectAltName
                 | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  return X509_VERIFY_PARAM_set1_host(rules, name.c_str(), name.size()) == 1
         && SSL_set_tlsext_host_name(connection, name.c_str()) == 1;
}

void end_tls(SSL* connection, int socket) noexcept {
  if (!SSL_is_init_finished(connection))
    return;
  auto* out = BIO_new(BIO_s_mem());
  if (!out)
    return;
  SSL_set0_wbio(connection, out);
  SSL_shutdown(connection);
  ERR_clear_error();
  char* bytes = nullptr;
  if (auto size = BIO_get_mem_data(out, &bytes); size > 0)
    ::send(socket, bytes, std::size_t(size), MSG_DONTWAIT | MSG_NOSIGNAL);
}

std::string handshake_failure(SSL* connection, error_code ec) {
  auto verified = SSL_get_verify_result(connection);
  if (verified == X509_V_OK)
    return ec.message();
  return fmt::format("{}: {}", ec.message(),
                     X509_verify_cert_error_string(verified));
}

} // namespace wsrelay
