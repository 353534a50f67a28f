// Every atomic access, on every kind of memory, against its meaning in C++: value, what is written, and which bytes are not;
// alignment, bounds, and addresses that overflow.
#include <catch2/catch.hpp>
#include <cstring>
#include <string>

#include "wherry/wherry.h"

namespace wherry {

namespace {

struct Width {
  const char* prefix;  // i32.atomic.load
  const char* suffix;
  uint32_t bytes;
  bool is_64;
};
constexpr Width kWidths[] = {{"", "", 4, false},   {"8", "_u", 1, false}, {"16", "_u", 2, false},
                             {"", "", 8, true},    {"8", "_u", 1, true},  {"16", "_u", 2, true},
                             {"32", "_u", 4, true}};

struct Kind {
  const char* memory;   // Its declaration.
  const char* address;  // Type of an address.
  const char* index;    // Immediate that names it.
  bool has_guard;
};
constexpr Kind kMemories[] = {
    {"(memory $m (export \"m\") 1 1 shared)", "i32", "", true},
    {"(memory $m (export \"m\") 1)", "i32", "", true},
    {"(memory $m (export \"m\") 1 1 shared)", "i32", "", false},
    {"(memory $m (export \"m\") i64 1 1 shared)", "i64", "", true},
    {"(memory $m (export \"m\") i64 1)", "i64", "", false},
    {"(memory 0) (memory $m (export \"m\") 1 1 shared)", "i32", "$m ", true},
    {"(memory 0) (memory $m (export \"m\") i64 1 2 shared)", "i64", "$m ", false},
};

constexpr uint64_t kBefore = 0x8877'6655'4433'2211;
constexpr uint64_t kOperand = 0xfedc'ba98'7654'3219;
constexpr uint64_t kOther = 0x0123'4567'89ab'cdef;

uint64_t mask(uint32_t bytes) { return bytes == 8 ? ~uint64_t{0} : (uint64_t{1} << bytes * 8) - 1; }

uint64_t combined(std::string_view operation, uint64_t before, uint64_t operand) {
  if (operation == "add") return before + operand;
  if (operation == "sub") return before - operand;
  if (operation == "and") return before & operand;
  if (operation == "or") return before | operand;
  if (operation == "xor") return before ^ operand;
  return operand;  // xchg, store
}

// One function "f", which takes an address and two operands as i64 and gives an i64.
std::string module_of(const Kind& kind, const Width& width, std::string_view operation, const char* offset) {
  const std::string type = width.is_64 ? "i64" : "i32";
  const std::string narrow = width.is_64 ? "" : "i32.wrap_i64 ";
  const std::string wide = width.is_64 ? "" : "i64.extend_i32_u ";
  const std::string address =
      std::string(kind.address) == "i64" ? "(local.get 0)" : "(i32.wrap_i64 (local.get 0))";
  const std::string one = narrow.empty() ? "(local.get 1)" : "(i32.wrap_i64 (local.get 1))";
  const std::string two = narrow.empty() ? "(local.get 2)" : "(i32.wrap_i64 (local.get 2))";
  const std::string place = std::string(" ") + kind.index + offset + " " + address;
  std::string body;
  if (operation == "load") {
    body = "(" + type + ".atomic.load" + width.prefix + width.suffix + place + ")";
  } else if (operation == "store") {
    body = "(" + type + ".atomic.store" + width.prefix + place + " " + one + ") (" + type + ".const 0)";
  } else {
    body = "(" + type + ".atomic.rmw" + width.prefix + "." + std::string(operation) + width.suffix + place +
           " " + one + (operation == "cmpxchg" ? " " + two : "") + ")";
  }
  return std::string("(module ") + kind.memory + " (func (export \"f\") (param i64 i64 i64) (result i64) " +
         body + " " + wide + "))";
}

class Guest {
 public:
  Guest(const Kind& kind, const Width& width, std::string_view operation, const char* offset) {
    Config config;
    config.features.set("threads", true).value();
    config.features.set("multi-memory", true).value();
    config.advanced.signals_based_traps = kind.has_guard;
    const Engine engine = Engine::create(config).value();
    store_.emplace(Store::create(engine).value());
    const Module module = load_text(engine, module_of(kind, width, operation, offset)).value();
    const Instance instance = Instance::create(*store_, module, {}).value();
    memory_ = instance.memory(*store_, "m").value();
    func_.emplace(instance.typed<uint64_t(uint64_t, uint64_t, uint64_t)>(*store_, "f").value());
  }
  Result<uint64_t> call(uint64_t address, uint64_t one = kOperand, uint64_t two = kOther) {
    return func_->call(*store_, address, one, two);
  }
  void set(uint64_t address, uint64_t value) {
    memory_.write(*store_, address, Bytes(reinterpret_cast<const uint8_t*>(&value), 8)).value();
  }
  uint64_t get(uint64_t address) {
    uint64_t value = 0;
    memory_.read(*store_, address, {reinterpret_cast<uint8_t*>(&value), 8}).value();
    return value;
  }

