// What an embedder sees of one run of a module, written down so that runs can be compared.
//
// Everything is text: a difference then shows itself, and engines written in other languages take part by printing the same
// lines (tests/fuzz/peers). Left out: what follows an exhausted stack (frames may differ in size) or lack of memory, the bits
// of NaNs, and the text of messages. Memories appear as size and hash.
#include "tests/fuzz/observe.h"

#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "wherry/wherry.h"

namespace wherry::fuzz {

namespace {

constexpr size_t kMostCalledExports = 16;
constexpr uint64_t kMostComparedElements = 64;
constexpr uint64_t kHashStart = 0xcbf29ce484222325;
constexpr uint64_t kHashFactor = 0x100000001b3;

// ---- arguments and host functions: numbers from a sequence that the input starts

class Numbers {
 public:
  explicit Numbers(Bytes bytes) {
    for (const uint8_t byte : bytes) state_ = (state_ ^ byte) * kHashFactor;
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
  uint64_t state_ = kHashStart;
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
      const Val value = host->numbers.value(type.global.content);
      WHERRY_ASSIGN_OR_RETURN(Global made, Global::create(store, type.global, value));
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

// ---- lines

template <class... Args>
std::string format(const char* pattern, Args... args) {
  char text[128];
  return {text, static_cast<size_t>(std::snprintf(text, sizeof text, pattern, args...))};
}

bool is_null(const Val& value) {
  if (value.kind() == ValueKind::FuncRef) return value.get<Func>()->is_null();
  if (value.kind() == ValueKind::AnyRef) return value.get<AnyRef>()->is_null();
  if (value.kind() == ValueKind::ExnRef) return value.get<ExnRef>()->is_null();
  return value.get<ExternRef>()->is_null();
}

std::string text_of(const Val& value) {
  switch (value.kind()) {
    case ValueKind::I32: return format(" i32:%x", *value.get<uint32_t>());
    case ValueKind::I64: return format(" i64:%lx", *value.get<uint64_t>());
    case ValueKind::F32: {
      const float number = *value.get<float>();
      return std::isnan(number) ? " f32:nan" : format(" f32:%x", std::bit_cast<uint32_t>(number));
    }
    case ValueKind::F64: {
      const double number = *value.get<double>();
      return std::isnan(number) ? " f64:nan" : format(" f64:%lx", std::bit_cast<uint64_t>(number));
    }
    case ValueKind::V128: {
      const V128 bits = *value.get<V128>();
      return format(" v128:%016lx%016lx", bits.high, bits.low);
    }
    default: return is_null(value) ? " null" : " ref";
  }
}

std::string text_of(const Error& error) {
  if (error.describe().empty()) std::abort();
  const bool is_trap = error.kind() == ErrorKind::Trap || error.kind() == ErrorKind::Exception;
  if (!is_trap) return format(" error %d", static_cast<int>(error.kind()));
  const std::string_view message = trap_message(error.trap_code().value_or(TrapCode::HostError));
  return format(" trap %.*s", static_cast<int>(message.size()), message.data());
}

uint64_t hash(std::span<const uint8_t> bytes) {
  uint64_t state = kHashStart;
  size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    uint64_t word;
    std::memcpy(&word, bytes.data() + at, 8);
    state = (state ^ word) * kHashFactor;
    state ^= state >> 32;
  }
  for (; at < bytes.size(); ++at) state = (state ^ bytes[at]) * kHashFactor;
  return state;
}

// ---- a run

class Run {
 public:
  Run(const Mode& mode, const Input& input) : mode_(mode), input_(input), numbers_(input.arguments) {}

  Observation run() {
    const Engine engine = make_engine();
    auto module = mode_.compiled.empty() ? Module::load_borrowed(engine, input_.module)
                                         : Module::load_artifact_unsafe(engine, input_.artifact);
    if (!module) {
      seen_.lines.push_back("refused " + module.error().describe());
      return std::move(seen_);
    }
    seen_.loaded = true;
    while (instance(engine, *module)) {}
    return std::move(seen_);
  }

