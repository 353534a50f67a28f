// Fuzz target: lifting and lowering. A callee answers with a pointer into memory that is the input, its caller's realloc
// answers what the input says, and what it answers goes from guest to guest, between any two encodings, and from guest to
// host. Whatever happens is a value or an error; what is out of bounds the sanitizers see.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "wherry/component_linker.h"
#include "wherry/wherry.h"

namespace {

using namespace wherry;

constexpr const char* kTypes[] = {
    "string",
    "(list string)",
    "(list char)",
    "(list bool)",
    "(list (list u16))",
    "(tuple u8 string (option (list char)) u64)",
    "(list (tuple u8 (option string) (result string (error u32)) s16))",
    "(result (list (option u64)) (error (list (tuple bool char f32))))",
};
constexpr const char* kEncodings[] = {"string-encoding=utf8", "string-encoding=utf16",
                                      "string-encoding=latin1+utf16"};

// What of the input decides, in front of what becomes memory.
struct Choice {
  uint8_t type, callee, caller, realloc;
  uint32_t address;  // Of what realloc answers, if it does not count up.
};

std::string escaped(const uint8_t* data, size_t size) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < size; ++i) {
    text += '\\';
    text += kDigits[data[i] >> 4];
    text += kDigits[data[i] & 15];
  }
  return text;
}

std::string component_of(const Choice& choice, const uint8_t* data, size_t size) {
  const std::string type = kTypes[choice.type % std::size(kTypes)];
  // Counting up, or always the same; and with memory that grows meanwhile.
  const std::string next =
      choice.realloc % 2 == 0 ? "(i32.add (global.get $next) (local.get 3))" : "(global.get $next)";
  const std::string grow = choice.realloc % 3 == 0 ? "(drop (memory.grow (i32.const 1)))" : "";
  return R"((component
    (component $P
      (core module $M (memory (export "mem") 1) (data (i32.const 0) ")" +
         escaped(data, size) + R"(") (func (export "f") (result i32) (i32.const 0)))
      (core instance $m (instantiate $M))
      (func (export "f") (result )" +
         type + R"() (canon lift (core func $m "f") (memory (core memory $m "mem")) )" +
         kEncodings[choice.callee % std::size(kEncodings)] + R"()))
    (instance $p (instantiate $P))
    (component $Q
      (import "f" (func $i (result )" +
         type + R"()))
      (core module $N (memory (export "mem") 1) (global $next (mut i32) (i32.const )" +
         std::to_string(static_cast<int32_t>(choice.address)) + R"())
        (func (export "realloc") (param i32 i32 i32 i32) (result i32)
          (global.set $next )" +
         next + R"() )" + grow + R"(
          (i32.and (global.get $next) (i32.sub (i32.const 0) (local.get 2)))))
      (core instance $n (instantiate $N))
      (core func $f (canon lower (func $i) (memory (core memory $n "mem"))
        (realloc (core func $n "realloc")) )" +
         kEncodings[choice.caller % std::size(kEncodings)] + R"())
      (core module $R (import "" "f" (func $f (param i32))) (func (export "run") (call $f (i32.const 16))))
      (core instance $r (instantiate $R (with "" (instance (export "f" (func $f))))))
      (func (export "run") (canon lift (core func $r "run"))))
    (instance $q (instantiate $Q (with "f" (func $p "f"))))
    (export "run" (func $q "run"))
    (export "f" (func $p "f"))))";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 8 || size > 4096) return 0;
  Choice choice{data[0], data[1], data[2], data[3], 0};
  for (int i = 0; i < 4; ++i) choice.address |= static_cast<uint32_t>(data[4 + i]) << (8 * i);
  Config config;
  config.limits.host_call_bytes = 1 << 20;
  const Engine engine = Engine::create(config).value();
  const Result<Component> component = Component::load_text(engine, component_of(choice, data + 8, size - 8));
  if (!component) std::abort();
  const ComponentLinker linker(engine);
  for (const char* const name : {"run", "f"}) {
    Store store = Store::create(engine).value();
    const Result<ComponentInstance> instance = linker.instantiate(store, *component);
    if (!instance) std::abort();
    const ComponentFunc func = instance->func(store, name).value();
    const Result<std::optional<ComponentVal>> first = func.call(store, {});
    const Result<std::optional<ComponentVal>> second = func.call(store, {});
    // A trap is for good; without one nothing has changed in the callee.
    if (!first && (second.ok() || second.error().trap_code() != TrapCode::CannotEnter)) std::abort();
    if (name[0] == 'f' && first && (!second || !(*first == *second)) && choice.type % 8 != 7) std::abort();
  }
  return 0;
}
