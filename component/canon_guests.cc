// The component that canon_guests.h speaks of: `keep` gets values as parameters, `fetch` as a result, and `give` has them, once with
// the host as its partner and once with the other guests. Images are poked into the memory of `give` by a function, so
// that one component serves for all values of a type.
#include "component/canon_guests.h"

#include <charconv>
#include <fstream>
#include <utility>

namespace wherry::component {

const char* const kCountingUp = R"(
  (local.set $at (i32.and (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
                          (i32.sub (i32.const 0) (local.get $align))))
  (global.set $next (i32.add (local.get $at) (local.get $size)))
  (memory.copy (local.get $at) (local.get $old)
    (select (local.get $old-size) (local.get $size) (i32.lt_u (local.get $old-size) (local.get $size))))
  (local.get $at))";

namespace {

constexpr uint32_t kImageSlots = 65536 - 128;  // Where `give` has its slots.

constexpr std::pair<TrapCode, const char*> kTrapNames[] = {
    {TrapCode::Unreachable, "Unreachable"},
    {TrapCode::MemoryOutOfBounds, "MemoryOutOfBounds"},
    {TrapCode::IntegerDivideByZero, "IntegerDivideByZero"},
    {TrapCode::CallStackExhausted, "CallStackExhausted"},
    {TrapCode::UncaughtException, "UncaughtException"},
    {TrapCode::HostCallBudget, "HostCallBudget"},
    {TrapCode::CannotLeave, "CannotLeave"},
    {TrapCode::CannotEnter, "CannotEnter"},
    {TrapCode::UnalignedPointer, "UnalignedPointer"},
    {TrapCode::StringOutOfBounds, "StringOutOfBounds"},
    {TrapCode::ListOutOfBounds, "ListOutOfBounds"},
    {TrapCode::PointerOutOfBounds, "PointerOutOfBounds"},
    {TrapCode::StringTooLong, "StringTooLong"},
    {TrapCode::ListTooLong, "ListTooLong"},
    {TrapCode::InvalidUtf8, "InvalidUtf8"},
    {TrapCode::InvalidUtf16, "InvalidUtf16"},
    {TrapCode::InvalidChar, "InvalidChar"},
    {TrapCode::InvalidDiscriminant, "InvalidDiscriminant"},
    {TrapCode::ReallocUnaligned, "ReallocUnaligned"},
    {TrapCode::ReallocOutOfBounds, "ReallocOutOfBounds"},
    {TrapCode::UnknownHandle, "UnknownHandle"},
    {TrapCode::WrongHandleType, "WrongHandleType"},
    {TrapCode::ResourceLent, "ResourceLent"},
    {TrapCode::NotOwned, "NotOwned"},
    {TrapCode::BorrowsRemain, "BorrowsRemain"},
    {TrapCode::TooManyHandles, "TooManyHandles"},
    {TrapCode::AsyncUnsupported, "AsyncUnsupported"},
};

const char* name_of_kind(char kind) {
  switch (kind) {
    case 'i': return "i32";
    case 'l': return "i64";
    case 'f': return "f32";
    default: return "f64";
  }
}

// Imports all types by number.
std::string types(const std::vector<std::string>& definitions) {
  std::string text;
  const auto add = [&](std::initializer_list<std::string_view> parts) {
    for (const std::string_view part : parts) text += part;
  };
  for (size_t i = 0; i < definitions.size(); ++i) {
    const std::string n = std::to_string(i);
    add({"(type $", n, "' ", definitions[i], ") (import \"t", n, "\" (type $", n, " (eq $", n, "')))\n"});
  }
  return text;
}

std::string type_arguments(size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    text += " (with \"t" + std::to_string(i) + "\" (type $" + std::to_string(i) + "))";
  }
  return text;
}

struct Writer {
  std::string type;    // $5
  std::string params;  // Of the core function that takes the value: "i32 i64".
  std::string result;  // Of the one that answers it.
  std::string kinds;
  const GuestOptions& options;

  bool is_spilled() const { return kinds.empty(); }
  bool is_single() const { return kinds.size() == 1; }

  std::string realloc_of(const std::string& body, uint32_t first) const {
    return "(tag $thrown) (global $next (mut i32) (i32.const " + std::to_string(first) + R"())
      (func $realloc (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32)
        (result i32) (local $at i32) )" +
           body + ")\n";
  }