 private:
  Engine make_engine() const {
    Config config;
    config.features.set("all", true).value();
    config.fuel = mode_.fuel;
    config.interruption = mode_.deadline;
    config.validation = mode_.validation;
    config.advanced.disabled_optimizations = mode_.disabled;
    config.advanced.signals_based_traps = mode_.guard;
    config.advanced.validation_threads = 1;
    config.advanced.gc_stress = mode_.gc_stress;
    config.advanced.tier_seed = mode_.tier_seed;
    config.nan_canonicalization = mode_.nan;
    config.limits.memory_bytes = 16 << 20;
    config.limits.table_elements = 10'000;
    config.limits.stack_bytes = 1 << 20;
    return Engine::create(config).value();
  }

  // Makes an instance and the calls that are left. True if there must be another one.
  bool instance(const Engine& engine, const Module& module) {
    auto store = Store::create(engine);
    if (mode_.deadline) store->set_deadline(std::chrono::hours(1)).value();
    begin(*store);
    Host host{Numbers(input_.arguments)};
    auto instance = instantiate(*store, module, &host);
    note(*store, "instantiate", instance.ok() ? nullptr : &instance.error(), {});
    if (!instance) return false;
    seen_.instantiated = true;
    if (!calls(*store, module, *instance)) return true;
    if (!seen_.cut) state(*store, module, *instance);
    return false;
  }

  void begin(Store& store) const {
    if (mode_.fuel) store.set_fuel(input_.fuel).value();
  }

  // The outcome of one step. `out_of_fuel_` stays set.
  void note(Store& store, std::string line, const Error* error, std::span<const Val> results) {
    if (mode_.fuel) {
      seen_.fuel_left.push_back(*store.fuel());
      seen_.instructions += input_.fuel - seen_.fuel_left.back();
    }
    if (error != nullptr) {
      line += text_of(*error);
      const std::optional<TrapCode> trap = error->trap_code();
      out_of_fuel_ |= trap == TrapCode::OutOfFuel;
      seen_.cut |= trap == TrapCode::CallStackExhausted || trap == TrapCode::OutOfMemory ||
                   trap == TrapCode::AllocationTooLarge || error->kind() == ErrorKind::OutOfMemory;
    } else if (line == "instantiate") {
      line += " ok";
    }
    for (const Val& value : results) line += text_of(value);
    seen_.lines.push_back(std::move(line));
  }

  // False after a trap that leaves the instance in a state of its own.
  bool call(Store& store, Func func) {
    const auto type = func.type(store);
    if (!type) return true;
    std::vector<Val> params;
    for (const ValType& param : type->params) params.push_back(numbers_.value(param));
    std::vector<Val> results(type->results.size());
    begin(store);
    const auto result = func.call(store, params, results);
    if (!result) results.clear();
    note(store, format("call %u", seen_.calls), result.ok() ? nullptr : &result.error(), results);
    ++seen_.calls;
    seen_.returned += result.ok();
    if (!out_of_fuel_ && !seen_.cut) seen_.calls_with_fuel = seen_.calls;
    if (result.ok() || result.error().kind() != ErrorKind::Trap ||
        result.error().trap_code() == TrapCode::HostError)
      return true;
    seen_.trapped = true;
    return !input_.new_instance_after_trap;
  }

  // Goes on where the last instance ended, if there was one. False if the rest needs another one.
  bool calls(Store& store, const Module& module, Instance instance) {
    size_t called = 0;
    uint32_t passed = 0;
    for (size_t i = 0; i < module.export_count(); ++i) {
      const auto item = instance.get_at(store, i);
      if (!item || !item->func() || ++called > kMostCalledExports) continue;
      for (int round = 0; round < 2; ++round) {
        if (seen_.cut || seen_.calls >= input_.most_calls) return true;
        if (passed++ < seen_.calls) continue;
        if (!call(store, *item->func())) return false;
      }
    }
    return true;
  }

  void table(Store& store, Table table) {
    const uint64_t size = table.size(store).value_or(0);
    std::string line = format("table %lu ", size);
    for (uint64_t i = 0; i < size && i < kMostComparedElements; ++i) {
      const auto element = table.get(store, i);
      line += !element ? '?' : is_null(*element) ? '-' : '*';
    }
    seen_.lines.push_back(std::move(line));
  }

