// Calls: from a name to an answer.
#include "net/http/upstream.hpp"

#include "actors/log.hpp"
#include "actors/log_limit.hpp"
#include "actors/log_value.hpp"
#include "net/http/response_reader.hpp"
#include "net/http/upstream_dial.hpp"
#include "net/http/upstream_pool.hpp"
#include "net/http/upstream_request.hpp"
#include "protocol/http_fields.hpp"
#include "protocol/json.hpp"

#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <limits>
#include <optional>
#include <string>
#include <utility>

namespace wsrelay {

namespace {

// Of an upstream's answer.
constexpr std::size_t max_header_size = 64 * 1024;
constexpr std::size_t max_header_fields = 1000;

// One that is down fails with every request: a line now and then tells it. The
// URLs are those of the configuration.
constexpr log_limit_options failure_lines{
    .max_lines = 1,
    .interval = std::chrono::seconds{5},
    .max_reasons = std::numeric_limits<std::size_t>::max(),
    .max_reason_size = std::numeric_limits<std::size_t>::max()};

} // namespace

// What the calls of a loop share.
class upstream_client::impl {
public:
  impl(loop& home, std::shared_ptr<name_resolver> names,
       std::shared_ptr<const upstream_contexts> contexts)
      : home{home},
        pool{home},
        door{std::make_shared<loop_door>(home)},
        names{std::move(names)},
        contexts{std::move(contexts)} {}

  class call;

  // What a call sends, and what for.
  struct call_request {
    std::string method;
    shared_buffer head;
    shared_buffer body;
  };

