// Where an entry stands, where it listens, and what it shows there. Part of
// config.hpp.
#pragma once

#include "config/service_address.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

/// Where an entry stands, for reports: "relay.yaml:12".
struct source_location {
  std::string file; // "built-in" when there is no file
  int line = 0;     // counts from 1, 0 = unknown
};

/// PEM files: a certificate with the chain that leads to an authority, and its
/// key, which is not encrypted.
struct certificate_files {
  std::string certificate;
  std::string key;
};

/// `client_certificate` of a service's `tls`: whether a client shows one.
enum class client_certificate_policy : std::uint8_t {
  off,     // it is not asked
  request, // it may show one; a bad one fails the handshake
  require, // it must
};

/// `tls` of an http.service: it speaks https and wss.
struct service_tls_config {
  /// `certificate` and `key`, or `certificates` for many: a client gets the
  /// first one with the name that it asks for (SNI), or else the first one.
  std::vector<certificate_files> certificates;
  bool are_listed = false; // written as `certificates`
  /// `handshake_timeout`: from accept to the end of the handshake.
  std::chrono::milliseconds handshake_timeout = std::chrono::seconds{10};
  /// `max_handshakes`: under way at a time, 1 to 100000, each loop with its
  /// share. One more drops the oldest.
  std::size_t max_handshakes = 1000;
  /// `client_ca`: PEM file of the authorities that sign clients' certificates.
  std::string client_ca;
  client_certificate_policy client_certificate = client_certificate_policy::off;

  bool enabled() const noexcept { return !certificates.empty(); }

  /// Returns the key path, within the service, of a member of the certificate
  /// at this place.
  std::string key_of(std::size_t place, std::string_view member) const {
    auto list =
        are_listed ? "certificates[" + std::to_string(place) + "]." : "";
    return "tls." + list + std::string{member};
  }
};

} // namespace wsrelay
