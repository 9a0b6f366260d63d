// Between Beast's HTTP messages and those that actors see. For .cpp files that
// speak HTTP.
#pragma once

#include "actors/messages.hpp"
#include "protocol/http_fields.hpp"

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

namespace wsrelay {

using beast_request =
    boost::beast::http::request<boost::beast::http::string_body>;
using beast_response =
    boost::beast::http::response<boost::beast::http::string_body>;

/// Returns the fields in their order.
http_fields to_fields(const boost::beast::http::fields& fields);

/// Returns the request as a handler actor gets it; `params` stays empty.
http_request to_request(const beast_request& request,
                        std::string remote_address);

/// Returns a request of Beast with the method, target and body of `request` and
/// the given fields.
beast_request to_beast(const http_request& request, const http_fields& fields);

/// Returns an upstream's response without its hop-by-hop fields.
http_response to_response(const beast_response& response);

} // namespace wsrelay
