// The compiler is another program (a process that has LLVM takes 6 ms to start, a script of the suite has hundreds of
// modules), so one is started and kept. What is said on the pipes: a module is its size and its bytes; an answer is 0 for a compiled file
// or 1 for a message, a size, and the bytes. Numbers are 32 bits, little-endian, as both sides are.
#include "cli/compile_server.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <utility>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/os/descriptor.h"

namespace wherry::cli {

namespace {

std::string beside_this_program() {
  char path[4096];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  std::string program = size > 0 ? std::string(path, static_cast<size_t>(size)) : std::string();
  return program.substr(0, program.rfind('/') + 1) + "wherryc";
}

std::vector<std::string> words_of(std::string_view command) {
  std::vector<std::string> words;
  for (size_t at = 0; at < command.size();) {
    const size_t end = std::min(command.find(' ', at), command.size());
    if (end != at) words.emplace_back(command.substr(at, end - at));
    at = end + 1;
  }
  if (words.empty()) words.push_back(beside_this_program());
  words.insert(words.begin() + 1, {"--serve", "--features=all"});  // What is valid was decided here.
  return words;
}

Error io_error(const std::string& what) { return Error::make(ErrorKind::Io, what); }

struct Pipe {
  int read = -1;
  int write = -1;

  ~Pipe() {
    if (read >= 0) close(read);
    if (write >= 0) close(write);
  }
  bool open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    read = ends[0];
    write = ends[1];
    return true;
  }
};

}  // namespace

Result<std::unique_ptr<CompileServer>> CompileServer::start(std::string_view command) {
  std::vector<std::string> words = words_of(command);
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  Pipe to;
  Pipe from;
  if (!to.open() || !from.open()) return io_error("no pipe for the compiler");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to.read, 0);
  posix_spawn_file_actions_adddup2(&actions, from.write, 1);
  pid_t process = 0;
  const int failed = posix_spawnp(&process, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return io_error("the compiler '" + words[0] + "' cannot be started: " + strerror(failed));
  std::signal(SIGPIPE, SIG_IGN);  // A compiler that is gone is an error of write().
  return std::unique_ptr<CompileServer>(
      new CompileServer(process, std::exchange(to.write, -1), std::exchange(from.read, -1)));
}

CompileServer::~CompileServer() {
  close(to_);
  close(from_);
  int status = 0;
  waitpid(process_, &status, 0);
}

bool CompileServer::send(const void* bytes, size_t size) const { return base::write_all(to_, bytes, size); }

bool CompileServer::receive(void* bytes, size_t size) const {
  return base::read_all(from_, bytes, size) == size;
}

Result<std::vector<uint8_t>> CompileServer::compile(Bytes module) {
  const std::lock_guard lock(mutex_);
  const auto size = static_cast<uint32_t>(module.size());
  uint32_t answer[2];
  if (!send(&size, sizeof size) || !send(module.data(), module.size()) || !receive(answer, sizeof answer)) {
    return io_error("the compiler has ended");
  }
  std::vector<uint8_t> bytes(answer[1]);
  if (!receive(bytes.data(), bytes.size())) return io_error("the compiler has ended");
  if (answer[0] != 0) {
    return Error::make(ErrorKind::Unsupported, "the compiler: " + std::string(bytes.begin(), bytes.end()));
  }
  return bytes;
}

}  // namespace wherry::cli
