// Every load, store and atomic access at every kind of address, with canaries around the memory (threat C1: an effective
// address that is one bit too wide is an escape from the sandbox).
//
//   addresses [--without PREFIX...]
//
// Each access of engine/wasm/opcodes.inc is written with offsets up to 2^32 - 1 (2^64 - 1 for 64-bit memories) and its index
// from each place that could leave wrong upper bits: a parameter, a sum, i32.wrap_i64 of dirty bits, a call, a global, a
// constant. A model in this file says what must come out: a value and bytes changed, or a trap and nothing changed.
//
// Before the accesses run, all address space within 40 GiB of the memory that is not taken is mapped, readable and writable. An
// access that goes astray then does not fault: it gives a value where a trap is expected, or leaves a page behind that was
// never touched before. Both are failures.
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "tests/fuzz/generate_module.h"
#include "tests/fuzz/observe.h"
#include "tests/fuzz/rows.h"
#include "wherry/wherry.h"

namespace wherry::matrix {

namespace {

using fuzz::Row;
using fuzz::Writer;

constexpr uint64_t kPage = 65536;
constexpr uint64_t kReach = uint64_t{40} << 30;
constexpr uint64_t kDirt = 0xdeadbeef00000000;
constexpr int kMostReports = 20;

enum Source : uint32_t { kParameter, kSum, kWrapped, kCalled, kGlobal, kComputed, kSources };
constexpr const char* kSourceNames[] = {"parameter", "sum", "wrapped", "called", "global", "computed"};

struct Access {
  Row row;
  uint32_t width = 0;
  bool atomic = false;
  bool lane = false;
  bool stores = false;  // Changes memory.
  char value = 0;       // The letter of the operand behind the address; 0 for none.
};

struct Function {
  size_t access;
  uint64_t offset;
  Source source;
};

std::vector<Access> all_accesses() {
  std::vector<Access> made;
  for (const Row& row : fuzz::kAllRows) {
    const bool atomic = row.immediate.starts_with("AtomicArg");
    if ((!row.is_memory() && !atomic) || row.text.starts_with("memory.atomic")) continue;
    Access access{.row = row, .atomic = atomic, .lane = row.immediate.starts_with("LaneArg")};
    access.width = static_cast<uint32_t>(std::atoi(row.immediate.data() + (atomic        ? 9
                                                                           : access.lane ? 7
                                                                                         : 6)));
    access.value = row.operands().size() > 1 ? row.operands()[1] : '\0';
    access.stores = row.result() == 'x' || row.is(".rmw");
    made.push_back(access);
  }
  return made;
}

uint8_t type_byte(char letter) { return static_cast<uint8_t>(fuzz::type_of(letter)); }

// ---- the module: a function for each access, offset and source; parameters: i64 with dirty upper bits, i32 and i64 index,
// a value.

class Builder {
 public:
  Builder(std::span<const Access> accesses, std::span<const Function> functions, bool wide, bool second)
      : accesses_(accesses), functions_(functions), wide_(wide), second_(second) {}

  std::vector<uint8_t> run() {
    out_.raw("\0asm\1\0\0\0", 8);
    types();
    end(1);
    section_.unsigned_leb(functions_.size() + 1);
    section_.byte(0);
    for (const Function& function : functions_) section_.unsigned_leb(function.access + 1);
    end(3);
    section_.byte(second_ ? 2 : 1);
    if (second_) section_.raw("\1\0\0", 3);  // The first has no pages then.
    section_.byte(wide_ ? 5 : 1);
    section_.raw("\1\1", 2);
    end(5);
    section_.byte(1);
    section_.byte(type_byte(index()));
    section_.byte(1);
    section_.raw(wide_ ? "\x42\0\x0b" : "\x41\0\x0b", 3);
    end(6);
    section_.unsigned_leb(functions_.size() + 1);
    section_.name("memory");
    section_.byte(2);
    section_.byte(second_);
    for (size_t i = 0; i < functions_.size(); ++i) {
      section_.name(std::to_string(i));
      section_.byte(0);
      section_.unsigned_leb(i + 1);
    }
    end(7);
    section_.unsigned_leb(functions_.size() + 1);
    section_.raw("\4\0\x20\0\x0b", 5);
    for (const Function& function : functions_) {
      const Writer body = this->body(function);
      section_.unsigned_leb(body.size());
      section_.append(body);
    }
    end(10);
    return out_.take();
  }

