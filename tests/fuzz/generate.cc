// Valid bodies out of arbitrary bytes: the generator behind fuzz_generated.
//
// It walks as the validator does, with a stack of types and a stack of blocks, and at each step emits an instruction
// whose operands it takes from the stack when they happen to fit, and makes otherwise. So values stay below others for
// long, across blocks, branches and calls, which is what lowering with delayed values gets wrong; expression trees alone
// would not do that.
//
// To run far instead of trapping at once: addresses come mostly from two locals that are kept below 4 KiB, divisors
// mostly have their lowest bit set, call_indirect mostly finds its type, and loops count down. Calls may recurse: fuel
// ends that. Before a NaN's bits could be seen (stores, reinterpretation, copysign), the value is made a number.
#include "tests/fuzz/generate.h"

#include <array>
#include <bit>
#include <span>

#include "tests/fuzz/generate_module.h"

namespace wherry::fuzz {

namespace {

// An instruction that takes and gives numbers, by its code (engine/wasm/opcodes.inc).
struct Numeric {
  uint32_t code;
  Type result;
  Type operand;
  uint8_t operands;
};

constexpr uint32_t kInts[] = {0x41, 0x42};

// clang-format off
constexpr Numeric kNumeric[] = {
#define WHERRY_RANGE2(first, result, operand) \
  {first, result, operand, 2}, {(first) + 1, result, operand, 2}
    // Comparisons.
    {0x45, kI32, kI32, 1}, WHERRY_RANGE2(0x46, kI32, kI32), WHERRY_RANGE2(0x48, kI32, kI32),
    WHERRY_RANGE2(0x4a, kI32, kI32), WHERRY_RANGE2(0x4c, kI32, kI32), WHERRY_RANGE2(0x4e, kI32, kI32),
    {0x50, kI32, kI64, 1}, WHERRY_RANGE2(0x51, kI32, kI64), WHERRY_RANGE2(0x53, kI32, kI64),
    WHERRY_RANGE2(0x55, kI32, kI64), WHERRY_RANGE2(0x57, kI32, kI64), WHERRY_RANGE2(0x59, kI32, kI64),
    WHERRY_RANGE2(0x5b, kI32, kF32), WHERRY_RANGE2(0x5d, kI32, kF32), WHERRY_RANGE2(0x5f, kI32, kF32),
    WHERRY_RANGE2(0x61, kI32, kF64), WHERRY_RANGE2(0x63, kI32, kF64), WHERRY_RANGE2(0x65, kI32, kF64),
    // Integers; division is in its place, operands see divisor().
    {0x67, kI32, kI32, 1}, {0x68, kI32, kI32, 1}, {0x69, kI32, kI32, 1},
    WHERRY_RANGE2(0x6a, kI32, kI32), {0x6c, kI32, kI32, 2}, WHERRY_RANGE2(0x6d, kI32, kI32),
    WHERRY_RANGE2(0x6f, kI32, kI32), WHERRY_RANGE2(0x71, kI32, kI32), {0x73, kI32, kI32, 2},
    WHERRY_RANGE2(0x74, kI32, kI32), WHERRY_RANGE2(0x76, kI32, kI32), {0x78, kI32, kI32, 2},
    {0x79, kI64, kI64, 1}, {0x7a, kI64, kI64, 1}, {0x7b, kI64, kI64, 1},
    WHERRY_RANGE2(0x7c, kI64, kI64), {0x7e, kI64, kI64, 2}, WHERRY_RANGE2(0x7f, kI64, kI64),
    WHERRY_RANGE2(0x81, kI64, kI64), WHERRY_RANGE2(0x83, kI64, kI64), {0x85, kI64, kI64, 2},
    WHERRY_RANGE2(0x86, kI64, kI64), WHERRY_RANGE2(0x88, kI64, kI64), {0x8a, kI64, kI64, 2},
    // Floats: abs, neg, ceil, floor, trunc, nearest, sqrt; add, sub, mul, div, min, max, copysign.
    {0x8b, kF32, kF32, 1}, {0x8c, kF32, kF32, 1}, {0x8d, kF32, kF32, 1}, {0x8e, kF32, kF32, 1},
    {0x8f, kF32, kF32, 1}, {0x90, kF32, kF32, 1}, {0x91, kF32, kF32, 1},
    WHERRY_RANGE2(0x92, kF32, kF32), WHERRY_RANGE2(0x94, kF32, kF32), WHERRY_RANGE2(0x96, kF32, kF32),
    {0x98, kF32, kF32, 2},
    {0x99, kF64, kF64, 1}, {0x9a, kF64, kF64, 1}, {0x9b, kF64, kF64, 1}, {0x9c, kF64, kF64, 1},
    {0x9d, kF64, kF64, 1}, {0x9e, kF64, kF64, 1}, {0x9f, kF64, kF64, 1},
    WHERRY_RANGE2(0xa0, kF64, kF64), WHERRY_RANGE2(0xa2, kF64, kF64), WHERRY_RANGE2(0xa4, kF64, kF64),
    {0xa6, kF64, kF64, 2},
    // Conversions; those that trap are at the end.
    {0xa7, kI32, kI64, 1}, {0xac, kI64, kI32, 1}, {0xad, kI64, kI32, 1},
    {0xb2, kF32, kI32, 1}, {0xb3, kF32, kI32, 1}, {0xb4, kF32, kI64, 1}, {0xb5, kF32, kI64, 1}, {0xb6, kF32, kF64, 1},
    {0xb7, kF64, kI32, 1}, {0xb8, kF64, kI32, 1}, {0xb9, kF64, kI64, 1}, {0xba, kF64, kI64, 1}, {0xbb, kF64, kF32, 1},
    {0xbc, kI32, kF32, 1}, {0xbd, kI64, kF64, 1}, {0xbe, kF32, kI32, 1}, {0xbf, kF64, kI64, 1},
    {0xc0, kI32, kI32, 1}, {0xc1, kI32, kI32, 1}, {0xc2, kI64, kI64, 1}, {0xc3, kI64, kI64, 1}, {0xc4, kI64, kI64, 1},
    {0xfc000, kI32, kF32, 1}, {0xfc001, kI32, kF32, 1}, {0xfc002, kI32, kF64, 1}, {0xfc003, kI32, kF64, 1},
    {0xfc004, kI64, kF32, 1}, {0xfc005, kI64, kF32, 1}, {0xfc006, kI64, kF64, 1}, {0xfc007, kI64, kF64, 1},
    {0xa8, kI32, kF32, 1}, {0xa9, kI32, kF32, 1}, {0xaa, kI32, kF64, 1}, {0xab, kI32, kF64, 1},
    {0xae, kI64, kF32, 1}, {0xaf, kI64, kF32, 1}, {0xb0, kI64, kF64, 1}, {0xb1, kI64, kF64, 1},
#undef WHERRY_RANGE2
};
// clang-format on
constexpr uint32_t kTrappingConversions = 8;
static_assert(std::size(kNumeric) <= 256);

// Loads and stores: code and value. The order is that of the codes.
constexpr Type kLoaded[] = {kI32, kI64, kF32, kF64, kI32, kI32, kI32,
                            kI32, kI64, kI64, kI64, kI64, kI64, kI64};
constexpr Type kStored[] = {kI32, kI64, kF32, kF64, kI32, kI32, kI64, kI64, kI64};

bool is_number(Type type) { return type >= kF64; }
bool is_float(Type type) { return type == kF32 || type == kF64; }

class Body {
 public:
  Body(Plan& plan, Decisions& decisions, uint32_t function, Style style)
      : plan_(plan),
        decisions_(decisions),
        style_(style),
        signature_(plan.signatures[plan.functions[function]]) {}