  // Slot i of `give`, out of its memory.
  std::string load(size_t i) const {
    return std::string("(") + name_of_kind(kinds[i]) + ".load (i32.const " +
           std::to_string(kImageSlots + 8 * i) + "))";
  }

  std::string give() const {
    std::string arguments = is_spilled() ? "(i32.const " + options.area + ")" : "";
    for (size_t i = 0; i < kinds.size(); ++i) arguments += load(i);
    const std::string answer = is_single() ? load(0) : "(i32.const " + options.area + ")";
    return R"((import "put" (func $put (param "a" )" + type + R"() (result (list u8))))
      (core module $L (memory (export "mem") 1) )" +
           realloc_of(kCountingUp, 32768) + R"()
      (core instance $l (instantiate $L))
      (core func $put' (canon lower (func $put) (memory (core memory $l "mem")) (realloc (core func $l "realloc"))
        string-encoding=)" +
           options.from + R"())
      (core module $M (import "l" "mem" (memory 1)) (import "" "put" (func $put (param )" +
           params + R"( i32)))
        (func (export "poke") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
        (func (export "get") (result )" +
           result + ") " + answer + R"()
        (func (export "run") (result i32) (call $put )" +
           arguments + " (i32.const " + options.answer + R"()) (i32.const 512)))
      (core instance $m (instantiate $M (with "l" (instance $l)) (with "" (instance (export "put" (func $put'))))))
      (func (export "poke") (param "at" u32) (param "value" u32) (canon lift (core func $m "poke")))
      (func (export "get") (result )" +
           type + R"() (canon lift (core func $m "get") (memory (core memory $l "mem"))
        string-encoding=)" +
           options.from + R"())
      (func (export "run") (result (list u8)) (canon lift (core func $m "run") (memory (core memory $l "mem")))))";
  }

  // A memory that describes itself from kSlots on.
  std::string receiver() const {
    return R"((core module $L (memory (export "mem") 16) )" +
           realloc_of(options.realloc.empty() ? kCountingUp : options.realloc, GuestImage::kHeap) + R"(
        (func (export "dump") (result i32) (i32.store (i32.const 8) (i32.const )" +
           std::to_string(Arrival::kSlots) + R"())
          (i32.store (i32.const 12) (i32.sub (global.get $next) (i32.const )" +
           std::to_string(Arrival::kSlots) + R"())) (i32.const 8)))
      (core instance $l (instantiate $L))
)";
  }
  std::string store(size_t i, const std::string& value) const {
    const std::string at = std::to_string(Arrival::kSlots + 8 * i);
    return std::string("(") + name_of_kind(i < kinds.size() ? kinds[i] : 'i') + ".store (i32.const " + at +
           ") " + value + ")";
  }

  std::string keep() const {
    std::string body;
    for (size_t i = 0; i < (is_spilled() ? 1 : kinds.size()); ++i)
      body += store(i, "(local.get " + std::to_string(i) + ")");
    return receiver() +
           R"((core module $M (import "l" "mem" (memory 1)) (import "l" "dump" (func $dump (result i32)))
        (func (export "put") (param )" +
           params + ") (result i32) " + body + R"((call $dump)))
      (core instance $m (instantiate $M (with "l" (instance $l))))
      (func (export "put") (param "a" )" +
           type + R"() (result (list u8)) (canon lift (core func $m "put")
        (memory (core memory $l "mem")) (realloc (core func $l "realloc")) string-encoding=)" +
           options.to + "))";
  }

  std::string fetch() const {
    const std::string body =
        is_single() ? store(0, "(call $get)") : "(call $get (i32.const " + options.to_area + "))";
    const std::string type_of_get = is_single() ? "(result " + result + ")" : "(param i32)";
    return R"((import "get" (func $get (result )" + type + ")))\n" + receiver() + R"(
      (core func $get' (canon lower (func $get) (memory (core memory $l "mem")) (realloc (core func $l "realloc"))
        string-encoding=)" +
           options.to + R"())
      (core module $M (import "l" "mem" (memory 1)) (import "l" "dump" (func $dump (result i32)))
        (import "" "get" (func $get )" +
           type_of_get + R"())
        (func (export "run") (result i32) )" +
           body + R"( (call $dump)))
      (core instance $m (instantiate $M (with "l" (instance $l)) (with "" (instance (export "get" (func $get'))))))
      (func (export "run") (result (list u8)) (canon lift (core func $m "run") (memory (core memory $l "mem")))))";
  }
};

std::string text_of(const std::vector<std::string>& definitions, const std::string& kinds,
                    const GuestOptions& options) {
  Writer writer{"$" + std::to_string(definitions.size() - 1), "", "", kinds, options};
  for (const char kind : kinds)
    writer.params += std::string(writer.params.empty() ? "" : " ") + name_of_kind(kind);
  if (kinds.empty()) writer.params = "i32";
  writer.result = kinds.size() == 1 ? name_of_kind(kinds[0]) : "i32";
  const std::string imports = types(definitions);
  const std::string with = type_arguments(definitions.size());
  return "(component " + imports + "(import \"put\" (func $put (param \"a\" " + writer.type +
         R"() (result (list u8))))
    (component $Give )" +
         imports + writer.give() + R"()
    (component $Keep )" +
         imports + writer.keep() + R"()
    (component $Fetch )" +
         imports + writer.fetch() + R"()
    (instance $keep (instantiate $Keep)" +
         with + R"())
    (instance $to-host (instantiate $Give (with "put" (func $put)))" +
         with + R"())
    (instance $to-guest (instantiate $Give (with "put" (func $keep "put")))" +
         with + R"())
    (instance $fetch (instantiate $Fetch (with "get" (func $to-guest "get")))" +
         with + R"())
    (export "put" (func $keep "put"))
    (export "get" (func $to-host "get"))
    (export "to-host" (func $to-host "run"))
    (export "to-guest" (func $to-guest "run"))
    (export "fetch" (func $fetch "run"))
    (export "poke-host" (func $to-host "poke"))
    (export "poke-guest" (func $to-guest "poke"))))";
}

uint64_t number_of(std::string_view hex) {
  uint64_t number = 0;
  std::from_chars(hex.data(), hex.data() + hex.size(), number, 16);
  return number;
}

}  // namespace

std::vector<std::string> split(const std::string& text, const std::string& by) {
  std::vector<std::string> parts;
  size_t at = 0;
  while (true) {
    const size_t next = text.find(by, at);
    parts.push_back(text.substr(at, next == std::string::npos ? next : next - at));
    if (next == std::string::npos) return parts;
    at = next + by.size();
  }
}

std::vector<HostileCase> read_table(const char* name) {
  std::ifstream file(std::string(WHERRY_COMPONENT_TESTDATA "/hostile/") + name);
  std::vector<HostileCase> cases;
  std::string section;
  std::string line;
  while (std::getline(file, line)) {
    if (line.empty() || line[0] == ';') continue;
    if (line.starts_with("--- ")) {
      section = line.substr(4);
      continue;
    }
    const size_t colon = line.find(": ");
    const size_t arrow = line.rfind(" => ");
    if (colon == std::string::npos || arrow == std::string::npos) return {};
    cases.push_back(
        {section, line.substr(0, colon), line.substr(colon + 2, arrow - colon - 2), line.substr(arrow + 4)});
  }
  return cases;
}

const char* name_of(Way way) {
  switch (way) {
    case Way::ParamToHost: return "a parameter to the host";
    case Way::ResultToHost: return "a result to the host";
    case Way::ParamToGuest: return "a parameter to a guest";
    default: return "a result to a guest";
  }
}

std::vector<uint8_t> bytes_of(std::string_view text) {
  std::vector<uint8_t> bytes;
  if (text == "-") return bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<uint8_t>(number_of(text.substr(i, 2))));
  return bytes;
}

GuestImage image_of(std::string_view flat, std::string_view area, std::string_view heap) {
  GuestImage image;
  image.area = bytes_of(area);
  image.heap = bytes_of(heap);
  while (flat != "*" && flat != "-" && !flat.empty()) {
    const std::string_view slot = flat.substr(0, flat.find(','));
    flat.remove_prefix(std::min(flat.size(), slot.size() + 1));
    image.kinds += slot[0];
    image.slots.push_back(number_of(slot.substr(1)));
  }
  return image;
}

std::string outcome_of(const Error& error) {
  for (const auto& [code, name] : kTrapNames) {
    if (error.kind() == ErrorKind::Trap && error.trap_code() == code) return std::string("!") + name;
  }
  return "? " + error.describe();
}

std::vector<uint8_t> Arrival::bytes(uint32_t at, size_t size) const {
  std::vector<uint8_t> some(size);
  for (size_t i = 0; i < size && at - kSlots + i < memory.size(); ++i) some[i] = memory[at - kSlots + i];
  return some;
}

std::vector<uint8_t> Arrival::heap() const {
  return bytes(GuestImage::kHeap, memory.size() - (GuestImage::kHeap - kSlots));
}

Guests::Guests(const Engine& engine, const std::vector<std::string>& definitions, const std::string& kinds,
               const GuestOptions& options)
    : engine_(engine) {
  ComponentFeatures features;
  for (const char* const name : {"component-model-fixed-length-lists", "component-model-map"}) {
    if (!features.set(name, true)) problem_ = name;
  }
  const std::string text = text_of(definitions, kinds, options);
  Result<Component> component = Component::load_text(engine, text, features);
  if (component) {
    component_ = std::move(*component);
  } else {
    problem_ = component.error().describe() + "\n" + text;
  }
}

bool Guests::poke(StoreRef store, const ComponentInstance& instance, const char* function,
                  const GuestImage& image) {
  const auto poke = instance.typed<void(uint32_t, uint32_t)>(store, function);
  if (!poke) return false;
  const auto put = [&](uint32_t at, std::span<const uint8_t> bytes) {
    for (const uint8_t byte : bytes) {
      if (!poke->call(store, at++, byte)) return false;
    }
    return true;
  };
  for (size_t i = 0; i < image.slots.size(); ++i) {
    uint8_t bytes[8];
    std::memcpy(bytes, &image.slots[i], sizeof bytes);
    if (!put(static_cast<uint32_t>(kImageSlots + 8 * i), bytes)) return false;
  }
  return put(GuestImage::kArea, image.area) && put(GuestImage::kHeap, image.heap);
}

namespace {

// Instances, and a host that remembers what it was given.
struct World {
  World(const Engine& engine, const Component& component)
      : store(Store::create(engine).value()), linker(engine) {
    Result<void> defined =
        linker.dynamic_func("", "put",
                            [this](Caller&, const ComponentFuncType&, std::span<const ComponentVal> arguments,
                                   ComponentVal& result) -> Result<void> {
                              given = arguments[0];
                              result = ComponentVal::list({});
                              return {};
                            });
    if (!defined) {
      problem = defined.error().describe();
      return;
    }
    Result<ComponentInstance> made = linker.instantiate(store, component);
    if (made) {
      instance = *made;
    } else {
      problem = made.error().describe();
    }
  }

  Result<std::optional<ComponentVal>> call(const char* name, std::span<const ComponentVal> arguments = {}) {
    WHERRY_ASSIGN_OR_RETURN(const ComponentFunc func, instance.func(store, name));
    return func.call(store, arguments);
  }

  Store store;
  ComponentLinker linker;
  ComponentInstance instance;
  std::optional<ComponentVal> given;
  std::string problem;
};

void take_memory(const ComponentVal& list, Arrival* arrival) {
  for (const ComponentVal& byte : list.items()) arrival->memory.push_back(byte.get<uint8_t>());
}

}  // namespace

Arrival Guests::send(Way way, const GuestImage& image) const {
  World world(engine_, *component_);
  Arrival arrival;
  const bool is_to_host = way == Way::ParamToHost || way == Way::ResultToHost;
  if (!world.problem.empty() ||
      !poke(world.store, world.instance, is_to_host ? "poke-host" : "poke-guest", image)) {
    arrival.outcome = "? " + world.problem;
    return arrival;
  }
  const char* const function = way == Way::ParamToHost    ? "to-host"
                               : way == Way::ResultToHost ? "get"
                               : way == Way::ParamToGuest ? "to-guest"
                                                          : "fetch";
  Result<std::optional<ComponentVal>> called = world.call(function);
  if (!called) {
    arrival.outcome = outcome_of(called.error());
    return arrival;
  }
  arrival.outcome = "ok";
  if (way == Way::ParamToHost) arrival.value = world.given;
  if (way == Way::ResultToHost) arrival.value = **called;
  if (!is_to_host) take_memory(**called, &arrival);
  return arrival;
}

Arrival Guests::send_from_host(const ComponentVal& value) const {
  World world(engine_, *component_);
  Arrival arrival;
  Result<std::optional<ComponentVal>> called = world.call("put", {&value, 1});
  arrival.outcome = !world.problem.empty() ? "? " + world.problem
                    : called               ? "ok"
                                           : outcome_of(called.error());
  if (called) take_memory(**called, &arrival);
  return arrival;
}

}  // namespace wherry::component
