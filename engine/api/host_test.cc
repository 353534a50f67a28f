#include "wherry/host.h"

#include <array>
#include <catch2/catch.hpp>
#include <limits>
#include <memory>
#include <tuple>

#include "engine/api/access.h"

namespace wherry {

namespace {

enum class Answer : uint32_t { No, Yes };

struct World {
  Result<Answer> ask(Caller&, uint32_t question) { return question == number ? Answer::Yes : Answer::No; }
  uint32_t number = 7;
};

uint64_t add_wide(World& world, uint32_t a, uint64_t b) { return a + b + world.number; }
Result<void> leave(Caller&, int32_t code) { return Error::exit(code); }

constexpr HostFunctionEntry kTable[] = {
    host_function<&World::ask>("ask"),
    host_function<add_wide>("add_wide"),
    host_function<leave>("leave"),
};

// A call without an engine: no store, no instance.
struct Call {
  Caller caller = CallerAccess::make(nullptr, nullptr);
  std::array<uint64_t, 8> slots{};

  template <class F>
  HostStatus operator()(F&& callable) {
    Result<detail::HostClosure> closure = detail::close_over(std::forward<F>(callable));
    const HostStatus status = closure->entry(closure->environment, caller, slots.data());
    if (closure->destroy != nullptr) {
      closure->destroy(closure->environment);
    }
    return status;
  }
};

}  // namespace

TEST_CASE("numbers cross in slots, narrow ones with a zero upper half") {
  Call call;
  call.slots = {5, ~uint64_t{0}};
  CHECK(call([](int32_t a, int64_t b) -> int32_t { return a == 5 && b == -1 ? -2 : 0; }) == HostStatus::Ok);
  CHECK(call.slots[0] == 0xfffffffe);

  call.slots = {std::bit_cast<uint32_t>(1.5f), std::bit_cast<uint64_t>(2.25)};
  CHECK(call([](float a, double b) -> float { return static_cast<float>(a * b); }) == HostStatus::Ok);
  CHECK(call.slots[0] == std::bit_cast<uint32_t>(3.375f));
}

TEST_CASE("an i32 parameter ignores the slot's upper half") {
  Call call;
  call.slots = {0xdeadbeef00000003};
  CHECK(call([](uint32_t a) -> uint64_t { return a; }) == HostStatus::Ok);
  CHECK(call.slots[0] == 3);
}

TEST_CASE("a vector takes two slots") {
  Call call;
  call.slots = {1, 10, 20, 3};
  CHECK(call([](int32_t a, V128 v, int32_t b) { return std::tuple(V128{v.high, v.low}, a + b); }) ==
        HostStatus::Ok);
  CHECK(call.slots[0] == 20);
  CHECK(call.slots[1] == 10);
  CHECK(call.slots[2] == 4);
}

TEST_CASE("results may be none, several, or an error") {
  Call call;
  int calls = 0;
  CHECK(call([&calls] { ++calls; }) == HostStatus::Ok);
  CHECK(calls == 1);
  call.slots = {3, 4};
  CHECK(call([](int64_t a, int64_t b) -> Result<std::tuple<int64_t, int64_t>> { return std::tuple(b, a); }) ==
        HostStatus::Ok);
  CHECK(call.slots[0] == 4);
  CHECK(call.slots[1] == 3);
  CHECK(call([](Caller&) -> Result<void> { return {}; }) == HostStatus::Ok);
  CHECK(CallerAccess::take_failure(call.caller).ok());

  call.slots = {3, 4};
  CHECK(call([](int64_t) -> Result<int64_t> { return Error::trap(TrapCode::Unreachable); }) ==
        HostStatus::Trap);
  CHECK(call.slots[0] == 3);
  CHECK(CallerAccess::take_failure(call.caller).error().trap_code() == TrapCode::Unreachable);
}

TEST_CASE("closures may own, and only those with state allocate") {
  Call call;
  auto owned = std::make_unique<int32_t>(40);
  call.slots = {2};
  CHECK(call([owned = std::move(owned)](int32_t a) mutable { return *owned += a; }) == HostStatus::Ok);
  CHECK(call.slots[0] == 42);
  CHECK(detail::close_over([](int32_t) {})->destroy == nullptr);
  CHECK(detail::close_over(&leave)->destroy == nullptr);
  CHECK(call(&leave) == HostStatus::Trap);
  CHECK(CallerAccess::take_failure(call.caller).error().exit_code() == 42);
}

TEST_CASE("a table of functions is a constant, with signatures and environments") {
  CHECK(kTable[0].name == "ask");
  CHECK(kTable[0].signature.params.size() == 1);
  CHECK(kTable[0].signature.results[0] == ValType::i32());
  CHECK(kTable[1].signature.params[1] == ValType::i64());
  CHECK(kTable[2].signature.results.empty());

  World world;
  Call call;
  call.slots = {7};
  CHECK(kTable[0].entry(&world, call.caller, call.slots.data()) == HostStatus::Ok);
  CHECK(call.slots[0] == 1);
  call.slots = {1, 2};
  CHECK(kTable[1].entry(&world, call.caller, call.slots.data()) == HostStatus::Ok);
  CHECK(call.slots[0] == 10);
}

TEST_CASE("a memory view checks every access without overflow") {
  std::array<uint8_t, 16> bytes{1, 2, 3, 4};
  const MemoryView view = MemoryView::over(bytes);
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  CHECK(view.contains(0, 16));
  CHECK(view.contains(16, 0));
  CHECK_FALSE(view.contains(17, 0));
  CHECK_FALSE(view.contains(1, 16));
  CHECK_FALSE(view.contains(kMax, 2));
  CHECK_FALSE(view.contains(2, kMax));
  CHECK(view.at(16, 0) != nullptr);
  CHECK(view.read<uint32_t>(0).value() == 0x04030201);
  CHECK(view.read<uint32_t>(13).error().trap_code() == TrapCode::MemoryOutOfBounds);
  CHECK(view.write<uint16_t>(14, 0xaabb).ok());
  CHECK(bytes[15] == 0xaa);
  CHECK_FALSE(view.write<uint16_t>(15, 0).ok());
  CHECK(bytes[15] == 0xaa);
  CHECK(MemoryView().at(0, 0) != nullptr);
  CHECK(MemoryView().at(0, 1) == nullptr);
  CHECK(view.write_bytes(16, {}).ok());
}

TEST_CASE("a Val knows its kind and keeps the bits of a NaN") {
  CHECK(Val().get<int32_t>() == 0);
  CHECK(Val(7u).get<int32_t>() == 7);
  CHECK_FALSE(Val(7).get<int64_t>().has_value());
  CHECK(Val(Func()).type() == ValType::funcref());
  CHECK(Val(ExternRef()).get<ExternRef>()->is_null());
  const auto nan = std::bit_cast<float>(0x7fa00001u);
  CHECK(std::bit_cast<uint32_t>(*Val(nan).get<float>()) == 0x7fa00001u);
  CHECK(Val(V128{1, 2}).get<V128>() == V128{1, 2});
  CHECK(Val(Answer::Yes).kind() == ValueKind::I32);
}

}  // namespace wherry
