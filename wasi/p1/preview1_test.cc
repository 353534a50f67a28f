// Preview 1 in the engine: all functions can be imported with the types of the witx file, and guests that are stopped
// while they wait do stop.
#include "wherry/wasi.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <thread>

#include "wherry/wherry.h"

namespace wherry::wasi {
namespace {

// Name and core type of each, from wasi_snapshot_preview1.witx by its calling convention: i for i32, I for i64.
struct Signature {
  const char* name;
  const char* params;
};
constexpr Signature kSignatures[] = {
    {"args_get", "ii"},
    {"args_sizes_get", "ii"},
    {"environ_get", "ii"},
    {"environ_sizes_get", "ii"},
    {"clock_res_get", "ii"},
    {"clock_time_get", "iIi"},
    {"fd_advise", "iIIi"},
    {"fd_allocate", "iII"},
    {"fd_close", "i"},
    {"fd_datasync", "i"},
    {"fd_fdstat_get", "ii"},
    {"fd_fdstat_set_flags", "ii"},
    {"fd_fdstat_set_rights", "iII"},
    {"fd_filestat_get", "ii"},
    {"fd_filestat_set_size", "iI"},
    {"fd_filestat_set_times", "iIIi"},
    {"fd_pread", "iiiIi"},
    {"fd_prestat_get", "ii"},
    {"fd_prestat_dir_name", "iii"},
    {"fd_pwrite", "iiiIi"},
    {"fd_read", "iiii"},
    {"fd_readdir", "iiiIi"},
    {"fd_renumber", "ii"},
    {"fd_seek", "iIii"},
    {"fd_sync", "i"},
    {"fd_tell", "ii"},
    {"fd_write", "iiii"},
    {"path_create_directory", "iii"},
    {"path_filestat_get", "iiiii"},
    {"path_filestat_set_times", "iiiiIIi"},
    {"path_link", "iiiiiii"},
    {"path_open", "iiiiiIIii"},
    {"path_readlink", "iiiiii"},
    {"path_remove_directory", "iii"},
    {"path_rename", "iiiiii"},
    {"path_symlink", "iiiii"},
    {"path_unlink_file", "iii"},
    {"poll_oneoff", "iiii"},
    {"proc_exit", "i"},
    {"proc_raise", "i"},
    {"sched_yield", ""},
    {"random_get", "ii"},
    {"sock_recv", "iiiiii"},
    {"sock_send", "iiiii"},
    {"sock_shutdown", "ii"},
    {"sock_accept", "iii"},  // Last: wasi_unstable has it not.
};

// A module that imports `count` of them.
std::string import_all(const char* module, size_t count) {
  std::string text = "(module";
  for (size_t i = 0; i < count; ++i) {
    const Signature& one = kSignatures[i];
    text += std::string(" (import \"") + module + "\" \"" + one.name + "\" (func (param";
    for (const char* type = one.params; *type != 0; ++type) text += *type == 'i' ? " i32" : " i64";
    text += std::string(one.name) == "proc_exit" ? ")))" : ") (result i32)))";
  }
  return text + " (memory (export \"memory\") 1))";
}

struct World {
  explicit World(const Config& config = {})
      : engine(*Engine::create(config)), store(*Store::create(engine)), linker(engine) {
    CHECK(add_to_linker(linker).ok());
  }

  // Instantiates the text and calls its `_start`. The error, or none.
  Result<void> run(const std::string& text) {
    WHERRY_ASSIGN_OR_RETURN(Module module, load_text(engine, text));
    WHERRY_ASSIGN_OR_RETURN(Instance instance, linker.instantiate(store, module));
    WHERRY_ASSIGN_OR_RETURN(TypedFunc<void()> start, instance.typed<void()>(store, "_start"));
    return start.call(store);
  }

