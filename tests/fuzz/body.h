// One body of a generated module; see generate.cc. Its parts: body.cc walks, body_values.cc makes numbers, body_memory.cc
// loads, stores and tables, body_control.cc blocks, branches and calls, body_vectors.cc vectors,
// body_exceptions.cc exceptions and atomic instructions, body_objects.cc structures, arrays and casts, body_idioms.cc what
// compilers write.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/fuzz/generate.h"
#include "tests/fuzz/generate_module.h"

namespace wherry::fuzz {

// An instruction that takes and gives numbers, by its code (engine/wasm/opcodes.inc).
struct Numeric {
  uint32_t code;
  Type result;
  Type operand;
  uint8_t operands;
};

inline bool is_number(Type type) { return type >= kF64; }
inline bool is_float(Type type) { return type == kF32 || type == kF64; }

// A walk as the validator does it, with a stack of types and a stack of blocks. Methods named after an instruction emit it and
// keep the model of the stack; make_x pushes a value; what only emits code says so.
class Body {
 public:
  // The body of a function of the plan, which gets the block types that it needs.
  Body(Plan& plan, Decisions& decisions, uint32_t function, Style style, Features features)
      : plan_(plan),
        decisions_(decisions),
        style_(style),
        features_(features),
        function_(function),
        signature_(plan.signatures[plan.functions[function]]) {}

  Writer run();

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

  static constexpr uint32_t kSmallLocals = 4;
  static constexpr uint32_t kMostLoops = 3;              // One within another, with counters.
  static constexpr uint32_t kCounters = kMostLoops + 2;  // And those of a sum.

  // Parameters, perhaps many that nobody uses, then: four small i32, five counters, a scratch f32, f64 and v128, and some
  // of any type.
  void choose_locals();

  // Code that gives locals values at the limits, so that not everything is done to zeros.
  void fill_locals();

  // Two integer locals that are used more than others: lowering keeps such in registers.
  void choose_hot();

  Writer declarations() const;

  uint32_t small_local(uint32_t which) const { return first_declared_ + which; }
  uint32_t counter_local(uint32_t which) const { return first_declared_ + kSmallLocals + which; }
  uint32_t scratch_local(Type type) const {
    return first_declared_ + kSmallLocals + kCounters + (type == kF32 ? 0 : 1);
  }
  uint32_t scratch_vector() const { return first_declared_ + kSmallLocals + kCounters + 2; }
  bool is_reserved(uint32_t local) const {
    return local - first_declared_ < kSmallLocals + kCounters + (features_.simd ? 3 : 2);
  }

  void local(uint32_t code, uint32_t index);

  // True once in `n` times, and rarely where traps are: what follows may end the program.
  bool risky(uint32_t n) { return decisions_.once_in(n) && (plan_.is_wild || decisions_.once_in(16)); }

  // Pushes an i32 that is not zero in few turns of the loops around, or in any. No entry in the model.
  void rare_condition();

  // A local of the type, or none.
  uint32_t find_local(Type type, bool to_write);

  // ---- the stack

  static constexpr uint32_t kNone = ~uint32_t{0};

  Frame& frame() { return frames_.back(); }
  size_t available() { return stack_.size() - frame().height; }
  void push(Type type) { stack_.push_back(type); }
  void push_all(const Types& types) { stack_.insert(stack_.end(), types.begin(), types.end()); }
  void pop(size_t count);

  // Whether the uppermost `count` values are the first of `types`.
  bool top_is(const Types& types, size_t count);

  // Code and model such that `types` can be popped: as many as fit are there already, the rest is made. In dead code
  // what lies deepest may be missing.
  void want(Types types);

  void take(const Types& types);

  void number(uint64_t value, Type type);

  uint64_t interesting();

  void constant(Type type);

  // Pushes a value of the type; deeper expressions at small depths.
  void make(Type type, uint32_t depth);

  bool make_global(Type type);

  // A numeric instruction, half of the time one that this module prefers: combinations of instruction and operands that
  // are rare over all modules are frequent in some.
  const Numeric& choose_numeric();
  const Numeric& choose_numeric(Type result);

  void make_numeric(Type type, uint32_t depth);

  // Pushes an i32 to branch on: mostly a comparison.
  void make_condition(uint32_t depth);

  // The operands are there.
  void apply(const Numeric& numeric);

  // A NaN at the top becomes 1.5.
  void hide_nan(Type type);

  // ---- vectors

  // Rows are those of the instruction table that belong to vectors, counted in their order.
  void settle_lanes(uint32_t width);
  void vector_constant();
  void vector_immediates(uint32_t row, uint32_t memory);
  void make_vector_row(uint32_t row, uint32_t depth, uint32_t allowed);
  void make_vector(uint32_t depth, uint32_t allowed);
  void make_from_vector(Type type, uint32_t depth);
  void vectors();

  // ---- exceptions, atomics

  // What a handler of that kind hands over.
  Types caught(uint32_t kind, uint32_t tag) const;
  void handler(uint32_t kind, uint32_t tag, uint32_t label);
  void enter_try();
  void throw_something();
  void atomics();
  void aligned_address(uint32_t memory, uint32_t log2);

