// Something that loops run, without an actor.
#pragma once

#include <caf/resumable.hpp>

#include <atomic>
#include <functional>

namespace wsrelay::test {

/// Counts its references and does what it was given. Outlives every run.
class fake_job final : public caf::resumable {
public:
  using function = std::function<resume_result(caf::execution_unit*)>;

  explicit fake_job(function what, subtype_t type = scheduled_actor)
      : what_{std::move(what)}, type_{type} {}

  subtype_t subtype() const override { return type_; }
  resume_result resume(caf::execution_unit* unit, std::size_t) override {
    return what_(unit);
  }
  void intrusive_ptr_add_ref_impl() override { ++references; }
  void intrusive_ptr_release_impl() override { --references; }

  std::atomic<int> references{0};

private:
  function what_;
  subtype_t type_;
};

} // namespace wsrelay::test