  Writer run() {
    choose_locals();
    frames_.push_back({0x02, {}, signature_.results, 0, false});
    for (uint32_t step = 0; step < kMostSteps && !decisions_.over(); ++step) {
      if (!one()) break;
    }
    while (!frames_.empty()) end();
    Writer body = declarations();
    body.append(out_);
    return body;
  }

 private:
  static constexpr uint32_t kMostSteps = 120;
  static constexpr uint32_t kMostFrames = 12;
  static constexpr uint32_t kMostValues = 24;

  struct Frame {
    uint32_t opcode;
    Types params;
    Types results;
    size_t height;
    bool dead;
    const Types& label() const { return opcode == 0x03 ? params : results; }
  };

  // ---- locals

  // Parameters, perhaps many that nobody uses, then: two small i32, three counters, a scratch f32 and f64, and some of
  // any type.
  void choose_locals() {
    locals_ = signature_.params;
    if (decisions_.byte() == 0xff) {
      unused_ = decisions_.once_in(2) ? 40'000 : 300;
      unused_type_ = decisions_.once_in(2) ? kI64 : kF32;
    }
    first_declared_ = static_cast<uint32_t>(locals_.size());
    for (int i = 0; i < 5; ++i) locals_.push_back(kI32);
    locals_.push_back(kF32);
    locals_.push_back(kF64);
    const uint32_t more = decisions_.below(6);
    static constexpr Type kChoices[] = {kI32, kI64, kI32, kF64, kI64, kF32, kFuncRef, kExternRef};
    for (uint32_t i = 0; i < more; ++i) locals_.push_back(kChoices[decisions_.below(8)]);
  }

