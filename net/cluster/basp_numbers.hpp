// Numbers as BASP has them: big-endian.
#pragma once

#include <boost/endian/conversion.hpp>

namespace wsrelay {

template <class T>
T basp_number_at(const char* from) noexcept {
  return boost::endian::endian_load<T, sizeof(T), boost::endian::order::big>(
      reinterpret_cast<const unsigned char*>(from));
}

template <class T>
void put_basp_number(char* to, T value) noexcept {
  boost::endian::endian_store<T, sizeof(T), boost::endian::order::big>(
      reinterpret_cast<unsigned char*>(to), value);
}

} // namespace wsrelay
