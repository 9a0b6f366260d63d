// By libcurl.
#include "tools/wsrelay/admin_client.hpp"

#include "protocol/json.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <cctype>
#include <memory>
#include <string>

namespace wsrelay::cli {

namespace {

// A page of connections has no more.
constexpr std::size_t max_answer = 64 * 1024 * 1024;

struct curl_deleter {
  void operator()(CURL* what) const { curl_easy_cleanup(what); }
  void operator()(curl_slist* what) const { curl_slist_free_all(what); }
};

std::size_t take(char* bytes, std::size_t size, std::size_t count, void* into) {
  auto& out = *static_cast<std::string*>(into);
  if (out.size() + size * count > max_answer)
    return 0; // curl ends the transfer
  out.append(bytes, size * count);
  return size * count;
}

exit_code code_of(long status) {
  switch (status) {
    case 404:
      return exit_code::not_found;
    case 503:
      return exit_code::unreachable;
    case 504:
      return exit_code::timeout;
    default:
      return exit_code::refused;
  }
}

std::string member(const rapidjson::Document& from, const char* name) {
  auto found = from.IsObject() ? from.FindMember(name) : from.MemberEnd();
  return found != from.MemberEnd() && found->value.IsString()
             ? std::string{found->value.GetString(),
                           found->value.GetStringLength()}
             : std::string{};
}

// `detail` is curl's own, or "".
[[noreturn]] void fail(const std::string& url, CURLcode error,
                       std::string_view detail) {
  auto late = error == CURLE_OPERATION_TIMEDOUT;
  auto text = fmt::format("{}: {}", url, curl_easy_strerror(error));
  if (error == CURLE_PEER_FAILED_VERIFICATION)
    text += fmt::format("{}{} (--tls-ca or WSRELAY_TLS_CA names who signs it)",
                        detail.empty() ? "" : ": ", detail);
  throw command_error{late ? exit_code::timeout : exit_code::unreachable,
                      late ? "timeout" : "unreachable", text};
}

[[noreturn]] void fail_stranger(const std::string& url, long status) {
  throw command_error{
      exit_code::unreachable, "unreachable",
      fmt::format("{} is no admin listener (status {})", url, status)};
}

// An http.service answers with documents like these, and has no such path.
[[noreturn]] void fail_answer(const std::string& url, long status,
                              const rapidjson::Document& answer) {
  auto check = member(answer, "check");
  if (check.empty() || (status == 404 && check == "path"))
    fail_stranger(url, status);
  auto detail = member(answer, "detail");
  if (status == 401)
    detail += " (--token-file or WSRELAY_TOKEN_FILE)";
  throw command_error{code_of(status), check, detail};
}

} // namespace

rapidjson::Document admin_client::get(const std::string& path) {
  return ask(path, nullptr);
}

rapidjson::Document admin_client::post(const std::string& path,
                                       const std::string& body) {
  return ask(path, &body);
}

rapidjson::Document admin_client::ask(const std::string& path,
                                      const std::string* body) {
  std::unique_ptr<CURL, curl_deleter> curl{curl_easy_init()};
  if (!curl)
    throw command_error{exit_code::failed, "failed", "curl cannot start"};
  auto set = [&](CURLoption option, auto value) {
    curl_easy_setopt(curl.get(), option, value);
  };
  constexpr std::string_view unix_scheme = "unix:";
  auto base = where_.url;
  if (base.starts_with(unix_scheme)) {
    set(CURLOPT_UNIX_SOCKET_PATH, base.c_str() + unix_scheme.size());
    base = "http://localhost";
  }
  auto url = fmt::format("{}/api/v1/{}", base, path);
  std::string answer;
  std::unique_ptr<curl_slist, curl_deleter> fields{
      curl_slist_append(nullptr, "Content-Type: application/json")};
  if (!where_.token.empty())
    curl_slist_append(
        fields.get(),
        fmt::format("Authorization: Bearer {}", where_.token).c_str());
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_HTTPHEADER, fields.get());
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(timeout_.count()));
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROXY, ""); // nobody stands between an operator and his node
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_WRITEFUNCTION, &take);
  set(CURLOPT_WRITEDATA, &answer);
  char detail[CURL_ERROR_SIZE] = "";
  set(CURLOPT_ERRORBUFFER, &detail[0]);
  if (!where_.ca.empty())
    set(CURLOPT_CAINFO, where_.ca.c_str());
  if (body) {
    set(CURLOPT_POSTFIELDSIZE, static_cast<long>(body->size()));
    set(CURLOPT_POSTFIELDS, body->c_str());
  }
  if (auto error = curl_easy_perform(curl.get()); error != CURLE_OK)
    fail(where_.url, error, detail);
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  rapidjson::Document result;
  if (check_json(answer)) // whose depth is bounded
    result.Parse(answer.data(), answer.size());
  if (status < 200 || status > 299)
    fail_answer(where_.url, status, result);
  if (!result.IsObject())
    fail_stranger(where_.url, status);
  return result;
}

std::string percent_encode(std::string_view text) {
  std::string result;
  for (unsigned char c : text)
    if ((c < 0x80 && std::isalnum(c)) || c == '-' || c == '_' || c == '.'
        || c == '~')
      result += static_cast<char>(c);
    else
      result += fmt::format("%{:02X}", c);
  return result;
}

} // namespace wsrelay::cli