  Writer declarations() const {
    Writer writer;
    writer.unsigned_leb(locals_.size() - first_declared_ + (unused_ > 0 ? 1 : 0));
    if (unused_ > 0) {
      writer.unsigned_leb(unused_);
      writer.byte(unused_type_);
    }
    for (size_t i = first_declared_; i < locals_.size(); ++i) {
      writer.unsigned_leb(1);
      writer.byte(locals_[i]);
    }
    return writer;
  }

  uint32_t small_local(uint32_t which) const { return first_declared_ + which; }
  uint32_t counter_local(uint32_t which) const { return first_declared_ + 2 + which; }
  uint32_t scratch_local(Type type) const { return first_declared_ + (type == kF32 ? 5 : 6); }
  bool is_reserved(uint32_t local) const { return local - first_declared_ < 7; }

  void local(uint32_t code, uint32_t index) {
    out_.op(code);
    out_.unsigned_leb(index < first_declared_ ? index : index + unused_);
    if (code != 0x20 || style_ == Style::Plain) return;
    out_.op(0x02);
    out_.signed_leb(plan_.index_of({{locals_[index]}, {locals_[index]}}));
    out_.op(0x0b);
  }

  // A local of the type, or none.
  uint32_t find_local(Type type, bool to_write) {
    const auto count = static_cast<uint32_t>(locals_.size());
    const uint32_t start = decisions_.below(count);
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t index = (start + i) % count;
      if (locals_[index] == type && !(to_write && is_reserved(index))) return index;
    }
    return kNone;
  }

  // ---- the stack

  static constexpr uint32_t kNone = ~uint32_t{0};

  Frame& frame() { return frames_.back(); }
  size_t available() { return stack_.size() - frame().height; }
  void push(Type type) { stack_.push_back(type); }
  void push_all(const Types& types) { stack_.insert(stack_.end(), types.begin(), types.end()); }
  void pop(size_t count) {
    const size_t here = available();
    stack_.resize(stack_.size() - (count < here ? count : here));
  }

  // Whether the uppermost `count` values are the first of `types`.
  bool top_is(const Types& types, size_t count) {
    if (count > available()) return false;
    for (size_t i = 0; i < count; ++i) {
      if (stack_[stack_.size() - count + i] != types[i]) return false;
    }
    return true;
  }

  // Code and model such that `types` can be popped: as many as fit are there already, the rest is made. In dead code
  // what lies deepest may be missing.
  // NOLINTNEXTLINE(performance-unnecessary-value-param)
  void want(const Types types) {  // A copy: making values may move the frames.
    if (frame().dead && available() < types.size()) {
      bool fits = true;
      for (size_t i = 1; i <= available(); ++i) fits &= stack_[stack_.size() - i] == types[types.size() - i];
      if (fits && decisions_.once_in(2)) return;
    }
    size_t there = types.size();
    while (!top_is(types, there)) --there;
    if (there > 0 && decisions_.once_in(8)) there = 0;
    for (size_t i = there; i < types.size(); ++i) make(types[i], 0);
  }

  void take(const Types& types) {
    want(types);
    pop(types.size());
  }

  void number(uint64_t value, Type type) {
    out_.op(kInts[type == kI64]);
    out_.signed_leb(type == kI64 ? static_cast<int64_t>(value) : static_cast<int32_t>(value));
  }

  uint64_t interesting() {
    static constexpr uint64_t kValues[] = {
        0,       1,          2,          3,          4,          7,           8,          31,
        32,      63,         64,         255,        256,        0x7fff,      0x8000,     0xffff,
        0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, 0x100000000, ~0ull >> 1, 1ull << 63,
        ~0ull,   ~1ull,      0xffff8000, 0xffffff80, 10,         100};
    const uint32_t choice = decisions_.below(32);
    return choice < std::size(kValues) ? kValues[choice] : decisions_.bits(choice == 30 ? 1 : 8);
  }

  void constant(Type type) {
    if (type == kI32 || type == kI64) {
      number(interesting(), type);
    } else if (is_float(type)) {
      static constexpr double kValues[] = {0.0,   -0.0,         1.0,          -1.0,
                                           0.5,   2147483647.0, 2147483648.0, -2147483649.0,
                                           1e10,  -7.5,         4294967296.0, 9223372036854775808.0,
                                           1e300, 1e-310,       3.0,          100.25};
      const uint32_t choice = decisions_.below(20);
      double value = choice < 16 ? kValues[choice] : static_cast<double>(decisions_.byte());
      if (choice == 17) value = __builtin_inf();
      if (choice == 18) value = -__builtin_inf();
      if (choice == 19) value = __builtin_nan("");
      const auto single = value > 1e38 && value < 1e301 ? 1e38F : static_cast<float>(value);
      out_.op(type == kF32 ? 0x43 : 0x44);
      if (type == kF32)
        out_.raw(&single, 4);
      else
        out_.raw(&value, 8);
    } else if (type == kFuncRef && decisions_.once_in(2)) {
      out_.op(0xd2);
      out_.unsigned_leb(decisions_.below(static_cast<uint32_t>(plan_.functions.size())));
    } else {
      out_.op(0xd0);
      out_.byte(type);
    }
  }