  void state(Store& store, const Module& module, Instance instance) {
    for (size_t i = 0; i < module.export_count(); ++i) {
      const auto item = instance.get_at(store, i);
      if (!item) continue;
      if (item->table()) table(store, *item->table());
      if (item->memory()) {
        const auto data = item->memory()->data(store);
        if (data) seen_.lines.push_back(format("memory %zu %lx", data->size(), hash(*data)));
      }
      if (item->global()) {
        const auto value = item->global()->get(store);
        seen_.lines.push_back("global" + (value ? text_of(*value) : text_of(value.error())));
      }
    }
  }

  const Mode& mode_;
  const Input& input_;
  Numbers numbers_;
  Observation seen_;
  bool out_of_fuel_ = false;
};

struct Words {
  std::string_view ours;
  std::string_view common;
};
constexpr Words kWords[] = {
    {"unreachable", "unreachable"},
    {"out of bounds memory access", "memory"},
    {"out of bounds table access", "table"},
    {"undefined element", "table"},
    {"uninitialized element", "null"},
    {"indirect call type mismatch", "signature"},
    {"integer overflow", "overflow"},
    {"integer divide by zero", "division"},
    {"invalid conversion to integer", "conversion"},
    {"call stack exhausted", "exhausted"},
    {"out of memory", "exhausted"},
    {"allocation size too large", "exhausted"},
    {"null", "null"},  // And what is null.
    {"out of bounds array access", "array"},
    {"cast failure", "cast"},
    {"uncaught exception", "exception"},
    {"unaligned atomic", "unaligned"},
    {"expected shared memory", "unshared"},
    {"all fuel consumed", "fuel"},
    {"host function failed", "host"},
};

// Up to the next line break, which goes with it.
std::string_view take_line(std::string_view& text) {
  const size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

constexpr Mode kModes[] = {
    {.name = "all optimisations"},
    {.name = "no optimisation, checks", .disabled = kAllOptimizations, .guard = false},
    {.name = "checks", .guard = false},
    {.name = "no optimisation", .disabled = kAllOptimizations},
    {.name = "no fuel", .fuel = false},
    {.name = "no fuel, checks", .guard = false, .fuel = false},
    {.name = "deadline", .fuel = false, .deadline = true},
    {.name = "deadline and fuel, lazy", .deadline = true, .validation = Validation::Lazy},
    {.name = "collecting at every allocation", .gc_stress = true},
    {.name = "no optimisation, collecting at every allocation",
     .disabled = kAllOptimizations,
     .gc_stress = true},
#define WHERRY_WITHOUT(bit, what)                                                                     \
  {.name = "without " what, .disabled = 1u << (bit)},                                                 \
      {.name = "without " what ", checks", .disabled = 1u << (bit), .guard = false, .fuel = false}, { \
    .name = "only " what, .disabled = kAllOptimizations & ~(1u << (bit)), .fuel = false               \
  }
    WHERRY_WITHOUT(0, "accumulators"),
    WHERRY_WITHOUT(1, "destination folding"),
    WHERRY_WITHOUT(2, "address folding"),
    WHERRY_WITHOUT(3, "compare and branch"),
    WHERRY_WITHOUT(4, "branch table index"),
    WHERRY_WITHOUT(5, "pinned locals"),
    WHERRY_WITHOUT(6, "joined handlers"),
    WHERRY_WITHOUT(7, "pinned floats"),
    WHERRY_WITHOUT(8, "unread locals"),
    WHERRY_WITHOUT(9, "near headers"),
    WHERRY_WITHOUT(10, "repeated dispatch"),
#undef WHERRY_WITHOUT
};
static_assert(kAllOptimizations == (1u << 11) - 1, "an optimisation without modes");

constexpr Mode kCompiledModes[] = {
    {.name = "compiled, values", .fuel = false, .compiled = "--trap-precision=values", .exact_traps = false},
    {.name = "compiled, exact", .fuel = false, .compiled = "--trap-precision=exact"},
    {.name = "compiled, values, fuel", .compiled = "--trap-precision=values", .exact_traps = false},
    {.name = "compiled, exact, fuel", .compiled = "--trap-precision=exact"},
    {.name = "compiled, not optimised", .fuel = false, .compiled = "--trap-precision=exact --optimization=0"},
    {.name = "compiled, values, checks",
     .guard = false,
     .fuel = false,
     .compiled = "--trap-precision=values",
     .exact_traps = false},
    {.name = "compiled, exact, tiers by chance",
     .compiled = "--trap-precision=exact --leave-out=random:7",
     .tier_seed = 1},
    {.name = "compiled, values, deadline",
     .fuel = false,
     .deadline = true,
     .compiled = "--trap-precision=values",
     .exact_traps = false},
    {.name = "compiled, exact, deadline and fuel, collecting at every allocation",
     .deadline = true,
     .gc_stress = true,
     .compiled = "--trap-precision=exact"},
    {.name = "compiled, values, for x86-64-v2",
     .fuel = false,
     .compiled = "--trap-precision=values --target-cpu=x86-64-v2",
     .exact_traps = false},
    {.name = "compiled, not optimised, fuel, checks, tiers by chance",
     .guard = false,
     .compiled = "--trap-precision=exact --optimization=0 --leave-out=random:11",
     .tier_seed = 2},
    {.name = "compiled, exact, canonical NaNs",
     .fuel = false,
     .nan = true,
     .compiled = "--trap-precision=exact"},
};

}  // namespace

Observation observe(const Mode& mode, const Input& input) { return Run(mode, input).run(); }

std::span<const Mode> all_modes() { return kModes; }

std::span<const Mode> compiled_modes() { return kCompiledModes; }

std::string settings_of(const Mode& mode) {
  const auto flag = [](bool on) { return on ? "=y" : "=n"; };
  return std::string(mode.compiled) + " --guard-pages" + flag(mode.guard) + " --fuel" + flag(mode.fuel) +
         " --interruption" + flag(mode.deadline) + " --nan-canonicalization" + flag(mode.nan);
}

std::string common_words(const std::string& line) {
  const size_t error = line.find(" error ");
  if (error != std::string::npos) return line.substr(0, error) + " error";
  const size_t at = line.find(" trap ");
  if (at == std::string::npos) return line;
  const std::string_view trap = std::string_view(line).substr(at + 6);
  for (const Words& words : kWords) {
    if (trap.starts_with(words.ours)) return line.substr(0, at + 6) + std::string(words.common);
  }
  return line;
}

std::string difference(const Observation& a, const Observation& b) {
  const size_t common = a.lines.size() < b.lines.size() ? a.lines.size() : b.lines.size();
  for (size_t i = 0; i < common; ++i) {
    // What follows something that need not be the same is not compared.
    if ((a.cut && i + 1 == a.lines.size()) || (b.cut && i + 1 == b.lines.size())) return {};
    if (a.lines[i] != b.lines[i]) return a.lines[i] + " | " + b.lines[i];
    if (i < a.fuel_left.size() && i < b.fuel_left.size() && a.fuel_left[i] != b.fuel_left[i]) {
      return format("fuel left after line %zu: %lu | %lu", i, a.fuel_left[i], b.fuel_left[i]);
    }
  }
  if (a.cut || b.cut || a.lines.size() == b.lines.size()) return {};
  return format("%zu lines | %zu lines", a.lines.size(), b.lines.size());
}

std::string difference_from_peer(const Observation& ours, std::string_view theirs, Errors errors) {
  for (size_t i = 0; i < ours.lines.size(); ++i) {
    if (ours.cut && i + 1 == ours.lines.size()) return {};
    const std::string_view line = take_line(theirs);
    const std::string mine = common_words(ours.lines[i]);
    if (line.ends_with("trap exhausted")) return {};
    if (mine.starts_with("refused") && line.starts_with("refused")) return {};
    const bool hidden = mine.ends_with(" error") || mine.find('?') != std::string::npos;
    if (errors == Errors::EndComparison && hidden) return {};
    if (mine == "instantiate error" && line.starts_with("instantiate trap")) return {};
    if (mine != line) return mine + " | " + std::string(line);
  }
  return theirs.empty() ? "" : "end | " + std::string(take_line(theirs));
}

}  // namespace wherry::fuzz
