// One module, several engines, no difference: the check that both fuzz targets which run code share.
//
// The optimisations of lowering, guard pages, fuel and interruption must not change what a program computes. So each
// module runs in an engine with everything on, and then in others; what an embedder can see is recorded and compared.
// The second engine has no optimisation and checks every access; the third has a set chosen by the input and validates
// lazily; the fourth, only for programs that ended within their fuel, counts none, which is how programs mostly run.
//
// Left out of the comparison: what follows an exhausted stack (frames may differ in size) or lack of memory, and the bits
// of NaNs. Text of messages is not compared.
#include "tests/fuzz/differential.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "wherry/wherry.h"

namespace wherry::fuzz {

namespace {

constexpr size_t kMostCalledExports = 16;
constexpr uint64_t kMostComparedElements = 64;

struct Figures {
  uint64_t modules = 0;
  uint64_t loaded = 0;
  uint64_t instantiated = 0;
  uint64_t calls = 0;
  uint64_t returned = 0;
  uint64_t errors = 0;
  uint64_t fuel = 0;
  uint64_t traps[128] = {};
};
Figures figures;

// --- what a run left behind

struct Outcome {
  ErrorKind kind{};  // None of them: success.
  TrapCode trap{};
  std::vector<Val> values;
  uint64_t fuel = 0;
};

struct Record {
  Outcome load;
  Outcome instantiate;
  std::vector<Outcome> calls;
  std::vector<std::vector<uint8_t>> memories;
  std::vector<Outcome> globals;
  std::vector<std::string> tables;  // A character for each element: null or not.
  bool incomparable = false;        // The calls after the last one recorded could differ.
  bool out_of_fuel = false;
};

struct Variant {
  const char* name;
  uint32_t disabled;
  bool guard;
  bool fuel;
  bool interruption;
  Validation validation;
};

template <class T>
Outcome outcome_of(const Result<T>& result) {
  Outcome outcome;
  if (!result.ok()) {
    outcome.kind = result.error().kind();
    outcome.trap = result.error().trap_code().value_or(TrapCode{});
    if (result.error().describe().empty()) std::abort();
  }
  return outcome;
}

// --- arguments and host functions: numbers from a sequence that the input starts

class Numbers {
 public:
  explicit Numbers(Bytes bytes) {
    for (const uint8_t byte : bytes) state_ = (state_ ^ byte) * 0x100000001b3;
  }

  uint64_t next() {
    state_ = state_ * 6364136223846793005 + 1442695040888963407;
    const uint64_t bits = state_ ^ (state_ >> 29);
    switch (bits >> 61) {
      case 0: return 0;
      case 1: return bits & 0xf;
      case 2: return bits & 0xff;
      case 3: return ~(bits & 0xff);
      case 4: return (bits & 1) != 0 ? 0x7fffffff : 0x80000000;
      case 5: return uint64_t{1} << (bits & 63);
      default: return bits;
    }
  }

  Val value(const ValType& type) {
    const uint64_t bits = next();
    switch (type.kind()) {
      case ValKind::I32: return Val(static_cast<uint32_t>(bits));
      case ValKind::I64: return Val(bits);
      // Small whole numbers, and anything but NaNs.
      case ValKind::F32: {
        const auto number = std::bit_cast<float>(static_cast<uint32_t>(bits));
        return Val(bits % 4 != 0 && number == number ? number : static_cast<float>(bits & 0xff));
      }
      case ValKind::F64: {
        const auto number = std::bit_cast<double>(bits);
        return Val(bits % 4 != 0 && number == number ? number : static_cast<double>(bits & 0xff));
      }
      default: return Val::zero(type).value_or(Val());
    }
  }