  // Pushes a value of the type; deeper expressions at small depths.
  void make(Type type, uint32_t depth) {
    const uint32_t choice = depth > 3 ? decisions_.below(8) : decisions_.below(16);
    switch (choice) {
      case 0:
      case 1: constant(type); break;
      case 2:
        if (make_global(type)) break;
        [[fallthrough]];
      case 3:
      case 4:
      case 5:
      case 6:
      case 7: {
        const uint32_t index = find_local(type, false);
        if (index == kNone)
          constant(type);
        else
          local(0x20, index);
        break;
      }
      case 8:
      case 9:
      case 10:
      case 11:
        if (is_number(type)) return make_numeric(type, depth);
        constant(type);
        break;
      case 12:
        if (is_number(type)) return make_load(type, depth);
        return make_table_get(type, depth);
      case 13: return make_select(type, depth);
      case 14: return make_block(type, depth);
      default: return make_if(type, depth);
    }
    push(type);
  }

  bool make_global(Type type) {
    const auto count = static_cast<uint32_t>(plan_.globals.size());
    const uint32_t start = decisions_.below(count);
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t index = (start + i) % count;
      if (plan_.globals[index].type != type) continue;
      out_.op(0x23);
      out_.unsigned_leb(index);
      return true;
    }
    return false;
  }

  void make_numeric(Type type, uint32_t depth) {
    uint32_t row = decisions_.below(std::size(kNumeric));
    if (row >= std::size(kNumeric) - kTrappingConversions && !decisions_.once_in(4))
      row -= kTrappingConversions;
    while (kNumeric[row].result != type) row = (row + 1) % std::size(kNumeric);
    for (uint32_t i = 0; i < kNumeric[row].operands; ++i) make(kNumeric[row].operand, depth + 1);
    apply(kNumeric[row]);
  }

  // The operands are there.
  void apply(const Numeric& numeric) {
    const uint32_t code = numeric.code;
    const bool divides = (code >= 0x6d && code <= 0x70) || (code >= 0x7f && code <= 0x82);
    if (divides && !decisions_.once_in(8)) {
      number(1, numeric.operand);
      out_.op(numeric.operand == kI32 ? 0x72 : 0x84);
    }
    if (code == 0x98 || code == 0xa6 || code == 0xbc || code == 0xbd) hide_nan(numeric.operand);
    out_.op(code);
    pop(numeric.operands);
    push(numeric.result);
  }

  // A NaN at the top becomes 1.5.
  void hide_nan(Type type) {
    const uint32_t scratch = scratch_local(type);
    local(0x21, scratch);
    const float single = 1.5F;
    const double value = 1.5;
    out_.op(type == kF32 ? 0x43 : 0x44);
    if (type == kF32)
      out_.raw(&single, 4);
    else
      out_.raw(&value, 8);
    local(0x20, scratch);
    local(0x20, scratch);
    local(0x20, scratch);
    out_.op(type == kF32 ? 0x5c : 0x62);
    out_.op(0x1b);
  }

  // ---- memory

  // Pushes an i32 that mostly is an address within the first 8 KiB. No entry in the model.
  void raw_address(uint32_t depth) {
    switch (decisions_.below(8)) {
      case 0:
      case 1: local(0x20, small_local(decisions_.below(2))); return;
      case 2:
      case 3:
        local(0x20, small_local(decisions_.below(2)));
        number(decisions_.byte(), kI32);
        out_.op(0x6a);
        return;
      case 4:
        local(0x20, small_local(0));
        local(0x20, small_local(1));
        out_.op(0x6a);
        return;
      case 5:
        local(0x20, small_local(decisions_.below(2)));
        number(decisions_.below(4), kI32);
        out_.op(0x74);
        return;
      case 6: number(decisions_.bits(1 + decisions_.below(2)), kI32); return;
      default: break;
    }
    make(kI32, depth + 2);
    pop(1);
    if (decisions_.once_in(8)) return;
    number(0xfff, kI32);
    out_.op(0x71);
  }

  void address(uint32_t memory, uint32_t depth) {
    raw_address(depth);
    if (memory == 0 && plan_.memory_is_64) out_.op(0xad);
  }

  uint32_t choose_memory() { return plan_.memories > 1 ? decisions_.below(plan_.memories) : 0; }