 private:
  std::optional<Store> store_;
  Memory memory_;
  std::optional<TypedFunc<uint64_t(uint64_t, uint64_t, uint64_t)>> func_;
};

void check_bounds(Guest& guest, uint32_t bytes, bool is_64) {
  CHECK(guest.call(65536 - bytes).ok());
  CHECK(guest.call(65536).error().trap_code() == TrapCode::MemoryOutOfBounds);
  CHECK(guest.call(uint64_t{0} - bytes).error().trap_code() == TrapCode::MemoryOutOfBounds);
  if (bytes > 1) {
    CHECK(guest.call(bytes / 2).error().trap_code() == TrapCode::UnalignedAtomic);
    CHECK(guest.call(65536 - bytes / 2).error().trap_code() == TrapCode::UnalignedAtomic);
  }
  if (is_64) CHECK(guest.call(uint64_t{1} << 32).error().trap_code() == TrapCode::MemoryOutOfBounds);
}

}  // namespace

TEST_CASE("atomic accesses of every width, operation and kind of memory") {
  for (const Kind& kind : kMemories) {
    for (const Width& width : kWidths) {
      const uint64_t all = mask(width.bytes);
      for (const char* operation : {"load", "store", "add", "sub", "and", "or", "xor", "xchg"}) {
        INFO(kind.memory << " " << operation << width.prefix << " i" << (width.is_64 ? 64 : 32));
        Guest guest(kind, width, operation, "");
        const bool is_load = std::string_view(operation) == "load";
        const bool is_store = std::string_view(operation) == "store";
        guest.set(64, kBefore);
        const Result<uint64_t> result = guest.call(64);
        REQUIRE(result.ok());
        CHECK(*result == (is_store ? 0 : kBefore & all));
        const uint64_t after = is_load ? kBefore : combined(operation, kBefore, kOperand);
        CHECK(guest.get(64) == ((kBefore & ~all) | (after & all)));
        check_bounds(guest, width.bytes, std::string_view(kind.address) == "i64");
      }
    }
  }
}

TEST_CASE("compare and exchange: equal, different, and an expected value that is wider than the place") {
  for (const Kind& kind : kMemories) {
    for (const Width& width : kWidths) {
      const uint64_t all = mask(width.bytes);
      const uint64_t type = width.is_64 ? ~uint64_t{0} : 0xffff'ffff;
      INFO(kind.memory << " cmpxchg" << width.prefix << " i" << (width.is_64 ? 64 : 32));
      Guest guest(kind, width, "cmpxchg", "");
      guest.set(64, kBefore);
      CHECK(guest.call(64, (kBefore & all) ^ 1).value() == (kBefore & all));
      CHECK(guest.get(64) == kBefore);
      if (all != type) {  // It is wrapped, as the proposal says.
        CHECK(guest.call(64, kBefore ^ (all + 1)).value() == (kBefore & all));
        CHECK(guest.get(64) == ((kBefore & ~all) | (kOther & all)));
        guest.set(64, kBefore);
      }
      CHECK(guest.call(64, kBefore & all).value() == (kBefore & all));
      CHECK(guest.get(64) == ((kBefore & ~all) | (kOther & all)));
      check_bounds(guest, width.bytes, std::string_view(kind.address) == "i64");
    }
  }
}

TEST_CASE("an offset counts for alignment and bounds, and the sum does not wrap") {
  for (const Kind& kind : kMemories) {
    Guest odd(kind, kWidths[0], "add", "offset=2");
    CHECK(odd.call(2).ok());
    CHECK(odd.call(4).error().trap_code() == TrapCode::UnalignedAtomic);
    Guest large(kind, kWidths[0], "add", "offset=0xfffffffc");
    CHECK(large.call(0).error().trap_code() == TrapCode::MemoryOutOfBounds);
    CHECK(large.call(8).error().trap_code() == TrapCode::MemoryOutOfBounds);
    if (std::string_view(kind.address) != "i64") continue;
    Guest largest(kind, kWidths[3], "load", "offset=0xfffffffffffffff8");
    CHECK(largest.call(8).error().trap_code() == TrapCode::MemoryOutOfBounds);
    CHECK(largest.call(0).error().trap_code() == TrapCode::MemoryOutOfBounds);
  }
}

TEST_CASE("a fence does nothing that one thread could see") {
  Config config;
  config.features.set("threads", true).value();
  const Engine engine = Engine::create(config).value();
  Store store = Store::create(engine).value();
  const Module module = load_text(engine, R"((module (func (export "f") (param i32) (result i32)
        (i32.add (local.get 0) (block (result i32) (atomic.fence) (i32.const 1))))))")
                            .value();
  const Instance instance = Instance::create(store, module, {}).value();
  CHECK(instance.typed<int32_t(int32_t)>(store, "f")->call(store, 4).value() == 5);
}

}  // namespace wherry