 private:
  uint64_t state_ = 0xcbf29ce484222325;
};

// What all host functions of a run share: results depend on how many calls there were and on nothing else.
struct Host {
  Numbers numbers;
  uint32_t calls = 0;
  uint32_t depth = 0;
};

Result<void> reenter(Host& host, Caller& caller) {
  WHERRY_ASSIGN_OR_RETURN(Instance instance, caller.instance());
  WHERRY_ASSIGN_OR_RETURN(Module module, instance.module(caller));
  for (size_t i = 0; i < module.export_count(); ++i) {
    WHERRY_ASSIGN_OR_RETURN(Extern item, instance.get_at(caller, i));
    if (!item.func()) continue;
    WHERRY_ASSIGN_OR_RETURN(FuncType type, item.func()->type(caller));
    std::vector<Val> params;
    params.reserve(type.params.size());
    for (const ValType& param : type.params) params.push_back(host.numbers.value(param));
    std::vector<Val> results(type.results.size());
    return item.func()->call(caller, params, results);
  }
  return {};
}

Result<void> answer(Host& host, const FuncType& type, Caller& caller, std::span<Val> results) {
  const uint32_t call = ++host.calls;
  if (call % 61 == 60) return Error::trap("the host's trap");
  if (call % 7 == 3 && host.depth < 2) {
    ++host.depth;
    auto result = reenter(host, caller);
    --host.depth;
    WHERRY_RETURN_IF_ERROR(std::move(result));
  }
  for (size_t i = 0; i < results.size(); ++i) results[i] = host.numbers.value(type.results[i]);
  return {};
}

Result<Extern> make_import(Store& store, Host* host, const ExternType& type) {
  switch (type.kind) {
    case ExternKind::Func: {
      auto body = [host, signature = type.func](Caller& caller, std::span<const Val>,
                                                std::span<Val> results) -> Result<void> {
        return answer(*host, signature, caller, results);
      };
      WHERRY_ASSIGN_OR_RETURN(Func made, Func::create(store, type.func, std::move(body)));
      return Extern(made);
    }
    case ExternKind::Table: {
      const std::optional<Val> null = Val::zero(type.table.element);
      if (!null) return Error::make(ErrorKind::Unsupported, "no such element");
      WHERRY_ASSIGN_OR_RETURN(Table made, Table::create(store, type.table, *null));
      return Extern(made);
    }
    case ExternKind::Memory: {
      WHERRY_ASSIGN_OR_RETURN(Memory made, Memory::create(store, type.memory));
      return Extern(made);
    }
    case ExternKind::Global: {
      WHERRY_ASSIGN_OR_RETURN(Global made,
                              Global::create(store, type.global, host->numbers.value(type.global.content)));
      return Extern(made);
    }
    case ExternKind::Tag: break;
  }
  WHERRY_ASSIGN_OR_RETURN(Tag made, Tag::create(store, type.tag));
  return Extern(made);
}

Result<Instance> instantiate(Store& store, const Module& module, Host* host) {
  std::vector<Extern> imports;
  for (size_t i = 0; i < module.import_count(); ++i) {
    WHERRY_ASSIGN_OR_RETURN(Extern made, make_import(store, host, module.import_at(i).type));
    imports.push_back(made);
  }
  return Instance::create(store, module, imports);
}

// --- a run

void note(Record& record, const Outcome& outcome) {
  if (outcome.trap == TrapCode::CallStackExhausted || outcome.kind == ErrorKind::OutOfMemory ||
      outcome.trap == TrapCode::OutOfMemory) {
    record.incomparable = true;
  }
  record.out_of_fuel |= outcome.trap == TrapCode::OutOfFuel;
}

void call(Record& record, Store& store, Func func, Numbers& numbers, const Variant& variant, uint64_t fuel) {
  const auto type = func.type(store);
  if (!type) return;
  std::vector<Val> params;
  for (const ValType& param : type->params) params.push_back(numbers.value(param));
  std::vector<Val> results(type->results.size());
  if (variant.fuel) store.set_fuel(fuel).value();
  Outcome outcome = outcome_of(func.call(store, params, results));
  if (outcome.kind == ErrorKind{}) outcome.values = results;
  if (variant.fuel) outcome.fuel = *store.fuel();
  note(record, outcome);
  record.calls.push_back(std::move(outcome));
}

void keep_memory(Record& record, Store& store, Memory memory) {
  const auto data = memory.data(store);
  if (data) record.memories.emplace_back(data->begin(), data->end());
}

void keep_table(Record& record, Store& store, Table table) {
  const auto size = table.size(store);
  if (!size) return;
  std::string& text = record.tables.emplace_back(std::to_string(*size));
  for (uint64_t i = 0; i < *size && i < kMostComparedElements; ++i) {
    const auto element = table.get(store, i);
    if (!element) {
      text += '?';
      continue;
    }
    const bool null = element->kind() == ValueKind::FuncRef ? element->get<Func>()->is_null()
                                                            : element->get<ExternRef>()->is_null();
    text += null ? '-' : '*';
  }
}

void keep_state(Record& record, Store& store, const Module& module, Instance instance) {
  for (size_t i = 0; i < module.export_count(); ++i) {
    const auto item = instance.get_at(store, i);
    if (!item) continue;
    if (item->memory()) keep_memory(record, store, *item->memory());
    if (item->table()) keep_table(record, store, *item->table());
    if (item->global()) {
      const auto value = item->global()->get(store);
      Outcome outcome = outcome_of(value);
      if (value) outcome.values.push_back(*value);
      record.globals.push_back(std::move(outcome));
    }
  }
}

Record run(const Variant& variant, Bytes bytes, Bytes arguments, uint64_t fuel) {
  Record record;
  Config config;
  config.features.set("all", true).value();
  config.fuel = variant.fuel;
  config.interruption = variant.interruption;
  config.validation = variant.validation;
  config.advanced.disabled_optimizations = variant.disabled;
  config.advanced.signals_based_traps = variant.guard;
  config.advanced.validation_threads = 1;
  config.limits.memory_bytes = 16 << 20;
  config.limits.table_elements = 10'000;
  config.limits.stack_bytes = 1 << 20;
  auto engine = Engine::create(config);
  auto module = Module::load_borrowed(*engine, bytes);
  record.load = outcome_of(module);
  if (!module) return record;

  auto store = Store::create(*engine);
  Host host{Numbers(arguments)};
  if (variant.fuel) store->set_fuel(fuel).value();
  auto instance = instantiate(*store, *module, &host);
  record.instantiate = outcome_of(instance);
  if (variant.fuel) record.instantiate.fuel = *store->fuel();
  note(record, record.instantiate);
  if (!instance) return record;

  Numbers numbers(arguments);
  size_t called = 0;
  for (size_t i = 0; i < module->export_count() && !record.incomparable; ++i) {
    const auto item = instance->get_at(*store, i);
    if (!item || !item->func() || ++called > kMostCalledExports) continue;
    for (int round = 0; round < 2 && !record.incomparable; ++round) {
      call(record, *store, *item->func(), numbers, variant, fuel);
    }
  }
  if (!record.incomparable) keep_state(record, *store, *module, *instance);
  return record;
}

// --- comparison

[[noreturn]] void differ(const Variant& a, const Variant& b, const char* what, size_t index, uint64_t in_a,
                         uint64_t in_b) {
  std::fprintf(stderr,
               "difference in %s %zu: %#llx with %s, %#llx with %s (disabled %#x, guard %d, fuel %d, "
               "interruption %d)\n",
               what, index, static_cast<unsigned long long>(in_a), a.name,
               static_cast<unsigned long long>(in_b), b.name, b.disabled, b.guard, b.fuel, b.interruption);
  std::abort();
}

// Bits that can be compared: those of a number, with all NaNs the same, and whether a reference is null.
V128 bits_of(const Val& value) {
  switch (value.kind()) {
    case ValueKind::I32: return {*value.get<uint32_t>(), 0};
    case ValueKind::I64: return {*value.get<uint64_t>(), 0};
    case ValueKind::F32: {
      const float number = *value.get<float>();
      return {std::isnan(number) ? 0x7fc00000 : std::bit_cast<uint32_t>(number), 0};
    }
    case ValueKind::F64: {
      const double number = *value.get<double>();
      return {std::isnan(number) ? 0x7ff8000000000000 : std::bit_cast<uint64_t>(number), 0};
    }
    case ValueKind::V128: return *value.get<V128>();
    case ValueKind::FuncRef: return {value.get<Func>()->is_null(), 0};
    case ValueKind::ExternRef: break;
  }
  return {value.get<ExternRef>()->is_null(), 0};
}

void compare(const Variant& a, const Variant& b, const char* what, size_t index, const Outcome& in_a,
             const Outcome& in_b) {
  if (in_a.kind != in_b.kind) {
    differ(a, b, what, index, static_cast<uint64_t>(in_a.kind), static_cast<uint64_t>(in_b.kind));
  }
  if (in_a.trap != in_b.trap) {
    differ(a, b, what, index, static_cast<uint64_t>(in_a.trap), static_cast<uint64_t>(in_b.trap));
  }
  if (in_a.values.size() != in_b.values.size()) std::abort();
  for (size_t i = 0; i < in_a.values.size(); ++i) {
    const V128 bits_a = bits_of(in_a.values[i]);
    const V128 bits_b = bits_of(in_b.values[i]);
    if (bits_a != bits_b) differ(a, b, what, index, bits_a.low, bits_b.low);
  }
  if (a.fuel && b.fuel && in_a.fuel != in_b.fuel) differ(a, b, "fuel after", index, in_a.fuel, in_b.fuel);
}

void compare_memories(const Variant& a, const Variant& b, const Record& in_a, const Record& in_b) {
  for (size_t i = 0; i < in_a.memories.size() && i < in_b.memories.size(); ++i) {
    const std::vector<uint8_t>& bytes_a = in_a.memories[i];
    const std::vector<uint8_t>& bytes_b = in_b.memories[i];
    if (bytes_a.size() != bytes_b.size()) differ(a, b, "size of memory", i, bytes_a.size(), bytes_b.size());
    if (bytes_a == bytes_b) continue;
    size_t at = 0;
    while (bytes_a[at] == bytes_b[at]) ++at;
    differ(a, b, "memory at", at, bytes_a[at], bytes_b[at]);
  }
}

void compare(const Variant& a, const Variant& b, const Record& in_a, const Record& in_b) {
  compare(a, b, "load", 0, in_a.load, in_b.load);
  if (in_a.incomparable || in_b.incomparable) return;
  compare(a, b, "instantiate", 0, in_a.instantiate, in_b.instantiate);
  for (size_t i = 0; i < in_a.calls.size() && i < in_b.calls.size(); ++i) {
    compare(a, b, "call", i, in_a.calls[i], in_b.calls[i]);
  }
  compare_memories(a, b, in_a, in_b);
  for (size_t i = 0; i < in_a.globals.size() && i < in_b.globals.size(); ++i) {
    compare(a, b, "global", i, in_a.globals[i], in_b.globals[i]);
  }
  for (size_t i = 0; i < in_a.tables.size() && i < in_b.tables.size(); ++i) {
    if (in_a.tables[i] != in_b.tables[i]) differ(a, b, "table", i, 0, 0);
  }
}

void count(const Record& record, uint64_t fuel) {
  ++figures.modules;
  figures.loaded += record.load.kind == ErrorKind{};
  if (record.load.kind != ErrorKind{}) return;
  figures.instantiated += record.instantiate.kind == ErrorKind{};
  for (const Outcome& outcome : record.calls) {
    ++figures.calls;
    figures.fuel += fuel - outcome.fuel;
    figures.returned += outcome.kind == ErrorKind{};
    if (outcome.kind == ErrorKind::Trap) {
      ++figures.traps[static_cast<size_t>(outcome.trap) % std::size(figures.traps)];
    } else if (outcome.kind != ErrorKind{}) {
      ++figures.errors;
    }
  }
}

void print_figures() {
  const auto number = [](uint64_t value) { return static_cast<unsigned long long>(value); };
  const uint64_t calls = figures.calls == 0 ? 1 : figures.calls;
  std::fprintf(
      stderr,
      "figures: %llu modules, %llu valid, %llu instantiated; %llu calls, %.1f %% returned, %.1f %% refused, "
      "%.0f instructions a call\n",
      number(figures.modules), number(figures.loaded), number(figures.instantiated), number(figures.calls),
      100.0 * static_cast<double>(figures.returned) / static_cast<double>(calls),
      100.0 * static_cast<double>(figures.errors) / static_cast<double>(calls),
      static_cast<double>(figures.fuel) / static_cast<double>(calls));
  for (size_t i = 0; i < std::size(figures.traps); ++i) {
    if (figures.traps[i] == 0) continue;
    const std::string_view text = trap_message(static_cast<TrapCode>(i));
    std::fprintf(stderr, "figures: %12llu x %.*s\n", number(figures.traps[i]), static_cast<int>(text.size()),
                 text.data());
  }
}

}  // namespace

NanBits nan_bits_of(Bytes module) {
  bool made = false;
  bool seen = false;
  for (const uint8_t byte : module) {
    // Binary operations, whose result may be either NaN; copysign, reinterpretation and stores.
    made |= (byte >= 0x92 && byte <= 0x98) || (byte >= 0xa0 && byte <= 0xa6);
    seen |= byte == 0x98 || byte == 0xa6 || byte == 0xbc || byte == 0xbd || byte == 0x38 || byte == 0x39;
  }
  return made && seen ? NanBits::MayMatter : NanBits::Hidden;
}

void run_differential(Bytes module, Bytes arguments, NanBits nan_bits, uint64_t fuel, Bytes equivalent) {
  const uint8_t choice = arguments.empty() ? 0 : arguments.front();
  const Variant full{"all optimisations", 0, true, true, false, Validation::Eager};
  const Record expected = run(full, module, arguments, fuel);
  count(expected, fuel);
  if (expected.load.kind != ErrorKind{}) return;

  const Variant plain{"no optimisation", kAllOptimizations, false, true, false, Validation::Eager};
  const Variant some{"some optimisations", choice & kAllOptimizations, (choice & 0x40) != 0, true, true,
                     Validation::Lazy};
  const Variant unmetered{"no fuel", 0, (choice & 0x80) == 0, false, (choice & 0x40) == 0, Validation::Eager};
  for (const Variant& variant : {plain, some, unmetered}) {
    if (!variant.fuel && (expected.out_of_fuel || expected.incomparable)) continue;
    if (!variant.fuel && nan_bits == NanBits::MayMatter) continue;  // Might not end.
    const Record found = run(variant, module, arguments, fuel);
    if (nan_bits == NanBits::Hidden) compare(full, variant, expected, found);
  }

  if (equivalent.empty() || expected.out_of_fuel) return;
  Variant other{"the equivalent module", kAllOptimizations, false, true, false, Validation::Eager};
  const Record found = run(other, equivalent, arguments, 8 * fuel);
  other.fuel = false;  // Not the same.
  if (!found.out_of_fuel) compare(full, other, expected, found);
}

void print_figures_at_exit() { std::atexit(print_figures); }

}  // namespace wherry::fuzz