  void memory_argument(uint32_t memory) {
    out_.byte(memory == 0 ? 0 : 0x40);
    if (memory != 0) out_.unsigned_leb(memory);
    const uint32_t choice = decisions_.below(16);
    if (choice == 15)
      out_.unsigned_leb(decisions_.once_in(4) ? 0xfffffff0 : 0xfff8);
    else
      out_.unsigned_leb(choice < 6 ? 0 : decisions_.byte());
  }

  void make_load(Type type, uint32_t depth) {
    uint32_t which = decisions_.below(std::size(kLoaded));
    while (kLoaded[which] != type) which = (which + 1) % std::size(kLoaded);
    const uint32_t memory = choose_memory();
    address(memory, depth);
    out_.op(0x28 + which);
    memory_argument(memory);
    push(type);
  }

  void store() {
    const uint32_t which = decisions_.below(std::size(kStored));
    const uint32_t memory = choose_memory();
    address(memory, 0);
    push(memory == 0 && plan_.memory_is_64 ? kI64 : kI32);
    make(kStored[which], 0);
    if (is_float(kStored[which])) hide_nan(kStored[which]);
    out_.op(0x36 + which);
    memory_argument(memory);
    pop(2);
  }

  void bulk_memory() {
    const uint32_t memory = choose_memory();
    const bool wide = memory == 0 && plan_.memory_is_64;
    const Type index = wide ? kI64 : kI32;
    switch (decisions_.below(6)) {
      case 0:
        out_.op(0x3f);
        out_.unsigned_leb(memory);
        push(index);
        return;
      case 1:
        number(decisions_.below(3), index);
        out_.op(0x40);
        out_.unsigned_leb(memory);
        push(index);
        return;
      case 2:
        address(memory, 0);
        number(decisions_.byte(), kI32);
        number(decisions_.byte(), index);
        out_.op(0xfc00b);
        out_.unsigned_leb(memory);
        return;
      case 3: {
        const uint32_t source = choose_memory();
        const bool from_wide = source == 0 && plan_.memory_is_64;
        address(memory, 0);
        address(source, 0);
        number(decisions_.byte(), wide && from_wide ? kI64 : kI32);
        out_.op(0xfc00a);
        out_.unsigned_leb(memory);
        out_.unsigned_leb(source);
        return;
      }
      case 4:
        address(memory, 0);
        number(decisions_.below(40), kI32);
        number(decisions_.below(30), kI32);
        out_.op(0xfc008);
        out_.unsigned_leb(1);
        out_.unsigned_leb(memory);
        return;
      default:
        if (!decisions_.once_in(8)) return;
        out_.op(0xfc009);
        out_.unsigned_leb(1);
    }
  }

  // ---- tables

  uint32_t table_of(Type type) const { return type == kFuncRef ? 0 : 1; }
  uint32_t size_of(Type type) const { return type == kFuncRef ? plan_.table_size : kTable1Size; }

  void make_table_get(Type type, uint32_t depth) {
    table_index(type, depth);
    out_.op(0x25);
    out_.unsigned_leb(table_of(type));
    push(type);
  }

  void table_index(Type type, uint32_t depth) {
    if (decisions_.once_in(16)) {
      make(kI32, depth + 2);
      pop(1);
    } else {
      number(decisions_.below(size_of(type)), kI32);
    }
  }

  void tables() {
    const Type type = decisions_.once_in(2) ? kExternRef : kFuncRef;
    const uint32_t table = table_of(type);
    switch (decisions_.below(7)) {
      case 0:
        table_index(type, 0);
        push(kI32);
        make(type, 2);
        out_.op(0x26);
        out_.unsigned_leb(table);
        pop(2);
        return;
      case 1:
        out_.op(0xfc010);
        out_.unsigned_leb(table);
        push(kI32);
        return;
      case 2:
        make(type, 2);
        number(decisions_.below(3), kI32);
        out_.op(0xfc00f);
        out_.unsigned_leb(table);
        pop(1);
        push(kI32);
        return;
      case 3:
        table_index(type, 0);
        push(kI32);
        make(type, 2);
        number(decisions_.below(3), kI32);
        out_.op(0xfc011);
        out_.unsigned_leb(table);
        pop(2);
        return;
      case 4:
        for (uint32_t i = 0; i < 3; ++i) number(decisions_.below(3), kI32);
        out_.op(0xfc00e);
        out_.unsigned_leb(table);
        out_.unsigned_leb(table);
        return;
      case 5:
        for (uint32_t i = 0; i < 3; ++i) number(decisions_.below(3), kI32);
        out_.op(0xfc00c);
        out_.unsigned_leb(1);
        out_.unsigned_leb(0);
        return;
      default:
        if (!decisions_.once_in(8)) return;
        out_.op(0xfc00d);
        out_.unsigned_leb(1);
    }
  }

