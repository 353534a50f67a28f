// poll_oneoff: waiting for clocks and descriptors at once.
//
// Subscriptions are read from the guest's memory twice, before and after waiting, so that nothing is kept for each but
// nothing grows with their number: the host polls each descriptor once, however many subscriptions there are for it
// (ppoll itself refuses more than the process may open), and of all clocks only the earliest counts. Events are written
// one after the other over whatever the guest put there; the memory of subscriptions and events may overlap, in which
// case the guest gets what it asked for, and the host nothing worse.
//
// A subscription that cannot be (a descriptor that is not open, a clock that is none) is answered by an event with its
// error, and nothing waits then. Regular files are always ready.
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include <algorithm>

#include "wasi/host/clocks.h"
#include "wasi/host/wait.h"
#include "wasi/p1/filestat.h"
#include "wasi/p1/functions.h"

namespace wherry::wasi::p1 {

namespace {

// More than any program needs, and little enough to look at twice between two looks at the deadline.
constexpr uint32_t kMostSubscriptions = 1 << 16;

// A subscription, whichever version it is of.
struct Wanted {
  uint64_t userdata;
  uint8_t tag;
  uint32_t fd;
  uint32_t clock;
  uint64_t timeout;
  uint16_t flags;
};

template <class Raw>
Wanted to_wanted(const Raw& raw) {
  if (raw.tag == kEventClock)
    return {raw.userdata, raw.tag, 0, raw.clock.id, raw.clock.timeout, raw.clock.flags};
  return {raw.userdata, raw.tag, raw.fd, 0, 0, 0};
}

template <class Raw>
class Poll {
 public:
  Poll(Call& call, uint32_t subscriptions, uint32_t events, uint32_t count)
      : call_(call), subscriptions_(subscriptions), events_(events), count_(count) {
    const host::Circumstances& told = call.state.circumstances;
    if (!told.has_own_clocks()) return;
    told_wall_ = told.wall_now();
    told_monotonic_ = told.monotonic_now();
  }

  Errno run(uint32_t out);

 private:
  Wanted load(uint32_t index) const {
    Raw raw;
    (void)call_.memory.load(subscriptions_ + uint64_t{index} * sizeof(Raw),
                            raw);  // The whole list was checked.
    return to_wanted(raw);
  }
  void answer(const Wanted& wanted, Errno error, uint64_t size = 0, uint16_t flags = 0) {
    const Event event = {wanted.userdata, static_cast<uint16_t>(error), wanted.tag, {}, size, flags, {}};
    (void)call_.memory.store(events_ + uint64_t{answered_} * sizeof(Event), event);
    ++answered_;
  }

  Errno time_left(const Wanted& wanted, uint64_t& left) const;
  Errno look_up(const Wanted& wanted, Descriptor*& descriptor);
  Errno add(const Wanted& wanted);
  void collect(const Wanted& wanted);
  void collect_descriptor(const Wanted& wanted, const Descriptor& descriptor);

