// What comes from another node: bytes in, whole messages out.
#pragma once

#include "net/cluster/basp_check.hpp"
#include "net/cluster/basp_input.hpp"
#include "net/cluster/basp_parts.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace wsrelay {

/// Cuts the bytes of a stream into messages and joins those that came in parts.
/// A header is judged as soon as it is there.
class basp_reader {
public:
  enum class found { nothing, message, bundle, offence };

  /// Returns where bytes are read to.
  basp_input& input() noexcept { return input_; }
  const basp_input& input() const noexcept { return input_; }

  /// Looks for the next message: its payload goes to `payload`, but for that of
  /// a bundle that came whole. Nothing: more has to come. After an offence the
  /// connection is over.
  found next(basp_phase phase, std::vector<char>& payload);

  /// Returns the header of the message that was found, as CAF knows it.
  const basp_header& header() const noexcept { return header_; }

  /// Returns the bundle that was found, in the input: valid until more is read.
  std::string_view bundle() const noexcept { return bundle_; }

  /// Returns whether the other side's handshake said that it reads parts.
  bool other_reads_parts() const noexcept { return other_reads_parts_; }

  /// Returns why nothing more is read.
  const std::string& offence() const noexcept { return offence_; }

private:
  bool begins_whole(basp_phase phase);
  void take_promise();

  basp_input input_;
  basp_assembly assembly_;
  basp_header header_{};
  std::string_view bundle_;
  std::string offence_;
  bool other_reads_parts_ = false;
  bool judged_ = false; // the header that the input begins with
};

} // namespace wsrelay