 private:
  char index() const { return wide_ ? 'L' : 'I'; }

  void end(uint32_t id) {
    out_.byte(id);
    out_.unsigned_leb(section_.size());
    out_.append(section_);
    section_ = Writer();
  }

  void types() {
    section_.unsigned_leb(accesses_.size() + 1);
    section_.raw("\x60\1", 2);
    section_.byte(type_byte(index()));
    section_.byte(1);
    section_.byte(type_byte(index()));
    for (const Access& access : accesses_) {
      section_.raw("\x60\x04\x7e\x7f\x7e", 5);
      section_.byte(type_byte(access.value == 0 ? 'I' : access.value));
      const bool gives = access.row.result() != 'x';
      section_.byte(gives);
      if (gives) section_.byte(type_byte(access.row.result()));
    }
  }

  void address(Writer& body, Source source) const {
    const uint8_t zero[] = {static_cast<uint8_t>(wide_ ? 0x42 : 0x41), 0};
    const uint8_t one[] = {zero[0], 1};
    const uint8_t parameter[] = {0x20, static_cast<uint8_t>(wide_ ? 2 : 1)};
    switch (source) {
      case kWrapped:
        if (wide_) return body.raw(parameter, 2);
        return body.raw("\x20\0\xa7", 3);
      case kGlobal: return body.raw("\x23\0", 2);
      default: body.raw(parameter, 2);
    }
    if (source == kSum) {
      // An operand that is 0 when it runs, and a constant that takes one away again.
      body.raw(one, 2);
      body.op(wide_ ? 0x7d : 0x6b);
      body.raw(one, 2);
      body.op(wide_ ? 0x7c : 0x6a);
    } else if (source == kCalled) {
      body.raw("\x10\0", 2);
    } else if (source == kComputed) {
      body.raw(one, 2);
      body.op(wide_ ? 0x7e : 0x6c);
    }
  }

  Writer body(const Function& function) const {
    const Access& access = accesses_[function.access];
    Writer body;
    body.byte(0);
    if (function.source == kGlobal) {
      address(body, kParameter);
      body.raw("\x24\0", 2);
    }
    address(body, function.source);
    // cmpxchg compares with its own operand: it stores where memory holds that.
    for (size_t i = 1; i < access.row.operands().size(); ++i) body.raw("\x20\3", 2);
    body.op(access.row.code);
    const uint32_t log2 = access.atomic ? static_cast<uint32_t>(std::countr_zero(access.width)) : 0;
    body.byte(log2 | (second_ ? 0x40 : 0));
    if (second_) body.byte(1);
    body.unsigned_leb(function.offset);
    if (access.lane) body.byte(16 / access.width - 1);
    body.op(0x0b);
    return body;
  }

