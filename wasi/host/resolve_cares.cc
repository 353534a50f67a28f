// Looking up names by c-ares: without a thread, and in a static program, where the C library's own resolver cannot work.
//
// Each question has a channel of its own, which reads /etc/resolv.conf and /etc/hosts when it starts: guests look up few
// names, and a channel that many share would carry one guest's cache and timers to another. Its sockets (two or three) are
// in an epoll set, so that outwards a question is one descriptor and one time, like any other source.
//
// HOSTALIASES is not honoured: a variable of the host should not decide whom a guest talks to.
#include <ares.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>

#include "wasi/host/resolve.h"

namespace wherry::wasi::host {

namespace {

constexpr size_t kMostName = 255;
constexpr size_t kMostAnswers = 256;
constexpr size_t kShares = 4;  // descriptors that one question may take

SocketError to_error(int status) {
  switch (status) {
    case ARES_SUCCESS: return SocketError::None;
    case ARES_ENODATA:
    case ARES_ENOTFOUND:
    case ARES_EBADNAME:
    case ARES_ENONAME: return SocketError::NameUnresolvable;
    case ARES_ENOMEM: return SocketError::OutOfMemory;
    case ARES_ESERVFAIL:
    case ARES_ECONNREFUSED:
    case ARES_ETIMEOUT:
    case ARES_ECANCELLED: return SocketError::TemporaryResolverFailure;
    default: return SocketError::PermanentResolverFailure;
  }
}

class Question final : public NameLookup {
 public:
  explicit Question(Ref<Network> network) : network_(std::move(network)) {}
  ~Question() override {
    if (channel_ != nullptr) ares_destroy(channel_);
  }

  SocketError ask(std::string_view name);
  SocketError next(IpAddress& out, bool& found) override;
  Interest interest() override;
  bool arrived() override {
    go_on();
    return is_answered_;
  }

 private:
  static void watch(void* self, ares_socket_t fd, int readable, int writable);
  static void answer(void* self, int status, int timeouts, ares_addrinfo* result);
  void take(const ares_addrinfo* result);
  void go_on();

  Ref<Network> network_;
  Quota::Share shares_[kShares];
  Handle sockets_;  // an epoll set
  ares_channel channel_ = nullptr;
  base::Vector<IpAddress> addresses_;
  size_t told_ = 0;
  SocketError failure_ = SocketError::None;
  bool is_answered_ = false;
};

SocketError Question::ask(std::string_view name) {
  if (network_->quota) {
    for (Quota::Share& share : shares_) {
      if (int error = network_->quota->take(share)) return to_socket_error(error);
    }
  }
  sockets_ = Handle::own(epoll_create1(EPOLL_CLOEXEC));
  if (sockets_.empty()) return to_socket_error(errno);
  ares_options options = {};
  options.flags = ARES_FLAG_NOALIASES;
  options.sock_state_cb = &Question::watch;
  options.sock_state_cb_data = this;
  const int status = ares_init_options(&channel_, &options, ARES_OPT_FLAGS | ARES_OPT_SOCK_STATE_CB);
  if (status != ARES_SUCCESS) {
    channel_ = nullptr;
    return to_error(status);
  }
  char text[kMostName + 1];
  if (name.size() > kMostName) return SocketError::InvalidArgument;
  memcpy(text, name.data(), name.size());
  text[name.size()] = 0;
  ares_addrinfo_hints hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_flags = ARES_AI_NOSORT;
  ares_getaddrinfo(channel_, text, nullptr, &hints, &Question::answer, this);
  return SocketError::None;
}

void Question::watch(void* self, ares_socket_t fd, int readable, int writable) {
  const int set = static_cast<Question*>(self)->sockets_.fd();
  epoll_event event = {};
  event.events = (readable != 0 ? EPOLLIN : 0u) | (writable != 0 ? EPOLLOUT : 0u);
  event.data.fd = fd;
  if (event.events == 0) {
    (void)epoll_ctl(set, EPOLL_CTL_DEL, fd, nullptr);
  } else if (epoll_ctl(set, EPOLL_CTL_MOD, fd, &event) != 0) {
    (void)epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
  }
}

void Question::take(const ares_addrinfo* result) {
  for (const ares_addrinfo_node* node = result->nodes; node != nullptr; node = node->ai_next) {
    sockaddr_storage storage = {};
    memcpy(&storage, node->ai_addr, std::min<size_t>(node->ai_addrlen, sizeof storage));
    SocketAddress address;
    if (!from_sockaddr(storage, address) || is_mapped_v4(address.ip)) continue;
    if (addresses_.size() == kMostAnswers || !addresses_.push_back(address.ip)) return;
  }
}

void Question::answer(void* self, int status, int /*timeouts*/, ares_addrinfo* result) {
  auto& question = *static_cast<Question*>(self);
  question.is_answered_ = true;
  question.failure_ = to_error(status);
  if (result == nullptr) return;
  question.take(result);
  ares_freeaddrinfo(result);
  if (question.failure_ == SocketError::None && question.addresses_.empty()) {
    question.failure_ = SocketError::NameUnresolvable;
  }
}

void Question::go_on() {
  if (is_answered_) return;
  epoll_event events[16];
  const int count = epoll_wait(sockets_.fd(), events, 16, 0);
  for (int i = 0; i < count; ++i) {
    const bool in = (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0;
    const bool out = (events[i].events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0;
    ares_process_fd(channel_, in ? events[i].data.fd : ARES_SOCKET_BAD,
                    out ? events[i].data.fd : ARES_SOCKET_BAD);
  }
  if (count <= 0) ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // What took too long.
}

SocketError Question::next(IpAddress& out, bool& found) {
  found = false;
  go_on();
  if (!is_answered_) return SocketError::WouldBlock;
  if (failure_ != SocketError::None) return failure_;
  if (told_ == addresses_.size()) return SocketError::None;
  out = addresses_[told_++];
  found = true;
  return SocketError::None;
}

Interest Question::interest() {
  if (is_answered_) return Interest::ready();
  timeval left;
  Interest interest = Interest::in(sockets_.fd());
  if (ares_timeout(channel_, nullptr, &left) != nullptr) {
    interest.until = monotonic_now() + static_cast<uint64_t>(left.tv_sec) * 1'000'000'000 +
                     static_cast<uint64_t>(left.tv_usec) * 1'000 + 1'000'000;
  }
  return interest;
}

}  // namespace

SocketError detail::ask(Ref<Network> network, std::string_view name, Ref<NameLookup>& out) {
  Ref<Question> question = make_ref<Question>(std::move(network));
  if (!question) return SocketError::OutOfMemory;
  const SocketError error = question->ask(name);
  if (error == SocketError::None) out = question;
  return error;
}

}  // namespace wherry::wasi::host