  Call& call_;
  const uint32_t subscriptions_;
  const uint32_t events_;
  const uint32_t count_;
  uint32_t answered_ = 0;
  uint64_t started_ = host::monotonic_now();
  uint64_t told_wall_ = 0;  // what clocks of the embedder's said then
  uint64_t told_monotonic_ = 0;
  std::optional<uint64_t> until_;  // the earliest clock, or 0 for what needs no waiting
  base::Vector<pollfd> polled_;
  base::Vector<uint32_t> place_;  // by guest descriptor: 1 + its index in polled_, or 0
};

// How long until a clock is due, in nanoseconds; 0 if it is.
template <class Raw>
Errno Poll<Raw>::time_left(const Wanted& wanted, uint64_t& left) const {
  if (wanted.clock > kClockMonotonic || (wanted.flags & ~kClockAbsolute) != 0) return Errno::Inval;
  const uint64_t now = host::monotonic_now();
  uint64_t passed = now - started_;
  if ((wanted.flags & kClockAbsolute) != 0) {
    const host::Circumstances& told = call_.state.circumstances;
    const bool is_wall = wanted.clock == kClockRealtime;
    if (!told.has_own_clocks()) {
      passed = is_wall ? told.wall_now() : told.monotonic_now();
    } else if (__builtin_add_overflow(passed, is_wall ? told_wall_ : told_monotonic_, &passed)) {
      passed = UINT64_MAX;
    }
  }
  left = wanted.timeout > passed ? wanted.timeout - passed : 0;
  return Errno::Success;
}

template <class Raw>
Errno Poll<Raw>::look_up(const Wanted& wanted, Descriptor*& descriptor) {
  if (Errno error = call_.get(wanted.fd, rights::kPollFdReadwrite, descriptor); error != Errno::Success)
    return error;
  const Rights needed = descriptor->kind == Kind::Listener ? rights::kSockAccept
                        : wanted.tag == kEventRead         ? rights::kFdRead
                                                           : rights::kFdWrite;
  return (descriptor->base & needed) != 0 ? Errno::Success : Errno::Badf;
}

// Adds one subscription to what is waited for. Errors: Nomem only.
template <class Raw>
Errno Poll<Raw>::add(const Wanted& wanted) {
  if (wanted.tag == kEventClock) {
    uint64_t left = 0;
    uint64_t end = 0;
    if (time_left(wanted, left) != Errno::Success) left = 0;
    if (__builtin_add_overflow(host::monotonic_now(), left, &end)) end = UINT64_MAX;
    until_ = until_ ? std::min(*until_, end) : end;
    return Errno::Success;
  }
  Descriptor* descriptor = nullptr;
  if (wanted.tag > kEventWrite || look_up(wanted, descriptor) != Errno::Success ||
      descriptor->kind == Kind::File || descriptor->kind == Kind::Null ||
      descriptor->kind == Kind::Embedder) {
    until_ = 0;
    return Errno::Success;
  }
  // The table grows while other threads open files.
  if (wanted.fd >= place_.size() && !place_.resize(call_.state.descriptors.size())) return Errno::Nomem;
  const short events = wanted.tag == kEventRead ? POLLIN : POLLOUT;
  if (place_[wanted.fd] == 0) {
    if (Errno error = call_.pin(*descriptor); error != Errno::Success) return error;
    if (!polled_.push_back({descriptor->handle.fd(), 0, 0})) return Errno::Nomem;
    place_[wanted.fd] = static_cast<uint32_t>(polled_.size());
  }
  polled_[place_[wanted.fd] - 1].events |= events;
  return Errno::Success;
}

template <class Raw>
void Poll<Raw>::collect_descriptor(const Wanted& wanted, const Descriptor& descriptor) {
  if (descriptor.kind == Kind::Null) {  // At its end, and never full.
    const bool reading = wanted.tag == kEventRead;
    return answer(wanted, Errno::Success, reading ? 0 : 1, reading ? kEventHangup : uint16_t{0});
  }
  // How much there is, nobody knows.
  if (descriptor.kind == Kind::Embedder) return answer(wanted, Errno::Success, 1);
  const int fd = descriptor.handle.fd();
  if (descriptor.kind == Kind::File) {
    uint64_t left = 1;
    struct stat status;
    uint64_t position = 0;
    const host::File file(fd, descriptor.access);
    if (wanted.tag == kEventRead && file.stat(status) == 0 && file.seek(0, SEEK_CUR, position) == 0) {
      const auto size = static_cast<uint64_t>(status.st_size);
      left = size > position ? size - position : 0;
    }
    return answer(wanted, Errno::Success, left, left == 0 ? kEventHangup : uint16_t{0});
  }
  const pollfd& polled = polled_[place_[wanted.fd] - 1];
  const short mask = wanted.tag == kEventRead ? POLLIN : POLLOUT;
  if ((polled.revents & (mask | POLLERR | POLLHUP | POLLNVAL)) == 0) return;
  if ((polled.revents & POLLNVAL) != 0) return answer(wanted, Errno::Badf);
  int waiting = 1;
  if (wanted.tag == kEventRead && descriptor.kind != Kind::Listener && ioctl(fd, FIONREAD, &waiting) != 0)
    waiting = 1;
  answer(wanted, Errno::Success, static_cast<uint64_t>(std::max(waiting, 0)),
         (polled.revents & POLLHUP) != 0 ? kEventHangup : uint16_t{0});
}

template <class Raw>
void Poll<Raw>::collect(const Wanted& wanted) {
  if (wanted.tag == kEventClock) {
    uint64_t left = 0;
    const Errno error = time_left(wanted, left);
    if (error != Errno::Success || left == 0) answer(wanted, error);
    return;
  }
  Descriptor* descriptor = nullptr;
  const Errno error = wanted.tag > kEventWrite ? Errno::Inval : look_up(wanted, descriptor);
  if (error != Errno::Success) return answer(wanted, error);
  // The guest may have changed the subscription under an event that was written over it.
  if (descriptor->kind != Kind::File && descriptor->kind != Kind::Null &&
      descriptor->kind != Kind::Embedder && (wanted.fd >= place_.size() || place_[wanted.fd] == 0)) {
    return answer(wanted, Errno::Inval);
  }
  collect_descriptor(wanted, *descriptor);
}

template <class Raw>
Errno Poll<Raw>::run(uint32_t out) {
  if (count_ == 0) return Errno::Inval;
  if (!call_.memory.contains(subscriptions_, uint64_t{count_} * sizeof(Raw)) ||
      !call_.memory.contains(events_, uint64_t{count_} * sizeof(Event)) ||
      !call_.template has<uint32_t>(out)) {
    return Errno::Fault;
  }
  if (count_ > kMostSubscriptions) return Errno::Nomem;
  // Once more if nothing came of it: the wall clock may be set back, or be a little behind the one that is waited by.
  while (answered_ == 0) {
    until_.reset();
    for (uint32_t i = 0; i < count_; ++i) {
      if (Errno error = add(load(i)); error != Errno::Success) return error;
    }
    int ready = 0;
    if (int error = host::wait(call_.patience, polled_.span(), until_, ready)) return call_.fail(error);
    for (uint32_t i = 0; i < count_; ++i) collect(load(i));
    if (int error = call_.patience.check()) return call_.fail(error);
  }
  return call_.put(out, answered_);
}

}  // namespace

Errno poll_oneoff(Call& call, uint32_t subscriptions, uint32_t events, uint32_t count, uint32_t out) {
  return Poll<Subscription>(call, subscriptions, events, count).run(out);
}

Errno unstable_poll_oneoff(Call& call, uint32_t subscriptions, uint32_t events, uint32_t count,
                           uint32_t out) {
  return Poll<UnstableSubscription>(call, subscriptions, events, count).run(out);
}

}  // namespace wherry::wasi::p1
