#include <catch2/catch.hpp>
#include <cerrno>
#include <string>
#include <utility>

#include "wherry/blob.h"
#include "wherry/result.h"

// For sanitizers: an allocation that is too large fails with them as it does without.
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }  // NOLINT
extern "C" const char* __tsan_default_options() { return "allocator_may_return_null=1"; }  // NOLINT

namespace wherry {

namespace {

Result<int32_t> halve(int32_t number) {
  if (number % 2 != 0) {
    return Error::host("odd number");
  }
  return number / 2;
}

Result<int32_t> quarter(int32_t number) {
  WHERRY_ASSIGN_OR_RETURN(int32_t half, halve(number));
  WHERRY_RETURN_IF_ERROR(halve(half));
  return halve(half);
}

// Counts how many of it are alive.
struct Counted {
  explicit Counted(int* alive) : alive(alive) { ++*alive; }
  Counted(Counted&& other) noexcept : alive(other.alive) { ++*alive; }
  ~Counted() { --*alive; }
  int* alive;
};

}  // namespace

TEST_CASE("a result is a value or an error") {
  CHECK(quarter(12).value() == 3);
  CHECK(quarter(6).error().kind() == ErrorKind::Host);
  CHECK(quarter(6).error().message() == "odd number");
  CHECK(quarter(7).value_or(-1) == -1);
  CHECK(Result<void>().ok());
  CHECK(sizeof(Result<void>) == sizeof(void*));
  CHECK(sizeof(Result<int64_t>) == 2 * sizeof(void*));
}

TEST_CASE("a result destroys what it holds, once") {
  int alive = 0;
  {
    Result<Counted> first = Counted(&alive);
    CHECK(alive == 1);
    Result<Counted> second = std::move(first);
    CHECK(second.ok());
    first = Result<Counted>(Error::host("gone"));
    CHECK(alive == 1);
    Error taken = std::move(first).error();
    CHECK_FALSE(first.ok());  // Still an error, whose details are gone.
    CHECK(first.error().kind() == ErrorKind::Usage);
    CHECK(taken.message() == "gone");
    second = std::move(first);
    CHECK(alive == 0);
    CHECK_FALSE(second.ok());
  }
  CHECK(alive == 0);
}

TEST_CASE("errors carry kind, message, offset and position") {
  Error error = Error::make(ErrorKind::Invalid, "type mismatch").with_offset(0x1f);
  CHECK(error.offset() == 0x1f);
  CHECK_FALSE(error.position().has_value());
  CHECK(error.describe() == "invalid: type mismatch at offset 0x1f");
  Error text =
      Error::make(ErrorKind::Malformed, "unknown operator").with_position({3, 7}).with_context("a.wat");
  CHECK(text.describe() == "malformed: a.wat: unknown operator at 3:7");
  CHECK(text.clone().position() == TextPosition{3, 7});
  CHECK(Error::make(ErrorKind::Host, std::string(100000, 'x')).message().size() == 4096);
}

TEST_CASE("an exit has a code, also zero") {
  CHECK(Error::exit(0).kind() == ErrorKind::Exit);
  CHECK(Error::exit(0).exit_code() == 0);
  CHECK(Error::exit(-3).message() == "exit with code -3");
  CHECK_FALSE(Error::host("x").exit_code().has_value());
}

TEST_CASE("an error of the operating system keeps its number") {
  Error error = Error::io(ENOENT, "cannot open a.wasm");
  CHECK(error.os_error() == ENOENT);
  CHECK(error.message() == "cannot open a.wasm: No such file or directory");
  CHECK(Error::host("x").os_error() == 0);
}

TEST_CASE("out of memory needs no memory and has no details") {
  Error error = Error::out_of_memory().with_offset(3);
  CHECK(error.kind() == ErrorKind::OutOfMemory);
  CHECK(error.describe() == "out of memory");
  CHECK_FALSE(error.offset().has_value());
  CHECK(error.clone().kind() == ErrorKind::OutOfMemory);
  CHECK(Error::make(ErrorKind::OutOfMemory, "ignored").message() == "out of memory");
}

TEST_CASE("a trap has a code, a text and a backtrace that is safe to print") {
  CHECK(Error::trap(TrapCode::MemoryOutOfBounds).message() == "out of bounds memory access");
  CHECK(Error::trap(TrapCode::DeadlineExceeded).trap_code() == TrapCode::DeadlineExceeded);
  CHECK(Error::trap("no such session").trap()->code == TrapCode::HostError);
  CHECK(Error::trap("no such session").message() == "no such session");
  CHECK(trap_message(static_cast<TrapCode>(99)) == "trap");
  CHECK(trap_message(static_cast<TrapCode>(0)) == "trap");
  CHECK_FALSE(Error::host("x").trap_code().has_value());

  Trap trap;
  trap.code = TrapCode::Unreachable;
  trap.frames.resize(3);
  trap.frames[0].module = "app";
  trap.frames[0].function = "f\x1b[2J\n\xc2\x9b";
  trap.frames[0].module_offset = 0x4f;
  trap.frames[1].function_index = 9;
  trap.frames[1].module_offset = 0x12;
  trap.frames[2].module = "env";
  trap.frames[2].function = "env.print";
  trap.frames[2].host = true;
  CHECK(Error::trap(trap).describe() ==
        "trap: unreachable\n"
        "    0: 0x00004f app!f\\1b[2J\\0a\xc2\\9b\n"
        "    1: 0x000012 <unknown>!<function 9>\n"
        "    2: env!env.print (host)");

  trap.frames[1].inlined = true;
  trap.frames[1].file = "a.c";
  trap.frames[1].line = 7;
  trap.frames[1].function = "callee";
  trap.frames.insert(trap.frames.begin() + 2, trap.frames[0]);
  CHECK(Error::trap(trap).describe() ==
        "trap: unreachable\n"
        "    0: 0x00004f app!f\\1b[2J\\0a\xc2\\9b\n"
        "    1: 0x000012 <unknown>!callee (inlined)\n"
        "         at a.c:7\n"
        "                app!f\\1b[2J\\0a\xc2\\9b\n"
        "    2: env!env.print (host)");
}

TEST_CASE("a blob grows with zeros and keeps what it held") {
  Result<Blob> blob = Blob::copy(as_bytes("abc"));
  CHECK(blob->text() == "abc");
  CHECK(blob->resize(5).ok());
  CHECK(blob->text() == std::string_view("abc\0\0", 5));
  CHECK(blob->resize(1).ok());
  CHECK(blob->text() == "a");
  CHECK(blob->resize(0).ok());
  CHECK(blob->size() == 0);
  CHECK(Blob::allocate(SIZE_MAX / 2).error().kind() == ErrorKind::OutOfMemory);
}

}  // namespace wherry