  // ---- structures, arrays, i31 and casts

  Type some_internal();
  // A type below `type`, or `type`.
  Type some_subtype(Type type);
  // Code for an object with zeros in it.
  void default_object(Type type);
  void make_stored(Type storage, uint32_t depth);
  void make_new(Type type, uint32_t depth);
  void make_new_array(Type type, uint32_t depth);
  // A reference to an aggregate which is mostly not null.
  void make_object(Type type, uint32_t depth);
  void array_index(uint32_t depth);
  void make_field(Type type, uint32_t field, uint32_t depth);
  bool find_field(Type type, bool to_write, Type* aggregate, uint32_t* field);
  void make_from_object(Type type, uint32_t depth);
  void make_reference(Type type, uint32_t depth);
  void make_outside(uint32_t depth);
  void make_cast(Type type, uint32_t depth);
  void cast_immediates(uint32_t code, uint32_t label, Type from, Type to);
  void objects();
  void change_array();
  // br_on_cast with what the stack holds, to any label that ends in a reference.
  void branch_on_cast();

  // ---- memory

  // Pushes an i32 that mostly is an address within the first 8 KiB. No entry in the model.
  void raw_address(uint32_t depth);

  void address(uint32_t memory, uint32_t depth);

  uint32_t choose_memory() { return plan_.memories > 1 ? decisions_.below(plan_.memories) : 0; }

  void memory_argument(uint32_t memory);

  void make_load(Type type, uint32_t depth);

  void store();

  void bulk_memory();

  // ---- idioms

  // A load or store of memory 0, at the address that was pushed.
  void access(uint32_t code, uint64_t offset);
  void moved(uint32_t index, uint32_t code, uint32_t constant);

  // A loop that adds up what is in memory, several at a turn.
  void unrolled_sum();
  // Writes halves, copies eight bytes, and pushes a half of the copy.
  void copied_structure();
  // Stores to a few places near one another and pushes what is at one of them.
  void stack_slots();
  void idiom();

  // ---- tables

  uint32_t table_of(Type type) const { return type == kFuncRef ? 0 : 1; }
  uint32_t size_of(Type type) const { return type == kFuncRef ? plan_.table_size : kTable1Size; }

  Type table_index_type() const { return plan_.tables_are_64 ? kI64 : kI32; }

  void make_table_get(Type type, uint32_t depth);

  void table_index(Type type, uint32_t depth);

  void tables();

  // ---- structured expressions

  void make_select(Type type, uint32_t depth);

  void select(Type type);

  void make_block(Type type, uint32_t depth);

  void make_if(Type type, uint32_t depth);

  // ---- blocks

  void block_type(const Types& params, const Types& results);

  // A type for a value, or for a block to hand on.
  Type some_type();
  Types some_types(uint32_t most);

  Types top_types(size_t most);

  void enter(uint32_t opcode);

  // Makes the block's stack its results: drops or stores what is too much, makes what is missing.
  void settle(Types results);

  void drop();

  // Takes the uppermost value and changes an exported global by it: what is lost otherwise would be seen by nobody.
  void mix();
  void mix_locals();

  // The loop's counter, if it has one, decides whether it goes round again.
  void close_loop();

  // The same for a branch to any label: pushes an i32 that is 0 when that is a loop which has had its turns. False if it is none.
  bool count_turn(uint32_t depth);

  void otherwise();

  void end();

  // ---- control

  void dead();

  bool block_instead();

  // A label; mostly within the innermost loop, and those of loops rarely, since only fuel ends what they begin.
  uint32_t choose_label();
  const Types& label_types(uint32_t depth) { return frames_[frames_.size() - 1 - depth].label(); }

  void branch_if();

  void branch_table();

  void jump();

  void leave();

  // Under an `if`, mostly, so that something runs behind it.
  void trap();

  // ---- calls

  uint32_t any_function() { return decisions_.below(static_cast<uint32_t>(plan_.functions.size())); }

  // One to call, or none: mostly the host's or one before this, so that calls end before the fuel does.
  uint32_t choose_function();

  void call();

  // ---- variables and others

  void set_local(uint32_t code);

  void set_small();

  void set_global();

  // local = local op constant, and its like: what compilers write most.
  void update_local();

  void numeric();

  void wide_arithmetic();

  void test_null();

  // br_on_null with what the stack holds: a reference stays, or the branch is taken without it.
  void branch_on_null();

  void top_select();

  // One instruction or a few. False when the function ends.
  bool one();

  Plan& plan_;
  Decisions& decisions_;
  const Style style_;
  const Features features_;
  const uint32_t function_;
  const Signature signature_;
  Writer out_;
  Types locals_;
  uint32_t first_declared_ = 0;
  uint32_t hot_[2] = {kNone, kNone};
  uint32_t unused_ = 0;
  Type unused_type_ = kI64;
  Types stack_;
  std::vector<Frame> frames_;
  std::vector<uint32_t> counters_;  // Of each frame: the loop's counter or none.
  uint32_t loops_ = 0;
};

}  // namespace wherry::fuzz
