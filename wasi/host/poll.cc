// Waiting for many sources by one ppoll(2).
//
// Guests make pollables at will, several for one stream, while ppoll refuses more entries than the process may have
// descriptors: so each descriptor is polled once, and a table by descriptor says where. An epoll set kept between calls
// would spare the kernel the list, but it would have to be told of each pollable that comes and goes, two system calls for
// each; at 500 descriptors one ppoll takes 20 microseconds, and guests seldom wait for more.
//
// Of the times only the earliest counts. What wakes a source need not make it ready (Source::arrived): then all is
// gathered anew, since one step may change what others wait for.
#include "wasi/host/poll.h"

#include <errno.h>

#include <algorithm>

namespace wherry::wasi::host {

namespace {

class Gathering {
 public:
  explicit Gathering(std::span<Source* const> sources) : sources_(sources) {}

  [[nodiscard]] int add_all();
  // With `at_once`, looks without waiting.
  [[nodiscard]] int wait(Patience& patience, bool at_once);
  [[nodiscard]] int collect(base::Vector<uint32_t>& ready);

 private:
  [[nodiscard]] int add(const Interest& interest);
  bool has_come(const Interest& interest) const;

  std::span<Source* const> sources_;
  base::Vector<Interest> interests_;
  base::Vector<pollfd> polled_;
  base::Vector<uint32_t> place_;  // by descriptor: 1 + its index in polled_, or 0
  uint64_t until_ = UINT64_MAX;
  uint64_t now_ = 0;
};

int Gathering::add(const Interest& interest) {
  if (!interests_.push_back(interest)) return ENOMEM;
  until_ = std::min(until_, interest.until);
  if (interest.fd < 0) return 0;
  const auto fd = static_cast<size_t>(interest.fd);
  if (fd >= place_.size() && !place_.resize(fd + 1)) return ENOMEM;
  if (place_[fd] == 0) {
    if (!polled_.push_back({interest.fd, 0, 0})) return ENOMEM;
    place_[fd] = static_cast<uint32_t>(polled_.size());
  }
  polled_[place_[fd] - 1].events |= interest.events;
  return 0;
}

int Gathering::add_all() {
  if (!interests_.reserve(sources_.size())) return ENOMEM;
  for (Source* source : sources_) {
    if (int error = add(source->interest())) return error;
  }
  return 0;
}

int Gathering::wait(Patience& patience, bool at_once) {
  int count = 0;
  std::optional<uint64_t> until;
  if (at_once) {
    until = 0;
  } else if (until_ != UINT64_MAX) {
    until = until_;
  }
  if (int error = host::wait(patience, polled_.span(), until, count)) return error;
  now_ = monotonic_now();
  return 0;
}

// Errors and hang-ups are reported whether asked for or not, to those who wait for the other direction, too: what they
// do next will find out.
bool Gathering::has_come(const Interest& interest) const {
  if (interest.until <= now_) return true;
  if (interest.fd < 0) return false;
  const short found = polled_[place_[static_cast<size_t>(interest.fd)] - 1].revents;
  return (found & (interest.events | POLLERR | POLLHUP | POLLNVAL)) != 0;
}

int Gathering::collect(base::Vector<uint32_t>& ready) {
  for (size_t i = 0; i < sources_.size(); ++i) {
    if (!has_come(interests_[i]) || !sources_[i]->arrived()) continue;
    if (!ready.push_back(static_cast<uint32_t>(i))) return ENOMEM;
  }
  return 0;
}

}  // namespace

int wait_for_any(Patience& patience, std::span<Source* const> sources, base::Vector<uint32_t>& ready) {
  ready.clear();
  if (sources.empty()) return EINVAL;
  while (true) {
    Gathering gathering(sources);
    if (int error = gathering.add_all()) return error;
    if (int error = gathering.wait(patience, /*at_once=*/false)) return error;
    if (int error = gathering.collect(ready)) return error;
    if (int error = patience.check()) return error;
    if (!ready.empty()) return 0;
  }
}

int wait_for_source(Patience& patience, Source& source) {
  if (source.interest().until == 0 && source.arrived()) return patience.check();  // Files: no system call.
  Source* const one = &source;
  base::Vector<uint32_t> ready;
  return wait_for_any(patience, {&one, 1}, ready);
}

int is_ready(Patience& patience, Source& source, bool& ready) {
  if (source.interest().until == 0) {
    ready = source.arrived();
    return 0;
  }
  Source* const one = &source;
  base::Vector<uint32_t> found;
  Gathering gathering({&one, 1});
  if (int error = gathering.add_all()) return error;
  if (int error = gathering.wait(patience, /*at_once=*/true)) return error;
  if (int error = gathering.collect(found)) return error;
  ready = !found.empty();
  return 0;
}

}  // namespace wherry::wasi::host
