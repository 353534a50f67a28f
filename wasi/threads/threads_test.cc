#include "wherry/wasi_threads.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

#include "wherry/wasi.h"
#include "wherry/wherry.h"

namespace wherry::wasi {
namespace {

// Everything that `wherry run -S threads` has, for a guest in text.
struct Program {
  explicit Program(std::string_view text, ThreadsConfig threads_config = {}, const Preview1Config& wasi = {},
                   int host_writes_to = -1)
      : engine(Engine::create(settings()).value()), store(Store::create(engine).value()), linker(engine) {
    if (threads_config.prepare == nullptr) {
      threads_config.context = this;
      threads_config.prepare = [](void* self, StoreRef other) {
        return attach_shared(other, static_cast<Program*>(self)->store);
      };
    }
    threads = Threads::create(engine, threads_config).value();
    add_to_linker(linker).value();
    Preview1Config shared = wasi;
    shared.shared = true;
    attach(store, shared).value();
    linker.func("host", "write", [host_writes_to] { (void)!write(host_writes_to, "x", 1); }).value();
    const Module module = load_text(engine, text).value();
    threads->add_to_linker(linker, module).value();
    program.emplace(linker.prelink(module).value());
  }

  static Config settings() {
    Config config;
    config.features.set("threads", true).value();
    return config;
  }

  Result<int32_t> run() {
    WHERRY_RETURN_IF_ERROR(threads->set_program(*program, store));
    WHERRY_ASSIGN_OR_RETURN(const Instance instance, program->instantiate(store));
    WHERRY_ASSIGN_OR_RETURN(const auto start, instance.typed<int32_t()>(store, "run"));
    return start.call(store);
  }

  Engine engine;
  Store store;
  Linker linker;
  std::unique_ptr<Threads> threads;
  std::optional<InstancePre> program;
};

constexpr const char* kHead = R"((module
  (import "host" "write" (func $host_write))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_renumber" (func $renumber (param i32 i32) (result i32)))
  (memory (export "memory") (import "env" "memory") 1 4 shared)
  (func $wait (param $address i32) (param $value i32)  ;; until the word there is `value`
    (local $seen i32)
    (block $done
      (loop $again
        (local.set $seen (i32.atomic.load (local.get $address)))
        (br_if $done (i32.eq (local.get $seen) (local.get $value)))
        (drop (memory.atomic.wait32 (local.get $address) (local.get $seen) (i64.const -1)))
        (br $again))))
  (func $count (param $address i32)
    (drop (i32.atomic.rmw.add (local.get $address) (i32.const 1)))
    (drop (memory.atomic.notify (local.get $address) (i32.const -1))))
)";

std::string guest(const char* body) { return std::string(kHead) + body + ")"; }

TEST_CASE("threads start with their number and argument, in instances of their own with one memory") {
  Program program(guest(R"(
    (global $mine (mut i32) (i32.const 0))
    (func (export "wasi_thread_start") (param $thread i32) (param $argument i32)
      (global.set $mine (i32.add (global.get $mine) (local.get $argument)))
      (drop (i32.atomic.rmw.add (i32.const 8) (global.get $mine)))
      (drop (i32.atomic.rmw.or (i32.const 12) (i32.shl (i32.const 1) (local.get $thread))))
      (call $count (i32.const 0)))
    (func (export "run") (result i32) (local $i i32)
      (loop $more
        (if (i32.lt_s (call $spawn (i32.const 10)) (i32.const 1)) (then unreachable))
        (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 5))))
      (call $wait (i32.const 0) (i32.const 5))
      (i32.add (i32.mul (i32.atomic.load (i32.const 8)) (i32.const 1000)) (i32.atomic.load (i32.const 12)))))"));
  const Result<int32_t> result = program.run();
  REQUIRE(result.ok());
  CHECK(*result == 50 * 1000 + 0x3e);
  CHECK(program.threads->take_failure().ok());
}