  Engine engine;
  Store store;
  Linker linker;
};

TEST_CASE("preview1: all functions have the types of the witx file, under both names") {
  CHECK(std::size(kSignatures) == 46);
  World world;
  Result<void> found = world.run(import_all("wasi_snapshot_preview1", 46));
  CHECK(found.error().message().find("_start") != std::string_view::npos);  // All but that.
  found = world.run(import_all("wasi_unstable", 45));
  CHECK(found.error().message().find("_start") != std::string_view::npos);
  found = world.run(import_all("wasi_unstable", 46));
  CHECK(found.error().kind() == ErrorKind::Link);
  CHECK(found.error().message().find("sock_accept") != std::string_view::npos);
}

constexpr const char* kHello = R"((module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "hello\n")
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 16))
    (i32.store (i32.const 4) (i32.const 6))
    (call $exit (i32.add (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)) (i32.load (i32.const 8))))
    unreachable)))";

TEST_CASE("preview1: a guest writes and exits") {
  int ends[2];
  CHECK(pipe2(ends, O_CLOEXEC) == 0);
  {
    World world;
    Preview1Config config;
    config.out = Stdio::use(ends[1]);
    CHECK(attach(world.store, config).ok());
    Result<void> result = world.run(kHello);
    CHECK(result.error().exit_code() == 6);
  }
  char text[16];
  CHECK(read(ends[0], text, sizeof text) == 6);
  CHECK(std::string_view(text, 6) == "hello\n");
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("preview1: without surroundings, or without a memory, the call ends with the reason") {
  World world;
  Result<void> result = world.run(kHello);
  CHECK(result.error().kind() == ErrorKind::Usage);
  CHECK(attach(world.store, {}).ok());
  result = world.run(R"((module (import "wasi_snapshot_preview1" "fd_sync" (func $f (param i32) (result i32)))
    (func (export "_start") (drop (call $f (i32.const 1))))))");
  CHECK(result.error().kind() == ErrorKind::Link);
  result = world.run(R"((module (import "wasi_snapshot_preview1" "proc_exit" (func $f (param i32)))
    (func (export "_start") (call $f (i32.const 7)))))");
  CHECK(result.error().exit_code() == 7);
}

// Sleeps for an hour, reads what never comes, or fills a pipe that nobody reads.
constexpr const char* kWaiting[] = {
    R"((module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (i32.store (i32.const 16) (i32.const 1))
    (i64.store (i32.const 24) (i64.const 3600000000000))
    (drop (call $poll (i32.const 0) (i32.const 100) (i32.const 1) (i32.const 200))))))",
    R"((module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (i32.store (i32.const 4) (i32.const 100))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))))))",
    R"((module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 4)
  (func (export "_start")
    (i32.store (i32.const 4) (i32.const 200000))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))))",
};

TEST_CASE("preview1: a deadline ends what waits") {
  for (const char* text : kWaiting) {
    int in[2];
    int out[2];
    CHECK(pipe2(in, O_CLOEXEC) == 0);
    CHECK(pipe2(out, O_CLOEXEC) == 0);
    {
      World world;
      Preview1Config config;
      config.in = Stdio::use(in[0]);
      config.out = Stdio::use(out[1]);
      CHECK(attach(world.store, config).ok());
      CHECK(world.store.set_deadline(std::chrono::milliseconds(20)).ok());
      Result<void> result = world.run(text);
      CHECK(!result.ok());
      if (!result.ok()) CHECK(result.error().trap_code() == TrapCode::DeadlineExceeded);
    }
    for (int fd : {in[0], in[1], out[0], out[1]}) close(fd);
  }
}

TEST_CASE("preview1: an interrupt ends what waits") {
  World world;
  CHECK(attach(world.store, {}).ok());
  Result<InterruptHandle> handle = world.store.interrupt_handle();
  std::thread other([&] {
    usleep(20'000);
    handle->interrupt();
  });
  Result<void> result = world.run(kWaiting[0]);
  other.join();
  CHECK(!result.ok());
  if (!result.ok()) CHECK(result.error().trap_code() == TrapCode::Interrupted);
}

}  // namespace
}  // namespace wherry::wasi
