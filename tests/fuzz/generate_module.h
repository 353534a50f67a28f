#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tests/fuzz/generate.h"
#include "wherry/blob.h"

namespace wherry::fuzz {

// As the binary format has them. What is below kMostAggregates is a nullable reference to that structure or array.
enum Type : uint8_t {
  kI32 = 0x7f,
  kI64 = 0x7e,
  kF32 = 0x7d,
  kF64 = 0x7c,
  kV128 = 0x7b,
  kFuncRef = 0x70,
  kExnRef = 0x69,
  kExternRef = 0x6f,
  kAnyRef = 0x6e,
  kEqRef = 0x6d,
  kI31Ref = 0x6c,
  kStructRef = 0x6b,
  kArrayRef = 0x6a,
  kI8 = 0x78,  // The packed types: of fields and elements only.
  kI16 = 0x77
};
using Types = std::vector<Type>;

inline constexpr uint32_t kMostAggregates = 7;
inline bool is_aggregate(Type type) { return type < kMostAggregates; }
// References that point to structures, arrays and i31, or may.
inline bool is_internal(Type type) { return is_aggregate(type) || (type >= kArrayRef && type <= kAnyRef); }

// A structure, or an array, which has one field.
struct Aggregate {
  struct Field {
    Type storage;
    bool is_variable;
  };
  static constexpr uint32_t kNone = ~uint32_t{0};

  bool is_array = false;
  bool is_open = true;
  uint32_t super = kNone;
  std::vector<Field> fields;
};

struct Signature {
  Types params;
  Types results;
  friend bool operator==(const Signature&, const Signature&) = default;
};

// The fuzzer's bytes as decisions. Zeros when they have run out.
class Decisions {
 public:
  explicit Decisions(Bytes bytes) : bytes_(bytes), end_(bytes.size()) {}

  // The next part out of `parts` that are to be had of what is left: over() is true behind it, though there are more bytes.
  void share(size_t parts) { end_ = at_ + (bytes_.size() - at_) / parts; }
  bool over() const { return at_ >= end_; }
  uint8_t byte() { return at_ >= bytes_.size() ? 0 : bytes_[at_++]; }
  // 0 to count - 1; count at most 256.
  uint32_t below(uint32_t count) { return count <= 1 ? 0 : byte() % count; }
  // True once in `n` times.
  bool once_in(uint32_t n) { return byte() % n == n - 1; }
  uint64_t bits(uint32_t bytes) {
    uint64_t value = 0;
    for (uint32_t i = 0; i < bytes; ++i) value = value << 8 | byte();
    return value;
  }

 private:
  Bytes bytes_;
  size_t end_;
  size_t at_ = 0;
};

// Bytes of the binary format (core spec 5).
class Writer {
 public:
  void byte(uint32_t value) { bytes_.push_back(static_cast<uint8_t>(value)); }
  void unsigned_leb(uint64_t value);
  void signed_leb(int64_t value);
  void raw(const void* bytes, size_t count);
  void name(std::string_view text) {
    unsigned_leb(text.size());
    raw(text.data(), text.size());
  }
  void types(const Types& types) {
    unsigned_leb(types.size());
    for (const Type type : types) value_type(type);
  }
  void value_type(Type type) {
    if (is_aggregate(type)) byte(0x63);
    byte(type);
  }
  void append(const Writer& other) { raw(other.bytes_.data(), other.bytes_.size()); }
  // An instruction: its code as engine/wasm/opcodes.inc has it.
  void op(uint32_t code) {
    if (code < 0x1000) return byte(code);
    byte(code >> 12);
    unsigned_leb(code & 0xfff);
  }
  size_t size() const { return bytes_.size(); }
  std::vector<uint8_t> take() { return std::move(bytes_); }

 private:
  std::vector<uint8_t> bytes_;
};

inline constexpr uint32_t kFavourites = 6;
inline constexpr size_t kMostBlockTypes = 5;  // Of those that need a type of the module.

// All of a module but the bodies of its functions, decided before them.
struct Plan {
  struct Global {
    Type type;
    bool imported;
  };

  std::vector<Aggregate> aggregates;  // One recursive group, the first types of the module.
  std::vector<Signature> signatures;  // Types behind them. Blocks may add some.
  std::vector<Signature> block_types;
  std::vector<uint32_t> functions;  // Index of each function's signature, host functions first.
  uint32_t host_functions = 0;
  std::vector<uint32_t> tags;  // Index of each tag's signature; none without exceptions.
  std::vector<Global>
      globals;  // Imported ones first; all variable. Behind them is one more, an i64 that sums up.
  std::array<uint8_t, kFavourites> favourites{};  // Numbers of numeric instructions that this module prefers.
  Type favourite_type = kI32;                     // A number.
  bool is_wild = false;       // Traps as often as it happens. The others mostly run to their end.
  bool is_idiomatic = false;  // Full of what compilers write.
  uint32_t memories = 1;
  bool memory_is_64 = false;   // Memory 0.
  bool tables_are_64 = false;  // Both.
  // The first is passive; one a memory follows that fills it.
  uint32_t data_segments() const { return 1 + memories; }
  uint32_t table_size = 0;  // Table 0 holds all functions, then nulls; table 1 externrefs.

  // The index of a signature, which is added if it is new.
  uint32_t index_of(const Signature& signature);
  // Whether a block may have that type: it is one of the first few that asked. Each type costs the compiler thunks.
  bool admit(const Signature& signature);
  // The number of a signature's type in the module.
  uint32_t type_number(uint32_t signature) const {
    return static_cast<uint32_t>(aggregates.size()) + signature;
  }
  // Whether values of one type are some of another.
  bool is_subtype(Type type, Type super) const;
};

inline constexpr uint32_t kTable0Nulls = 3;
inline constexpr uint32_t kTable1Size = 5;
inline constexpr uint32_t kElementSegments = 2;  // An active one for table 0 and a passive one of funcrefs.
inline constexpr uint32_t kSegmentBytes = 64;
// Of memories from their beginning on, where most accesses go: neither zero nor the same anywhere.
inline constexpr uint32_t kNoiseBytes = 4500;

Plan plan_module(Decisions& decisions, Features features);

// The module of a plan and a body for each function that is not of the host.
std::vector<uint8_t> assemble(const Plan& plan, const std::vector<Writer>& bodies);

}  // namespace wherry::fuzz