TEST_CASE("more threads than are allowed: the guest is told, and may go on when some have ended") {
  ThreadsConfig config;
  config.max_threads = 3;
  Program program(guest(R"(
    (func (export "wasi_thread_start") (param i32 i32)
      (call $wait (i32.const 4) (i32.const 1))
      (call $count (i32.const 0)))
    (func (export "run") (result i32) (local $refused i32) (local $again i32)
      (drop (call $spawn (i32.const 0)))
      (drop (call $spawn (i32.const 0)))
      (drop (call $spawn (i32.const 0)))
      (local.set $refused (call $spawn (i32.const 0)))
      (i32.atomic.store (i32.const 4) (i32.const 1))
      (drop (memory.atomic.notify (i32.const 4) (i32.const -1)))
      (call $wait (i32.const 0) (i32.const 3))
      (loop $until
        (br_if $until (i32.lt_s (local.tee $again (call $spawn (i32.const 0))) (i32.const 0))))
      (call $wait (i32.const 0) (i32.const 4))
      (i32.add (i32.mul (local.get $refused) (i32.const 100)) (local.get $again))))"),
                  config);
  const Result<int32_t> result = program.run();
  REQUIRE(result.ok());
  CHECK(*result == -600 + 4);
}

TEST_CASE("a trap in one thread ends all, also those that wait") {
  Program program(guest(R"(
    (func (export "wasi_thread_start") (param i32 i32)
      (if (local.get 1) (then unreachable))
      (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))
    (func (export "run") (result i32)
      (drop (call $spawn (i32.const 0)))
      (drop (call $spawn (i32.const 0)))
      (drop (call $spawn (i32.const 1)))
      (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))"));
  const Result<int32_t> result = program.run();
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().trap_code() == TrapCode::Interrupted);
  const Result<void> failure = program.threads->take_failure();
  REQUIRE_FALSE(failure.ok());
  CHECK(failure.error().trap_code() == TrapCode::Unreachable);
}

TEST_CASE("proc_exit on any thread is the end of the program, with its code") {
  Program program(guest(R"(
    (func (export "wasi_thread_start") (param i32 i32) (call $exit (i32.const 42)))
    (func (export "run") (result i32)
      (drop (call $spawn (i32.const 0)))
      (loop $forever (br $forever))
      (i32.const 0)))"));
  const Result<int32_t> result = program.run();
  REQUIRE_FALSE(result.ok());
  CHECK(program.threads->take_failure().error().exit_code() == 42);
}

TEST_CASE(
    "a thread that reads from a pipe keeps nobody waiting, and what it reads stays open until it has read") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  Preview1Config wasi;
  wasi.in = Stdio::use(ends[0]);
  // The thread waits in fd_read for what the first one lets the host write, after it has closed the descriptor.
  Program program(guest(R"(
    (data (i32.const 64) "\80\00\00\00\10\00\00\00")
    (func (export "wasi_thread_start") (param i32 i32)
      (i32.atomic.store (i32.const 16) (call $read (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 72)))
      (call $count (i32.const 0)))
    (func (export "run") (result i32)
      (drop (call $spawn (i32.const 0)))
      (drop (memory.atomic.wait32 (i32.const 8) (i32.const 0) (i64.const 20000000)))
      (if (call $write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 80)) (then unreachable))
      (if (call $close (i32.const 0)) (then unreachable))
      (call $host_write)
      (call $wait (i32.const 0) (i32.const 1))
      (i32.add (i32.mul (i32.atomic.load (i32.const 16)) (i32.const 10000))
               (i32.add (i32.mul (i32.load (i32.const 72)) (i32.const 1000)) (i32.load8_u (i32.const 128))))))"),
                  {}, wasi, ends[1]);
  const Result<int32_t> result = program.run();
  REQUIRE(result.ok());
  // Either it was waiting already, and reads the byte; or it came too late: `badf`.
  const bool is_read = *result == 1000 + 'x';
  const bool is_late = *result / 10000 == 8;
  CHECK((is_read || is_late));
  close(ends[0]);
  close(ends[1]);
}

// Waits in a read for somebody to write.
class Conversation final : public StdioReader, public StdioWriter {
 public:
  size_t read(std::span<uint8_t> room) override {
    std::unique_lock lock(mutex_);
    is_alone = is_alone && !is_reading_;
    is_reading_ = true;
    is_told = written_.wait_for(lock, std::chrono::seconds(10), [&] { return is_written_; }) && is_told;
    is_reading_ = is_written_ = false;
    room[0] = 'x';
    return 1;
  }
  size_t write(Bytes bytes) override {
    const std::lock_guard lock(mutex_);
    if (is_reading_) is_written_ = true;
    written_.notify_all();
    return bytes.size();
  }

  bool is_alone = true;  // Nobody else read meanwhile.
  bool is_told = true;   // Each read saw a write of somebody else.