  // ---- structured expressions

  void make_select(Type type, uint32_t depth) {
    make(type, depth + 1);
    make(type, depth + 1);
    make(kI32, depth + 1);
    select(type);
  }

  void select(Type type) {
    if (is_number(type) && !decisions_.once_in(4)) {
      out_.op(0x1b);
    } else {
      out_.op(0x1c);
      out_.byte(1);
      out_.byte(type);
    }
    pop(3);
    push(type);
  }

  void make_block(Type type, uint32_t depth) {
    out_.op(0x02);
    out_.byte(type);
    frames_.push_back({0x02, {}, {type}, stack_.size(), false});
    make(type, depth + 1);
    if (decisions_.once_in(2)) {
      make(kI32, depth + 1);
      out_.op(0x0d);
      out_.unsigned_leb(0);
      pop(1);
    }
    end();
  }

  void make_if(Type type, uint32_t depth) {
    make(kI32, depth + 1);
    pop(1);
    out_.op(0x04);
    out_.byte(type);
    frames_.push_back({0x05, {}, {type}, stack_.size(), false});
    make(type, depth + 1);
    out_.op(0x05);
    pop(1);
    make(type, depth + 1);
    end();
  }

  // ---- blocks

  void block_type(const Types& params, const Types& results) {
    if (params.empty() && results.empty()) return out_.byte(0x40);
    if (params.empty() && results.size() == 1 && !decisions_.once_in(4)) return out_.byte(results[0]);
    out_.signed_leb(plan_.index_of({params, results}));
  }

  Types some_types(uint32_t most) {
    static constexpr Type kChoices[] = {kI32, kI64, kI32, kF64, kF32, kI32, kI64, kFuncRef};
    Types types(decisions_.below(most + 1));
    for (Type& type : types) type = kChoices[decisions_.below(8)];
    return types;
  }

  Types top_types(size_t most) {
    size_t count = decisions_.below(static_cast<uint32_t>(most) + 1);
    if (count > available()) count = available();
    return Types(stack_.end() - static_cast<ptrdiff_t>(count), stack_.end());
  }

  void enter(uint32_t opcode) {
    if (frames_.size() >= kMostFrames) return;
    uint32_t counter = kNone;
    if (opcode == 0x03 && loops_ < 3) {
      counter = counter_local(loops_++);
      number(1 + decisions_.below(7), kI32);
      local(0x21, counter);
    }
    if (opcode == 0x04) take({kI32});
    const Types params = top_types(3);
    // A few blocks give back what they get, which the model then need not drop.
    const Types results = decisions_.once_in(3) ? params : some_types(3);
    out_.op(opcode);
    block_type(params, results);
    const size_t height = stack_.size() - params.size();
    frames_.push_back({opcode, params, results, height, false});
    counters_.resize(frames_.size(), kNone);
    counters_.back() = counter;
  }

  // Makes the block's stack its results: drops or stores what is too much, makes what is missing.
  // A copy: making values may move the frames.
  // NOLINTNEXTLINE(performance-unnecessary-value-param)
  void settle(const Types results) {
    size_t fits = 0;
    while (fits < results.size() && fits < available() && stack_[frame().height + fits] == results[fits])
      ++fits;
    while (available() > fits) drop();
    for (size_t i = available(); i < results.size(); ++i) make(results[i], 2);
  }

  void drop() {
    const Type type = stack_.back();
    const uint32_t index = decisions_.once_in(2) ? find_local(type, true) : kNone;
    if (index == kNone)
      out_.op(0x1a);
    else
      local(0x21, index);
    pop(1);
  }

  // The loop's counter, if it has one, decides whether it goes round again.
  void close_loop() {
    if (counters_.size() < frames_.size()) counters_.resize(frames_.size(), kNone);
    const uint32_t counter = counters_[frames_.size() - 1];
    if (frame().opcode != 0x03 || counter == kNone) return;
    --loops_;
    if (frame().dead) return;
    want(frame().params);
    local(0x20, counter);
    number(decisions_.once_in(2) ? 1 : 2, kI32);
    out_.op(0x6b);
    local(0x22, counter);
    number(0, kI32);
    out_.op(0x4a);
    out_.op(0x0d);
    out_.unsigned_leb(0);
  }

  void otherwise() {
    settle(frame().results);
    out_.op(0x05);
    stack_.resize(frame().height);
    push_all(frame().params);
    frame().opcode = 0x05;
    frame().dead = false;
  }

