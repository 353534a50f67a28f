#include "wasi/host/poll.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <vector>

#include "wasi/host/handle.h"

namespace wherry::wasi::host {
namespace {

class Event final : public Source {
 public:
  Event() : handle(Handle::own(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))) {}
  Interest interest() override { return Interest::in(handle.fd()); }
  bool arrived() override { return ++wakes >= wakes_needed; }
  void set() const { eventfd_write(handle.fd(), 1); }

  Handle handle;
  int wakes = 0;
  int wakes_needed = 1;
};

std::vector<uint32_t> to_vector(const base::Vector<uint32_t>& in) { return {in.begin(), in.end()}; }

TEST_CASE("polling tells all that are ready, each time they stand in the list") {
  Patience patience;
  const Ref<Event> a = make_ref<Event>();
  const Ref<Event> b = make_ref<Event>();
  const Ref<Timer> past = make_ref<Timer>(uint64_t{1});
  const Ref<Timer> never = make_ref<Timer>(UINT64_MAX);
  b->set();
  base::Vector<uint32_t> ready;
  Source* const all[] = {a.get(), b.get(), never.get(), past.get(), b.get(), past.get()};
  CHECK(wait_for_any(patience, all, ready) == 0);
  CHECK(to_vector(ready) == std::vector<uint32_t>{1, 3, 4, 5});
  CHECK(wait_for_any(patience, {}, ready) == EINVAL);
}

TEST_CASE("a timer wakes the poll when its time has come") {
  Patience patience;
  const Ref<Event> event = make_ref<Event>();
  const uint64_t until = monotonic_now() + 20'000'000;
  const Ref<Timer> timer = make_ref<Timer>(until);
  const Ref<Timer> later = make_ref<Timer>(until + 3'600'000'000'000);
  base::Vector<uint32_t> ready;
  Source* const all[] = {event.get(), later.get(), timer.get()};
  CHECK(wait_for_any(patience, all, ready) == 0);
  CHECK(to_vector(ready) == std::vector<uint32_t>{2});
  CHECK(monotonic_now() >= until);
}

TEST_CASE("a source that was only woken on its way is waited for again") {
  Patience patience;
  const Ref<Event> event = make_ref<Event>();
  event->wakes_needed = 3;
  event->set();
  CHECK(wait_for_source(patience, *event) == 0);
  CHECK(event->wakes == 3);
  bool ready = true;
  event->wakes_needed = 100;
  CHECK(is_ready(patience, *event, ready) == 0);
  CHECK_FALSE(ready);
}

TEST_CASE("more sources than a process may have descriptors can be waited for") {
  rlimit limit;
  REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const Ref<Event> a = make_ref<Event>();
  const Ref<Event> b = make_ref<Event>();
  rlimit low = {64, limit.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &low) == 0);
  std::vector<Source*> all;
  for (int i = 0; i < 500; ++i) all.push_back(i % 2 == 0 ? a.get() : b.get());
  b->set();
  Patience patience;
  base::Vector<uint32_t> ready;
  CHECK(wait_for_any(patience, all, ready) == 0);
  CHECK(ready.size() == 250);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

TEST_CASE("hundreds of descriptors are waited for at once") {
  std::vector<Ref<Event>> events;
  std::vector<Source*> all;
  for (int i = 0; i < 400; ++i) {
    events.push_back(make_ref<Event>());
    all.push_back(events.back().get());
  }
  events[17]->set();
  events[399]->set();
  Patience patience;
  base::Vector<uint32_t> ready;
  CHECK(wait_for_any(patience, all, ready) == 0);
  CHECK(to_vector(ready) == std::vector<uint32_t>{17, 399});
}

}  // namespace
}  // namespace wherry::wasi::host
