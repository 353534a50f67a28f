// A process that answers requests through two pipes.
//
// A process and not a library: another engine may crash or hang, brings its own signal handlers, and a second build of this
// engine (the switch loop, AArch64 under an emulator) cannot share a process with the first. The compiler is one too, so that a
// compiler with a fault planted into it takes part like the right one. A pair of messages costs some ten microseconds, less
// than any engine needs for a module.
#include "tests/fuzz/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "engine/base/os/descriptor.h"

namespace wherry::fuzz {

namespace {

constexpr int kPatienceMs = 60'000;

}  // namespace

void put(std::string& to, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) to += static_cast<char>(value >> (8 * i));
}

Child::Child(const std::string& command) {
  size_t at = 0;
  while (at < command.size()) {
    const size_t end = std::min(command.find(' ', at), command.size());
    if (end > at) words_.push_back(command.substr(at, end - at));
    at = end + 1;
  }
}

Child::~Child() { stop(); }

bool Child::start() {
  if (pid_ >= 0) return true;
  int request[2];
  int answer[2];
  // Closed in the children that start later: or else one would never see the end of its input.
  if (::pipe2(request, O_CLOEXEC) != 0 || ::pipe2(answer, O_CLOEXEC) != 0) return false;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, request[0], 0);
  posix_spawn_file_actions_adddup2(&actions, answer[1], 1);
  std::vector<char*> arguments;
  arguments.reserve(words_.size() + 1);
  for (std::string& word : words_) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t pid = -1;
  const int failed = posix_spawn(&pid, words_.front().c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(request[0]);
  ::close(answer[1]);
  to_ = request[1];
  from_ = answer[0];
  pid_ = failed != 0 ? -1 : pid;
  ::signal(SIGPIPE, SIG_IGN);
  return failed == 0;
}

void Child::stop() {
  if (to_ >= 0) ::close(to_);
  if (from_ >= 0) ::close(from_);
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  to_ = from_ = pid_ = -1;
}

bool Child::send(const std::string& bytes) {
  if (base::write_all(to_, bytes.data(), bytes.size())) return true;
  stop();
  return false;
}

bool Child::receive(void* to, size_t size) {
  pollfd waiting{from_, POLLIN, 0};
  return ::poll(&waiting, 1, kPatienceMs) == 1 && base::read_all(from_, to, size) == size;
}

}  // namespace wherry::fuzz
