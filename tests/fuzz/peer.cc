// Both ends of the pipe between the differential fuzzer and an engine in another process: the messages, and the process.
//
// A process and not a library: another engine may crash or hang, brings its own signal handlers, and a second build of this
// engine (the switch loop, AArch64 under an emulator) cannot share a process with the first. A pair of messages costs some
// ten microseconds, less than any engine needs for a module.
#include "tests/fuzz/peer.h"

#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "wherry/wherry.h"

namespace wherry::fuzz {

namespace {

constexpr int kPatienceMs = 60'000;

void put(std::string& to, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) to += static_cast<char>(value >> (8 * i));
}

// The exports in the module's order, which other engines do not keep.
void put_exports(std::string& to, Bytes bytes) {
  Config config;
  config.features.set("all", true).value();
  config.validation = Validation::Lazy;
  auto module = Module::load_borrowed(Engine::create(config).value(), bytes);
  put(to, module ? module->export_count() : 0, 4);
  for (size_t i = 0; module && i < module->export_count(); ++i) {
    const ExportType item = module->export_at(i);
    to += "ftmgx"[static_cast<size_t>(item.type.kind)];
    put(to, item.name.size(), 2);
    to += item.name;
  }
}

bool write_all(int file, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t done = ::write(file, bytes, size);
    if (done <= 0) return false;
    bytes += done;
    size -= static_cast<size_t>(done);
  }
  return true;
}

bool read_all(int file, void* to, size_t size) {
  auto* at = static_cast<char*>(to);
  while (size > 0) {
    const ssize_t done = ::read(file, at, size);
    if (done <= 0) return false;
    at += done;
    size -= static_cast<size_t>(done);
  }
  return true;
}

}  // namespace

Peer::Peer(std::string name, const std::string& command) : name_(std::move(name)) {
  size_t at = 0;
  while (at < command.size()) {
    const size_t end = std::min(command.find(' ', at), command.size());
    if (end > at) words_.push_back(command.substr(at, end - at));
    at = end + 1;
  }
}

Peer::~Peer() { stop(); }

bool Peer::start() {
  if (pid_ >= 0) return true;
  int request[2];
  int answer[2];
  if (::pipe(request) != 0 || ::pipe(answer) != 0) return false;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, request[0], 0);
  posix_spawn_file_actions_adddup2(&actions, answer[1], 1);
  for (const int file : {request[0], request[1], answer[0], answer[1]}) {
    posix_spawn_file_actions_addclose(&actions, file);
  }
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

void Peer::stop() {
  if (to_ >= 0) ::close(to_);
  if (from_ >= 0) ::close(from_);
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  to_ = from_ = pid_ = -1;
}

bool Peer::read(void* to, size_t size) const {
  pollfd waiting{from_, POLLIN, 0};
  return ::poll(&waiting, 1, kPatienceMs) == 1 && read_all(from_, to, size);
}

bool Peer::ask(const Input& input) {
  if (!start()) return false;
  std::string body;
  put(body, input.module.size(), 4);
  body.append(reinterpret_cast<const char*>(input.module.data()), input.module.size());
  put(body, input.arguments.size(), 1);
  body.append(reinterpret_cast<const char*>(input.arguments.data()), input.arguments.size());
  put(body, input.most_calls, 4);
  put_exports(body, input.module);
  std::string message;
  put(message, body.size(), 4);
  message += body;
  if (write_all(to_, message.data(), message.size())) return true;
  stop();
  return false;
}

std::optional<std::string> Peer::answer() {
  uint32_t size = 0;
  std::string text;
  if (read(&size, 4)) {
    text.resize(size);
    if (size == 0 || read(text.data(), size)) return text;
  }
  stop();
  return std::nullopt;
}

void serve(const Mode& mode) {
  uint32_t size = 0;
  while (read_all(0, &size, 4)) {
    std::vector<uint8_t> body(size);
    if (!read_all(0, body.data(), size)) return;
    uint32_t module_size = 0;
    std::memcpy(&module_size, body.data(), 4);
    const uint8_t* at = body.data() + 4 + module_size;
    Input input{.module = Bytes(body).subspan(4, module_size), .arguments = {at + 1, *at}};
    std::memcpy(&input.most_calls, at + 1 + *at, 4);
    std::string text;
    for (const std::string& line : observe(mode, input).lines) text += common_words(line) + "\n";
    std::string message;
    put(message, text.size(), 4);
    message += text;
    if (!write_all(1, message.data(), message.size())) return;
  }
}

}  // namespace wherry::fuzz
