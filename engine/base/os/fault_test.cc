// The fault handler: what is ours goes to its landing, everything else to whoever was there before.
#include "engine/base/os/fault.h"

#include <setjmp.h>
#include <signal.h>

#include <catch2/catch.hpp>

#include "engine/base/os/reservations.h"
#include "engine/base/os/virtual_memory.h"

namespace wherry::base {
namespace {

// Code that may fault, alone in a section, so that its bounds are known.
[[gnu::noinline, gnu::section("wherry_fault_test")]] uint8_t touch(const volatile uint8_t* address) {
  return *address;
}

extern "C" {
extern const char __start_wherry_fault_test[];
extern const char __stop_wherry_fault_test[];
}

[[gnu::noinline]] uint8_t touch_from_elsewhere(const volatile uint8_t* address) { return *address; }

jmp_buf g_landed;
uintptr_t g_instruction = 0;
uintptr_t g_frame = 0;
sigjmp_buf g_passed_on;
int g_signal = 0;

[[noreturn]] void land(uintptr_t instruction, uintptr_t frame) {
  g_instruction = instruction;
  g_frame = frame;
  longjmp(g_landed, 1);
}

void former_handler(int signal) {
  g_signal = signal;
  siglongjmp(g_passed_on, 1);
}

enum class Outcome { Fine, Landed, PassedOn };

template <class Touch>
Outcome outcome_of(Touch touch) {
  if (setjmp(g_landed) != 0) return Outcome::Landed;
  if (sigsetjmp(g_passed_on, 1) != 0) return Outcome::PassedOn;
  touch();
  return Outcome::Fine;
}

}  // namespace

TEST_CASE("a fault is ours when both address and instruction are") {
  struct sigaction former{};
  former.sa_handler = former_handler;
  sigaction(SIGSEGV, &former, nullptr);
  sigaction(SIGBUS, &former, nullptr);

  const size_t page = page_size_bytes();
  auto* ours = static_cast<uint8_t*>(reserve_pages(2 * page));
  auto* foreign = static_cast<uint8_t*>(reserve_pages(page));
  REQUIRE(commit_pages(ours, page));
  REQUIRE(register_reservation(ours, 2 * page));
  CHECK(outcome_of([&] { touch(ours + page); }) == Outcome::PassedOn);  // Nothing is installed yet.

  REQUIRE(register_faulting_code({.begin = reinterpret_cast<uintptr_t>(__start_wherry_fault_test),
                                  .end = reinterpret_cast<uintptr_t>(__stop_wherry_fault_test),
                                  .landing = reinterpret_cast<uintptr_t>(&land),
                                  .is_frameless = false}));
  REQUIRE(install_fault_handler());
  REQUIRE(install_fault_handler());
  for (int round = 0; round < 3; ++round) {
    CHECK(outcome_of([&] { touch(ours); }) == Outcome::Fine);
    CHECK(outcome_of([&] { touch(ours + page); }) == Outcome::Landed);
    CHECK(outcome_of([&] { touch(ours + 2 * page - 1); }) == Outcome::Landed);
    CHECK(g_instruction - reinterpret_cast<uintptr_t>(__start_wherry_fault_test) <
          static_cast<uintptr_t>(__stop_wherry_fault_test - __start_wherry_fault_test));
    CHECK(g_frame != 0);
    CHECK(outcome_of([&] { touch(foreign); }) == Outcome::PassedOn);
    CHECK(outcome_of([&] { touch_from_elsewhere(ours + page); }) == Outcome::PassedOn);
  }
  g_signal = 0;
  CHECK(outcome_of([&] { raise(SIGBUS); }) == Outcome::PassedOn);  // Sent, not a fault.
  CHECK(g_signal == SIGBUS);

  // Code that is taken back, among more than one block has room for, is nobody's; registered again, it is ours.
  const auto begin = reinterpret_cast<uintptr_t>(__start_wherry_fault_test);
  const FaultingCode code{begin, reinterpret_cast<uintptr_t>(__stop_wherry_fault_test),
                          reinterpret_cast<uintptr_t>(&land), false};
  for (uintptr_t i = 1; i <= 100; ++i) REQUIRE(register_faulting_code({i, i + 1, code.landing, false}));
  unregister_faulting_code(begin);
  CHECK(outcome_of([&] { touch(ours + page); }) == Outcome::PassedOn);
  unregister_faulting_code(50);
  REQUIRE(register_faulting_code(code));
  CHECK(outcome_of([&] { touch(ours + page); }) == Outcome::Landed);
  for (uintptr_t i = 1; i <= 100; ++i) unregister_faulting_code(i);
  CHECK(outcome_of([&] { touch(ours + page); }) == Outcome::Landed);

  unregister_reservation(ours);
  CHECK(outcome_of([&] { touch(ours + page); }) == Outcome::PassedOn);

  CHECK(remove_fault_handler());
  struct sigaction now{};
  sigaction(SIGSEGV, nullptr, &now);
  CHECK(now.sa_handler == former_handler);
  release_pages(ours, 2 * page);
  release_pages(foreign, page);
  signal(SIGSEGV, SIG_DFL);
  signal(SIGBUS, SIG_DFL);
}

}  // namespace wherry::base
