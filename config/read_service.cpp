// Reads an http.service.
#include "config/read_entries.hpp"
#include "config/read_listen.hpp"

namespace wsrelay {

namespace {

parking_limits read_parking(yaml_map in) {
  parking_limits out;
  visit_parking(out, field_reader{in});
  in.refuse_unknown();
  return out;
}

drain_options read_drain(yaml_map in) {
  drain_options out;
  visit_drain(out, field_reader{in});
  in.refuse_unknown();
  return out;
}

address_limit_options read_address_limits(yaml_map in) {
  address_limit_options out;
  visit_address_limits(out, field_reader{in});
  out.allow = in.texts("allow");
  in.refuse_unknown();
  return out;
}

} // namespace

service_config read_service(yaml_map& in, const std::string& folder) {
  service_config out;
  in.child("meta").refuse_unknown();
  read_listen(in, out, folder);
  visit_service(out, field_reader{in});
  out.trusted_proxies = in.texts("trusted_proxies");
  out.address_limits = read_address_limits(in.child("address_limits"));
  out.drain = read_drain(in.child("drain"));
  out.parking = read_parking(in.child("parking"));
  return out;
}

} // namespace wsrelay