  loop& home;
  upstream_pool pool;
  log_limit failures{failure_lines}; // by URL
  const std::shared_ptr<loop_door> door;
  const std::shared_ptr<name_resolver> names;
  const std::shared_ptr<const upstream_contexts> contexts;
};

class upstream_client::impl::call final
    : public upstream_call,
      public open_socket,
      private loop_timer,
      private wire_events,
      public std::enable_shared_from_this<call> {
public:
  using completion = std::function<void(upstream_result)>;

  call(std::shared_ptr<impl> owner,
       std::shared_ptr<const upstream_handler> upstream, call_request request,
       completion done)
      : owner_{std::move(owner)},
        upstream_{std::move(upstream)},
        request_{std::move(request)},
        done_{std::move(done)} {}

  ~call() override { release(); }

  void start() {
    owner_->home.add(*this);
    if (auto wire = owner_->pool.take(*upstream_)) {
      reused_ = true;
      use(std::move(wire));
    } else {
      find_name();
    }
  }

  void cancel() override {
    release();
    cancelled_ = true;
    auto dropped = std::exchange(done_, nullptr); // may own this
  }

  // The owner may be in the middle of its own end: it is told later.
  void abort() override { finish_later({503, "upstream", "the server stops"}); }

  bool is_idle() const override { return false; }

  bool was_sent() const override { return written_; }

  // When the loop ends before that, `done` ends with it.
  void finish_later(problem why) {
    release();
    owner_->home.post([me = weak_from_this(), why = std::move(why),
                       done = std::exchange(done_, nullptr)] {
      auto keep = me.lock();
      if (keep && !keep->cancelled_ && done)
        done(why);
    });
  }

private:
  // -- connecting -------------------------------------------------------------

  void find_name() {
    set_deadline(upstream_->connect_timeout);
    question_ =
        owner_->names->find(owner_->door, upstream_->host,
                            [me = weak_from_this()](const name_result& found) {
                              if (auto keep = me.lock())
                                keep->guard([&] { keep->on_name(found); });
                            });
  }

  void on_name(const name_result& found) {
    question_ = nullptr;
    if (!found)
      return fail("the upstream's name is unknown", found.error().what);
    upstream_context context;
    if (upstream_->tls) {
      context = owner_->contexts->find(upstream_->ca);
      if (!context) // it is no upstream of the configuration
        return fail("the upstream cannot be reached", "its ca is not loaded");
    }
    dial_plan plan{*found, upstream_->port, upstream_->host, std::move(context),
                   deadline()};
    // The dial goes with this call, and is silent then.
    dial_ = std::make_unique<upstream_dial>(
        owner_->home, std::move(plan),
        [this](auto wire) { guard([&] { on_dialed(std::move(wire)); }); });
    dial_->start();
  }

  void on_dialed(result<std::shared_ptr<upstream_wire>> wire) {
    dial_ = nullptr;
    if (!wire)
      return fail("the upstream cannot be reached", wire.error().what);
    use(std::move(*wire));
  }

  // -- asking -----------------------------------------------------------------

  void use(std::shared_ptr<upstream_wire> wire) {
    set_deadline(upstream_->response_timeout);
    wire_ = std::move(wire);
    reader_.emplace(reader_limits{max_header_size, max_header_fields,
                                  upstream_->max_response_size},
                    request_.method == "HEAD");
    wire_->attach(*this);
    wire_->write(request_.head, request_.body);
  }

  void on_written(bool whole, bool sent) override {
    // When it failed there may still be an answer that was sent before.
    written_ = whole;
    unsent_ = !whole && !sent;
  }

  void on_bytes(std::string_view bytes) override {
    guard([&] {
      auto event = response_reader::event::none;
      do
        event = reader_->next(bytes);
      while (event == response_reader::event::header);
      on_event(event, bytes.empty());
    });
  }

  void on_end(const std::string& why) override {
    guard([&] {
      if (may_retry())
        return retry();
      if (!why.empty())
        return fail("the upstream broke the connection", why);
      on_event(reader_->finish(), false);
    });
  }

  void on_event(response_reader::event event, bool stays) {
    if (event == response_reader::event::failed)
      fail_reading();
    if (event == response_reader::event::done)
      on_answer(stays);
  }

  void fail_reading() {
    auto why = fmt::format("the upstream's response {}", reader_->error());
    fail(why, why);
  }

  // A server may close a connection that was kept just when it is used again.
  bool may_retry() const {
    return reused_ && !reader_->had_bytes()
           && (unsent_ || is_idempotent(request_.method));
  }

  void retry() {
    reused_ = written_ = unsent_ = false;
    drop_wire();
    find_name();
  }

  void on_answer(bool stays) {
    stays = stays && written_ && reader_->keep_alive()
            && upstream_->max_idle_connections > 0;
    http_answer answer;
    if (request_.method == "HEAD")
      answer.length = reader_->length();
    answer.response = reader_->take();
    erase_field(answer.response.headers, "Content-Length");
    // Who refuses a body may never read it: it stands in the kernel's buffers.
    if (stays && (request_.body.empty() || answer.response.status < 400)) {
      owner_->pool.keep(*upstream_, wire_);
      wire_ = nullptr;
    }
    finish(std::move(answer));
  }

  // -- ending -----------------------------------------------------------------

  void set_deadline(std::chrono::milliseconds timeout) {
    owner_->home.set_timer(*this, owner_->home.now() + timeout);
  }

  void on_timer() override {
    guard([&] {
      report(wire_ ? "no response in time" : "no connection in time");
      finish(problem{504, "upstream", "the upstream did not answer in time"});
    });
  }

  // Whatever goes wrong here is this call's end and nobody else's.
  template <class F>
  void guard(F what) {
    auto keep = shared_from_this();
    try {
      what();
    } catch (const std::exception& error) {
      fail("the upstream call failed", error.what());
    }
  }

  void fail(std::string detail, const std::string& why) {
    report(why);
    finish(problem{502, "upstream", std::move(detail)});
  }

  void report(const std::string& why) {
    if (auto left_out =
            owner_->failures.allow(upstream_->url, owner_->home.now()))
      log(log_part::http)
          .warn("upstream failed: upstream={} reason={}"
                " hint=\"its client gets an error; does that server run, and "
                "answer in time?\"{}",
                log_value(upstream_->url), json_string(why),
                suppressed_text(*left_out));
  }

  void finish(upstream_result result) {
    release();
    if (auto done = std::exchange(done_, nullptr))
      done(std::move(result));
  }

  // Gives everything back but `done_`. The loop may be gone when it has
  // happened before.
  void release() {
    loop_timer::unlink();
    open_socket::unlink();
    question_ = nullptr;
    dial_ = nullptr;
    drop_wire();
  }

  void drop_wire() {
    if (auto old = std::exchange(wire_, nullptr))
      old->close();
  }

  const std::shared_ptr<impl> owner_;
  const std::shared_ptr<const upstream_handler> upstream_;
  const call_request request_;
  completion done_; // null once the call has ended
  std::shared_ptr<name_resolver::question> question_;
  std::unique_ptr<upstream_dial> dial_;
  std::shared_ptr<upstream_wire> wire_;
  std::optional<response_reader> reader_;
  bool reused_ = false;  // the wire was kept
  bool written_ = false; // the whole request went out
  bool unsent_ = false;  // writing failed before the first byte
  bool cancelled_ = false;
};

upstream_client::upstream_client(
    loop& home, std::shared_ptr<name_resolver> names,
    std::shared_ptr<const upstream_contexts> contexts)
    : impl_{
        std::make_shared<impl>(home, std::move(names), std::move(contexts))} {}

upstream_client::~upstream_client() {
  impl_->door->close();
  close_idle();
}

std::shared_ptr<upstream_call>
upstream_client::ask(std::shared_ptr<const upstream_handler> upstream,
                     const http_request& request, http_fields forwarded,
                     std::function<void(upstream_result)> done) {
  auto head = to_upstream_head(*upstream, request, forwarded);
  auto* bad = std::get_if<problem>(&head);
  impl::call_request sent{request.method, {}, request.body};
  if (!bad)
    sent.head = shared_buffer{std::get<std::string>(head)};
  auto result = std::make_shared<impl::call>(impl_, std::move(upstream),
                                             std::move(sent), std::move(done));
  if (bad)
    result->finish_later(std::move(*bad));
  else
    result->start();
  return result;
}

void upstream_client::close_idle() {
  impl_->pool.clear();
}

std::size_t upstream_client::idle_count() const {
  return impl_->pool.size();
}

} // namespace wsrelay
