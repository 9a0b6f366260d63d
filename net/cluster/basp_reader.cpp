// Headers first, then what they promise.
#include "net/cluster/basp_reader.hpp"

namespace wsrelay {

basp_reader::found basp_reader::next(basp_phase phase,
                                     std::vector<char>& payload) {
  while (begins_whole(phase)) {
    input_.skip(basp_header_size);
    if (header_.operation == basp_bundle) {
      bundle_ = input_.front(header_.payload_len);
      input_.skip(header_.payload_len);
      return found::bundle;
    }
    if (header_.operation != basp_part) {
      input_.take(header_.payload_len, payload);
      take_promise();
      return found::message;
    }
    offence_ = assembly_.add(input_.front(header_.payload_len), phase);
    input_.skip(header_.payload_len);
    if (!offence_.empty())
      return found::offence;
    if (assembly_.is_whole()) {
      header_ = assembly_.header();
      assembly_.take(payload);
      return found::message;
    }
  }
  return offence_.empty() ? found::nothing : found::offence;
}

// CAF knows nothing of it.
void basp_reader::take_promise() {
  if (!is_handshake(header_.operation))
    return;
  other_reads_parts_ = (header_.flags & reads_basp_parts_flag) != 0;
  header_.flags &= static_cast<std::uint8_t>(~reads_basp_parts_flag);
}

bool basp_reader::begins_whole(basp_phase phase) {
  auto front = input_.front(basp_header_size);
  if (front.size() < basp_header_size)
    return false;
  if (!judged_)
    offence_ = refuse_basp_header(front, phase);
  if (!offence_.empty())
    return false;
  header_ = read_basp_header(front.data());
  judged_ = input_.size() < basp_header_size + header_.payload_len;
  return !judged_;
}

} // namespace wsrelay
