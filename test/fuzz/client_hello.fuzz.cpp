// What a client sends where TLS begins: hellos, garbage of their size, and what
// follows them. The first byte tells how the rest comes in pieces.
#include "net/loop/tls_records.hpp"
#include "test/fuzz/input.hpp"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>

using namespace wsrelay;
using fuzz::expect;

namespace {

// A certificate that has signed itself, made once.
SSL_CTX* server_context() {
  static auto* context = [] {
    auto* key = EVP_EC_gen("P-256");
    auto* certificate = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    auto* made = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(made, certificate);
    SSL_CTX_use_PrivateKey(made, key);
    SSL_CTX_set_options(made, SSL_OP_NO_RENEGOTIATION);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return made;
  }();
  return context;
}

using state = tls_records::state;

bool may_follow(state before, state after) {
  return before == after || before == state::proving
         || (before == state::open && after >= state::ended
             && after != state::plain_text);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  fuzz::input in{data, size};
  auto step = std::size_t{in.byte()} + 1;
  tls_records records{server_context()};
  while (!in.empty() && !records.is_over()) {
    auto before = records.now();
    auto text = records.open(in.bytes(step * step));
    expect(may_follow(before, records.now()), "states follow each other");
    expect(text.empty() || records.now() != state::proving,
           "there is no text before the handshake is done");
  }
  expect(records.now() != state::failed || !records.reason().empty(),
         "a failure has a reason");
  return 0;
}
