// Embedding Wherry: a guest in the text format, a host function from a lambda, a typed call, the guest's memory, and a
// trap. Build it with the library, run it, and it prints:
//
//   guest says: hello from the guest
//   7 * 6 = 42
//   the guest trapped: integer divide by zero
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "wherry/wherry.h"

using namespace wherry;

constexpr std::string_view kGuest = R"(
  (module
    (import "env" "print" (func $print (param i32 i32)))
    (memory (export "memory") 1)
    (data (i32.const 16) "hello from the guest")
    (func (export "greet") (call $print (i32.const 16) (i32.const 20)))
    (func (export "multiply") (param i32 i32) (result i32) (i32.mul (local.get 0) (local.get 1)))
    (func (export "divide") (param i64 i64) (result i64) (i64.div_s (local.get 0) (local.get 1)))))";

// Everything that can fail returns a Result; the two macros pass its Error on.
Result<void> run() {
  WHERRY_ASSIGN_OR_RETURN(Engine engine, Engine::create());
  WHERRY_ASSIGN_OR_RETURN(Module module, load_text(engine, kGuest));

  // A host function is a lambda. Addresses come from the guest, so reading its memory is checked: a wrong one
  // returns an error, which becomes a trap of the guest.
  Linker linker(engine);
  WHERRY_RETURN_IF_ERROR(
      linker.func("env", "print", [](Caller& caller, uint32_t address, uint32_t length) -> Result<void> {
        WHERRY_ASSIGN_OR_RETURN(MemoryView memory, caller.memory());
        WHERRY_ASSIGN_OR_RETURN(std::string_view text, memory.text(address, length));
        std::printf("guest says: %.*s\n", static_cast<int>(text.size()), text.data());
        return {};
      }));

  // A store holds instances, and the limits on what they may use.
  WHERRY_ASSIGN_OR_RETURN(Store store, Store::create(engine));
  WHERRY_ASSIGN_OR_RETURN(Instance instance, linker.instantiate(store, module));

  WHERRY_ASSIGN_OR_RETURN(auto greet, instance.typed<void()>(store, "greet"));
  WHERRY_RETURN_IF_ERROR(greet.call(store));

  WHERRY_ASSIGN_OR_RETURN(auto multiply, instance.typed<int32_t(int32_t, int32_t)>(store, "multiply"));
  WHERRY_ASSIGN_OR_RETURN(int32_t product, multiply.call(store, 7, 6));
  std::printf("7 * 6 = %" PRId32 "\n", product);

  // A trap is an error like any other, with its code and a backtrace. The instance can still be used.
  WHERRY_ASSIGN_OR_RETURN(auto divide, instance.typed<int64_t(int64_t, int64_t)>(store, "divide"));
  Result<int64_t> quotient = divide.call(store, 1, 0);
  if (!quotient && quotient.error().kind() == ErrorKind::Trap) {
    std::printf("the guest trapped: %s\n", quotient.error().trap()->message.c_str());
  }
  return {};
}

int main() {
  Result<void> result = run();
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().describe().c_str());
    return 1;
  }
  return 0;
}