  void end() {
    if (frame().opcode == 0x03) close_loop();
    if (frame().opcode == 0x04 && frame().params != frame().results) otherwise();
    settle(frame().results);
    out_.op(0x0b);
    stack_.resize(frame().height);
    const Types results = frame().results;
    frames_.pop_back();
    if (counters_.size() > frames_.size()) counters_.resize(frames_.size());
    push_all(results);
  }

  // ---- control

  void dead() {
    stack_.resize(frame().height);
    frame().dead = true;
    if (!decisions_.once_in(6) && frames_.size() > 1) end();
  }

  // A label; those of loops rarely, since only fuel ends what they begin.
  uint32_t choose_label() {
    const auto count = static_cast<uint32_t>(frames_.size());
    uint32_t depth = decisions_.below(count);
    while (depth + 1 < count && frames_[count - 1 - depth].opcode == 0x03 && !decisions_.once_in(8)) ++depth;
    return depth;
  }
  const Types& label_types(uint32_t depth) { return frames_[frames_.size() - 1 - depth].label(); }

  void branch_if() {
    const uint32_t depth = choose_label();
    const Types types = label_types(depth);
    want(types);
    if (frame().dead) {  // Values that only a polymorphic stack had are there from now on.
      pop(types.size());
      push_all(types);
    }
    make(kI32, 1);
    out_.op(0x0d);
    out_.unsigned_leb(depth);
    pop(1);
  }

  void branch_table() {
    const uint32_t last = choose_label();
    const Types types = label_types(last);
    std::vector<uint32_t> labels;
    const uint32_t wanted = decisions_.below(5);
    for (uint32_t i = 0; i < wanted; ++i) {
      const uint32_t depth = choose_label();
      if (label_types(depth) == types) labels.push_back(depth);
    }
    want(types);
    make(kI32, 1);
    if (!decisions_.once_in(4)) {
      number(decisions_.below(8), kI32);
      out_.op(0x71);
    }
    out_.op(0x0e);
    out_.unsigned_leb(labels.size());
    for (const uint32_t label : labels) out_.unsigned_leb(label);
    out_.unsigned_leb(last);
    dead();
  }

  void jump() {
    const uint32_t depth = choose_label();
    want(label_types(depth));
    out_.op(0x0c);
    out_.unsigned_leb(depth);
    dead();
  }

  void leave() {
    want(signature_.results);
    out_.op(0x0f);
    dead();
  }

  // Under an `if`, mostly, so that something runs behind it.
  void trap() {
    if (!decisions_.once_in(4)) {
      take({kI32});
      out_.op(0x45);
      out_.op(0x04);
      out_.byte(0x40);
      out_.op(0x00);
      out_.op(0x0b);
      return;
    }
    out_.op(0x00);
    dead();
  }

  // ---- calls

  uint32_t choose_function() { return decisions_.below(static_cast<uint32_t>(plan_.functions.size())); }

  void call() {
    const uint32_t function = choose_function();
    const Signature signature = plan_.signatures[plan_.functions[function]];
    const bool tail = signature.results == signature_.results && decisions_.once_in(6);
    const uint32_t kind = decisions_.below(4);
    want(signature.params);
    const auto type = plan_.functions[function];
    if (kind == 3) {
      number(decisions_.once_in(16) ? decisions_.below(plan_.table_size) : function, kI32);
      out_.op(tail ? 0x13 : 0x11);
      out_.unsigned_leb(type);
      out_.unsigned_leb(0);
    } else if (kind == 2) {
      out_.op(0xd2);
      out_.unsigned_leb(function);
      if (decisions_.once_in(4)) out_.op(0xd4);
      out_.op(tail ? 0x15 : 0x14);
      out_.unsigned_leb(type);
    } else {
      out_.op(tail ? 0x12 : 0x10);
      out_.unsigned_leb(function);
    }
    if (tail) return dead();
    pop(signature.params.size());
    push_all(signature.results);
  }

  // ---- variables and others

  void set_local(uint32_t code) {
    if (available() == 0) make(locals_[decisions_.below(static_cast<uint32_t>(locals_.size()))], 0);
    const Type type = stack_.back();
    const uint32_t index = find_local(type, true);
    if (index == kNone) return;
    local(code, index);
    if (code == 0x21) pop(1);
  }

  void set_small() {
    take({kI32});
    number(0xfff >> decisions_.below(4), kI32);
    out_.op(0x71);
    local(0x21, small_local(decisions_.below(2)));
  }

  void set_global() {
    const uint32_t index = decisions_.below(static_cast<uint32_t>(plan_.globals.size()));
    take({plan_.globals[index].type});
    out_.op(0x24);
    out_.unsigned_leb(index);
  }