  const std::span<const Access> accesses_;
  const std::span<const Function> functions_;
  const bool wide_;
  const bool second_;
  Writer out_;
  Writer section_;
};

// ---- the model

uint8_t pattern(uint64_t at) { return static_cast<uint8_t>(at * 31 + (at >> 8) * 7 + 0x85); }

using Bits = std::array<uint8_t, 16>;

uint64_t extend(uint64_t value, uint32_t bytes, bool is_signed) {
  if (bytes == 8) return value;
  const uint64_t sign = uint64_t{1} << (bytes * 8 - 1);
  return is_signed ? (value ^ sign) - sign : value;
}

uint64_t read(const uint8_t* from, uint32_t bytes) {
  uint64_t value = 0;
  for (uint32_t i = bytes; i-- > 0;) value = value << 8 | from[i];
  return value;
}

// What an access gives that reads `from`.
Bits loaded(const Access& access, const uint8_t* from, const Bits& operand) {
  Bits bits{};
  const std::string_view text = access.row.text;
  const auto put = [&](uint32_t at, uint64_t value, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; ++i) bits[at + i] = static_cast<uint8_t>(value >> (8 * i));
  };
  if (access.lane) {
    bits = operand;
    std::memcpy(bits.data() + 16 - access.width, from, access.width);
  } else if (text.find("splat") != std::string_view::npos) {
    for (uint32_t at = 0; at < 16; at += access.width) put(at, read(from, access.width), access.width);
  } else if (text.starts_with("v128.load") && text.find('x') != std::string_view::npos) {
    const uint32_t narrow = text[9] == '8' ? 1 : text[9] == '1' ? 2 : 4;
    for (uint32_t i = 0; i * narrow < 8; ++i) {
      put(2 * narrow * i, extend(read(from + i * narrow, narrow), narrow, text.ends_with("_s")), 2 * narrow);
    }
  } else if (access.width == 16) {
    std::memcpy(bits.data(), from, 16);
  } else {
    const uint32_t bytes = access.row.result() == 'I' || access.row.result() == 'F' ? 4 : 8;
    put(0, extend(read(from, access.width), access.width, text.ends_with("_s")), bytes);
  }
  return bits;
}

// What a store leaves where `old` was.
void change(const Access& access, uint8_t* old, const Bits& operand) {
  const uint32_t width = access.width;
  if (access.lane) {
    std::memcpy(old, operand.data() + 16 - width, width);
    return;
  }
  uint64_t value = read(operand.data(), std::min(width, 8u));
  const uint64_t before = read(old, std::min(width, 8u));
  const Row& row = access.row;
  if (row.is(".add")) value = before + value;
  if (row.is(".sub")) value = before - value;
  if (row.is(".and")) value = before & value;
  if (row.is(".or")) value = before | value;
  if (row.is(".xor")) value = before ^ value;
  // With equal operands nothing changes: either memory does not hold the value, or it is stored again. A narrow one
  // compares all bits of its operand.
  if (row.is("cmpxchg")) value = before;
  if (width == 16) {
    std::memcpy(old, operand.data(), 16);
  } else {
    for (uint32_t i = 0; i < width; ++i) old[i] = static_cast<uint8_t>(value >> (8 * i));
  }
}

// ---- canaries

struct Mapping {
  uint8_t* begin;
  size_t bytes;
};

// Maps what is free within reach of `middle`.
std::vector<Mapping> plant_canaries(const uint8_t* middle) {
  const auto at = reinterpret_cast<uint64_t>(middle);
  const uint64_t low = at > kReach ? at - kReach : kPage;
  const uint64_t high = at + kReach;
  std::vector<std::pair<uint64_t, uint64_t>> gaps;
  std::FILE* maps = std::fopen("/proc/self/maps", "re");
  char line[4096];
  uint64_t end = low;
  while (maps != nullptr && std::fgets(line, sizeof line, maps) != nullptr) {
    uint64_t from = 0;
    uint64_t to = 0;
    if (std::sscanf(line, "%lx-%lx", &from, &to) != 2) continue;
    if (from > end && end < high) gaps.emplace_back(end, std::min(from, high));
    end = std::max(end, to);
  }
  if (maps != nullptr) std::fclose(maps);
  if (end < high) gaps.emplace_back(end, high);
  std::vector<Mapping> canaries;
  for (const auto& [from, to] : gaps) {
    void* made = ::mmap(reinterpret_cast<void*>(from), to - from, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (made != MAP_FAILED) canaries.push_back({static_cast<uint8_t*>(made), to - from});
  }
  return canaries;
}

// Pages of canaries that were touched. The mappings are gone afterwards.
size_t count_touched(const std::vector<Mapping>& canaries) {
  size_t touched = 0;
  std::vector<uint8_t> pages(1 << 18);
  for (const Mapping& canary : canaries) {
    for (size_t at = 0; at < canary.bytes; at += pages.size() * 4096) {
      const size_t bytes = std::min(canary.bytes - at, pages.size() * 4096);
      if (::mincore(canary.begin + at, bytes, pages.data()) != 0) continue;
      for (size_t i = 0; i < bytes / 4096; ++i) touched += pages[i] & 1;
    }
    ::munmap(canary.begin, canary.bytes);
  }
  return touched;
}

// ---- running

Bits bits_of(const Val& value) {
  Bits bits{};
  uint64_t low = 0;
  switch (value.kind()) {
    case ValueKind::I32: low = *value.get<uint32_t>(); break;
    case ValueKind::I64: low = *value.get<uint64_t>(); break;
    case ValueKind::F32: low = std::bit_cast<uint32_t>(*value.get<float>()); break;
    case ValueKind::F64: low = std::bit_cast<uint64_t>(*value.get<double>()); break;
    default: {
      const V128 vector = value.get<V128>().value_or(V128{});
      std::memcpy(bits.data() + 8, &vector.high, 8);
      low = vector.low;
    }
  }
  std::memcpy(bits.data(), &low, 8);
  return bits;
}

Val operand_of(char letter, uint64_t seed) {
  const uint64_t bits = seed * 0x9e3779b97f4a7c15;
  switch (letter) {
    case 'L': return Val(bits);
    case 'F': return Val(std::bit_cast<float>(static_cast<uint32_t>(bits) & 0xbfffffff));
    case 'D': return Val(std::bit_cast<double>(bits & 0xbfffffffffffffff));
    case 'V': return Val(V128{bits, ~bits});
    default: return Val(static_cast<uint32_t>(bits >> 7));
  }
}

class Test {
 public:
  Test(std::vector<Access> accesses, bool wide, bool second, const fuzz::Mode& mode)
      : accesses_(std::move(accesses)), wide_(wide), second_(second), mode_(mode) {
    std::vector<uint64_t> offsets = {0,          1,          8,          kPage - 1, kPage,
                                     0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff};
    if (wide_)
      offsets.insert(offsets.end(), {0x100000000, (uint64_t{1} << 63), ~uint64_t{0} - 7, ~uint64_t{0}});
    for (size_t access = 0; access < accesses_.size(); ++access) {
      for (const uint64_t offset : offsets) {
        for (uint32_t source = 0; source < kSources; ++source) {
          // Sums and calls with small offsets only: theirs are folded.
          if (offset > 8 && source != kParameter && source != kWrapped) continue;
          functions_.push_back({access, offset, static_cast<Source>(source)});
        }
      }
    }
  }

  // The number of accesses made, or of failures so far in `wrong`.
  uint64_t run(int* wrong) {
    const std::vector<uint8_t> bytes = Builder(accesses_, functions_, wide_, second_).run();
    Config config;
    config.features.set("all", true).value();
    config.interruption = false;
    config.validation = Validation::Lazy;
    config.advanced.disabled_optimizations = mode_.disabled;
    config.advanced.signals_based_traps = mode_.guard;
    const auto engine = Engine::create(config).value();
    const auto module = Module::load_borrowed(engine, bytes).value();
    auto store = Store::create(engine).value();
    const auto instance = Instance::create(store, module, {}).value();
    const Memory memory = instance.memory(store, "memory").value();
    const std::span<uint8_t> data = memory.data(store).value();
    for (uint64_t i = 0; i < kPage; ++i) data[i] = pattern(i);
    model_.assign(data.begin(), data.end());
    wrong_ = wrong;
    // The stack of the store exists before canaries take the space where it might go.
    const Val zeros[] = {Val(uint64_t{0}), Val(0), Val(uint64_t{0}), operand_of(accesses_[0].value, 0)};
    Val result[1];
    const bool gives = accesses_[0].row.result() != 'x';
    (void)instance.get_at(store, 1)->func()->call(store, zeros, std::span(result, gives ? 1 : 0));
    const std::vector<Mapping> canaries = plant_canaries(data.data());
    uint64_t made = 0;
    for (size_t i = 0; i < functions_.size(); ++i)
      made += run_one(store, *instance.get_at(store, i + 1)->func(), i, data);
    const size_t touched = count_touched(canaries);
    if (canaries.empty()) report("no canaries could be mapped");
    if (touched != 0) report(std::to_string(touched) + " pages of canaries were touched");
    return made;
  }

 private:
  uint64_t run_one(Store& store, Func func, size_t number, std::span<uint8_t> data) {
    const Function& function = functions_[number];
    const Access& access = accesses_[function.access];
    const uint64_t last = kPage - access.width - function.offset;  // The last good index, modulo 2^64.
    uint64_t made = 0;
    for (const uint64_t wish :
         {uint64_t{0}, uint64_t{1}, uint64_t{8}, uint64_t{16}, last - access.width, last - 1, last, last + 1,
          last + access.width, kPage - 1, kPage, kPage + 1, uint64_t{0x7fffffff}, uint64_t{0x80000000},
          uint64_t{0xffffffff}, 0 - function.offset, ~uint64_t{0}}) {
      const uint64_t index = wide_ ? wish : wish & 0xffffffff;
      call(store, func, function, access, index, data);
      ++made;
    }
    if (std::memcmp(model_.data(), data.data(), kPage) != 0) {
      report(describe(function, 0) + ": memory changed elsewhere");
      std::copy(data.begin(), data.end(), model_.begin());
    }
    return made;
  }

  void call(Store& store, Func func, const Function& function, const Access& access, uint64_t index,
            std::span<uint8_t> data) {
    const auto address = static_cast<unsigned __int128>(index) + function.offset;
    const bool in_bounds = address + access.width <= kPage;
    const bool aligned = !access.atomic || static_cast<uint64_t>(address) % access.width == 0;
    const auto at = static_cast<uint64_t>(address);
    const Val operand = operand_of(access.value, index + function.offset * 3 + function.access);
    const Val params[] = {Val(wide_ ? index : index | kDirt), Val(static_cast<uint32_t>(index)), Val(index),
                          operand};
    Val results[1];
    const auto done = func.call(store, params, std::span(results, access.row.result() == 'x' ? 0 : 1));
    if (!in_bounds || !aligned) {
      const TrapCode trap = done ? TrapCode{} : done.error().trap_code().value_or(TrapCode{});
      const bool good = (trap == TrapCode::MemoryOutOfBounds && !in_bounds) ||
                        (trap == TrapCode::UnalignedAtomic && !aligned);
      if (!good)
        report(describe(function, index) + ": expected a trap, " + (done ? "none" : done.error().describe()));
      return;
    }
    if (!done) return report(describe(function, index) + ": " + done.error().describe());
    const Bits given = bits_of(operand);
    if (access.row.result() != 'x' && bits_of(results[0]) != loaded(access, model_.data() + at, given)) {
      report(describe(function, index) + ": another value");
    }
    if (!access.stores) return;
    change(access, model_.data() + at, given);
    const uint64_t from = at < 32 ? 0 : at - 32;
    const uint64_t to = std::min(kPage, at + 48);
    if (std::memcmp(model_.data() + from, data.data() + from, to - from) != 0) {
      report(describe(function, index) + ": other bytes stored");
      std::copy(data.begin(), data.end(), model_.begin());
    }
  }

  std::string describe(const Function& function, uint64_t index) const {
    char text[160];
    std::snprintf(text, sizeof text, " offset %#lx, index %#lx from %s, %d-bit memory %d", function.offset,
                  index, kSourceNames[function.source], wide_ ? 64 : 32, second_);
    return std::string(accesses_[function.access].row.text) + text;
  }

  void report(const std::string& what) {
    if (++*wrong_ <= kMostReports) {
      std::fprintf(stderr, "%s (%.*s)\n", what.c_str(), static_cast<int>(mode_.name.size()),
                   mode_.name.data());
    }
  }

  const std::vector<Access> accesses_;
  const bool wide_;
  const bool second_;
  const fuzz::Mode& mode_;
  std::vector<Function> functions_;
  std::vector<uint8_t> model_;
  int* wrong_ = nullptr;
};

}  // namespace

int run(std::span<char*> without) {
  std::vector<Access> accesses = all_accesses();
  std::erase_if(accesses, [&](const Access& access) {
    return std::any_of(without.begin(), without.end(),
                       [&](const char* prefix) { return access.row.text.starts_with(prefix); });
  });
  int wrong = 0;
  uint64_t made = 0;
  for (const fuzz::Mode& mode : fuzz::all_modes().first(3)) {
    for (const bool wide : {false, true}) {
      for (const bool second : {false, true}) made += Test(accesses, wide, second, mode).run(&wrong);
    }
  }
  std::printf("figure: addresses: %zu instructions, %lu accesses with canaries around the memory, %d wrong\n",
              accesses.size(), made, wrong);
  return wrong == 0 ? 0 : 1;
}

}  // namespace wherry::matrix

int main(int count, char** words) {
  std::span<char*> rest(words + 1, static_cast<size_t>(count - 1));
  return wherry::matrix::run(rest.empty() ? rest : rest.subspan(1));
}