 private:
  std::mutex mutex_;
  std::condition_variable written_;
  bool is_reading_ = false;
  bool is_written_ = false;
};

TEST_CASE("an embedder's reader that waits keeps only those waiting that read too") {
  Conversation conversation;
  Preview1Config wasi;
  wasi.in = Stdio::from(conversation);
  wasi.out = Stdio::to(conversation);
  // No data segment: each thread's instance would write it anew, while others have it read.
  Program program(guest(R"(
    (func (export "wasi_thread_start") (param i32 i32)
      (if (call $read (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 72)) (then unreachable))
      (call $count (i32.const 0)))
    (func (export "run") (result i32)
      (i32.store (i32.const 64) (i32.const 128))
      (i32.store (i32.const 68) (i32.const 16))
      (drop (call $spawn (i32.const 0)))
      (drop (call $spawn (i32.const 0)))
      (drop (call $spawn (i32.const 0)))
      (loop $until_all_have_read
        (if (call $write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 80)) (then unreachable))
        (drop (memory.atomic.wait32 (i32.const 8) (i32.const 0) (i64.const 1000000)))
        (br_if $until_all_have_read (i32.ne (i32.atomic.load (i32.const 0)) (i32.const 3))))
      (i32.load8_u (i32.const 128))))"),
                  {}, wasi);
  const Result<int32_t> result = program.run();
  REQUIRE(result.ok());
  CHECK(*result == 'x');
  CHECK(conversation.is_told);
  CHECK(conversation.is_alone);
}

TEST_CASE("what starting threads needs: an entry of the right type, and a program") {
  Program wrong(guest(
      R"((func (export "wasi_thread_start") (param i32)) (func (export "run") (result i32) (i32.const 0)))"));
  CHECK(wrong.run().error().kind() == ErrorKind::Link);
  Program none(guest(R"((func (export "run") (result i32) (i32.const 0)))"));
  CHECK(none.run().error().kind() == ErrorKind::Link);
  Program early(guest(R"((func (export "wasi_thread_start") (param i32 i32))
    (func (export "run") (result i32) (call $spawn (i32.const 0))))"));
  const Instance instance = early.program->instantiate(early.store).value();
  CHECK(instance.typed<int32_t()>(early.store, "run")->call(early.store).error().kind() == ErrorKind::Usage);
}

TEST_CASE("surroundings are shared only where they were made for it") {
  const Engine engine = Engine::create().value();
  Store owner = Store::create(engine).value();
  Store other = Store::create(engine).value();
  CHECK(attach_shared(other, owner).error().kind() == ErrorKind::Usage);
  attach(owner, {}).value();
  CHECK(attach_shared(other, owner).error().kind() == ErrorKind::Usage);
  Preview1Config config;
  config.shared = true;
  attach(owner, config).value();
  CHECK(attach_shared(other, owner).ok());
}

TEST_CASE("threads open and close descriptors at once, and each gets its own") {
  Program program(guest(R"(
    (func (export "wasi_thread_start") (param i32 i32) (local $i i32)
      (loop $more
        (drop (call $renumber (i32.const 0) (i32.const 2)))
        (drop (call $write (i32.const 1) (i32.const 64) (i32.const 0) (i32.const 80)))
        (drop (call $read (i32.const 0) (i32.const 64) (i32.const 0) (i32.const 80)))
        (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 200))))
      (drop (call $close (i32.const 1)))
      (call $count (i32.const 0)))
    (func (export "run") (result i32)
      (drop (call $spawn (i32.const 0)))
      (drop (call $spawn (i32.const 0)))
      (drop (call $spawn (i32.const 0)))
      (call $wait (i32.const 0) (i32.const 3))
      (call $write (i32.const 1) (i32.const 64) (i32.const 0) (i32.const 80))))"));
  const Result<int32_t> result = program.run();
  REQUIRE(result.ok());
  CHECK(*result == 8);  // `badf`: all is closed.
}

TEST_CASE("an error in preparing a thread ends the program") {
  ThreadsConfig config;
  config.prepare = [](void*, StoreRef) -> Result<void> { return Error::usage("not today"); };
  Program program(guest(R"((func (export "wasi_thread_start") (param i32 i32))
    (func (export "run") (result i32)
      (drop (call $spawn (i32.const 0)))
      (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))"),
                  config);
  CHECK_FALSE(program.run().ok());
  CHECK(program.threads->take_failure().error().message() == "not today");
}

}  // namespace
}  // namespace wherry::wasi