  // local = local op constant, and its like: what compilers write most.
  void update_local() {
    const uint32_t index = find_local(decisions_.once_in(3) ? kI64 : kI32, true);
    if (index == kNone) return;
    const bool wide = locals_[index] == kI64;
    static constexpr uint32_t kOps[] = {0x6a, 0x6b, 0x6c, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77};
    local(0x20, index);
    if (decisions_.once_in(2))
      number(interesting(), locals_[index]);
    else {
      make(locals_[index], 2);
      pop(1);
    }
    out_.op(kOps[decisions_.below(std::size(kOps))] + (wide ? 0x12 : 0));
    const bool keep = decisions_.once_in(4);
    local(keep ? 0x22 : 0x21, index);
    if (keep) push(locals_[index]);
  }

  void numeric() {
    uint32_t row = decisions_.below(std::size(kNumeric));
    if (row >= std::size(kNumeric) - kTrappingConversions && !decisions_.once_in(4))
      row -= kTrappingConversions;
    const Numeric& chosen = kNumeric[row];
    const Types operands(chosen.operands, chosen.operand);
    want(operands);
    if (frame().dead) {
      pop(operands.size());
      push_all(operands);
    }
    apply(chosen);
  }

  void wide_arithmetic() {
    const uint32_t which = decisions_.below(4);
    take(Types(which < 2 ? 4 : 2, kI64));
    out_.op(0xfc013 + which);
    push(kI64);
    push(kI64);
  }

  void test_null() {
    make(decisions_.once_in(2) ? kExternRef : kFuncRef, 1);
    out_.op(0xd1);
    pop(1);
    push(kI32);
  }

  // br_on_null with what the stack holds: a reference stays, or the branch is taken without it.
  void branch_on_null() {
    const uint32_t depth = choose_label();
    const Types types = label_types(depth);
    if (frame().dead) return;
    want(types);
    make(kFuncRef, 1);
    out_.op(0xd5);
    out_.unsigned_leb(depth);
    out_.op(0x1a);
    pop(1);
  }

  void top_select() {
    const Type type = available() > 0 ? stack_.back() : kI32;
    if (frame().dead) return;
    want({type, type, kI32});
    select(type);
  }

  // One instruction or a few. False when the function ends.
  bool one() {
    if (available() > kMostValues) {
      drop();
      return true;
    }
    switch (decisions_.below(40)) {
      case 0:
      case 1: enter(0x02); break;
      case 2:
      case 3: enter(0x03); break;
      case 4:
      case 5: enter(0x04); break;
      case 6:
        if (frame().opcode == 0x04)
          otherwise();
        else
          make(kI32, 0);
        break;
      case 7:
      case 8:
      case 9:
        if (frames_.size() == 1) return !decisions_.once_in(6);
        end();
        break;
      case 10:
        if (decisions_.once_in(3)) jump();
        break;
      case 11:
      case 12:
      case 13: branch_if(); break;
      case 14: branch_table(); break;
      case 15:
        if (decisions_.once_in(4)) leave();
        break;
      case 16:
        if (decisions_.once_in(4)) trap();
        break;
      case 17:
      case 18:
      case 19: call(); break;
      case 20:
      case 21:
      case 22: set_local(0x21); break;
      case 23:
      case 24: set_local(0x22); break;
      case 25: set_small(); break;
      case 26: set_global(); break;
      case 27:
      case 28: update_local(); break;
      case 29:
      case 30: store(); break;
      case 31: bulk_memory(); break;
      case 32: tables(); break;
      case 33: wide_arithmetic(); break;
      case 34:
        if (decisions_.once_in(2))
          test_null();
        else
          branch_on_null();
        break;
      case 35: top_select(); break;
      case 36: numeric(); break;
      case 37: numeric(); break;
      case 38:
        if (available() > 0) drop();
        break;
      default: {
        static constexpr Type kChoices[] = {kI32, kI64, kF32, kF64, kI32, kI32, kFuncRef, kExternRef};
        make(kChoices[decisions_.below(8)], 0);
        break;
      }
    }
    return true;
  }

  Plan& plan_;
  Decisions& decisions_;
  const Style style_;
  const Signature signature_;
  Writer out_;
  Types locals_;
  uint32_t first_declared_ = 0;
  uint32_t unused_ = 0;
  Type unused_type_ = kI64;
  Types stack_;
  std::vector<Frame> frames_;
  std::vector<uint32_t> counters_;  // Of each frame: the loop's counter or none.
  uint32_t loops_ = 0;
};

}  // namespace

std::vector<uint8_t> generate(Bytes bytes, Style style) {
  Decisions decisions(bytes);
  Plan plan = plan_module(decisions);
  std::vector<Writer> bodies;
  for (auto i = plan.host_functions; i < plan.functions.size(); ++i) {
    bodies.push_back(Body(plan, decisions, i, style).run());
  }
  return assemble(plan, bodies);
}

}  // namespace wherry::fuzz
