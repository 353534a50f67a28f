#pragma once

#include <cstdint>

#include "engine/lower/slot_code.h"
#include "engine/lower/step.h"
#include "engine/lower/vector_code.h"

// The catalogue of handlers: what lowering picks from and the interpreter fills. Apart from slot_code.h, so that a new
// instruction does not recompile the files of handlers.
namespace wherry::lower {

// Whether an instruction is an atomic access, which has a form of its own in HandlerTable::other.
constexpr bool is_atomic(wasm::Immediate immediate) {
  return immediate >= wasm::Immediate::AtomicArg1 && immediate <= wasm::Immediate::AtomicArg8;
}

// How a field or an element lies in an object, and what reading it gives. Word: 8 bytes, also for what a structure
// holds of i32 and packed types; an array's Int has 4.
enum class FieldKind : uint8_t { Word, Ref, Byte, ByteS, Short, ShortS, Int, F32, F64, V128 };
inline constexpr uint32_t kFieldKinds = 10;

// What a cast asks for, in one word. None: nothing but null. Final: exactly the type. Open: it, or a type below it, by
// display at `depth`. Func: likewise for functions. Abstract: `type` is a wasm::AbstractHeap.
enum class CastKind : uint8_t { Final, Open, Func, Abstract };
struct CastTarget {
  uint32_t type;  // Final, Open, Func: wasm::CanonId + 1.
  uint16_t depth;
  CastKind kind;
  bool nullable;
};

// Objects with more fields than this that are given a value are copied in a loop.
inline constexpr uint32_t kStructNewForms = 6;

// A sequence of instructions whose handler does all of them, each in its own words. Until the first access that may fault none
// of them traps; a trap or fault behind it finds its own instruction.
struct Join {
  static constexpr uint32_t kMost = 8;
  uint8_t count;
  Step steps[kMost];
};

// Where sequences are found: a hash table by what was read so far (a step's number, or StepNumbers::kEnd and the number of the
// row that those before make) and, in the upper half, the number of the step that follows, or of the row of a metered piece.
struct JoinEntry {
  uint32_t key = 0;  // 0: no entry.
  uint16_t row = 0;
  uint8_t faulting =
      0;  // Which of the steps has the first access that may fault, before any metering but the first step.
  uint8_t count = 0;  // Of the row's steps.
};

// The sequences of a handler table: `rows` of the names, of which the first `plain_rows` access no memory and have their
// handlers in the first array, those up to `short_rows` in the second, the others in the third.
struct JoinTable {
  const JoinEntry* entries = nullptr;  // Null: nothing is joined. 2^(32 - shift).
  uint32_t shift = 0;
  uint32_t plain_rows = 0;
  uint32_t short_rows = 0;
  uint32_t rows = 0;
  const Join* names = nullptr;
  const Handler* handlers[3] = {};
  const uint64_t* pairs = nullptr;  // A bit for each entry: see JoinPairs.

  Handler handler(uint32_t row) const {
    if (row < plain_rows) return handlers[0][row];
    return row < short_rows ? handlers[1][row - plain_rows] : handlers[2][row - short_rows];
  }
};

// The handlers, which lowering is given and does not know. Every array is indexed as its comment says; `words` is
// the instruction's length. Those that a Step names carry its number (engine/lower/step.h).
struct HandlerTable {
  // [family index] -> [a][b][to]. Slots{a, b, d}; 2 words, 3 with a constant (at most one operand is Const).
  const Handler* binary[kBinaryCount];
  // [family index] -> [a][to]. Slots{a, -, d}; 2 words. No Const.
  const Handler* unary[kUnaryCount];
  // [family index] -> [sense][a][b] for comparisons and I32And, else null. SlotsBranch; 2 words, 3 with a
  // constant. Branches when (result != 0) == (sense == 1).
  const Handler* compare_branch[kBinaryCount];
  // Accesses to memory 0 with a 32-bit index. An offset of kGuardedOffsetLimit or more takes load_any and store_any,
  // unless the address is Const (then a plain offset below 2^32). [family index] -> [a][to]. SlotsOffset{a, d, offset}; 2 words. An
  // address that is Const is folded into the offset by lowering (the address is then the offset alone).
  const Handler* load[kLoadCount];
  // -> [a][b][to]: address u32(a + b) + e. Slots{a, b, d, e}; 2 words, 3 when b is Const. a is never Const.
  const Handler* load_indexed[kLoadCount];
  // -> [a][value]. SlotsOffset{a, d: value, offset}; 2 words, 3 when the value is Const.
  const Handler* store[kStoreCount];
  // -> [a][b][value]: address u32(a + b) + e. Slots{a, b, d: value, e}; 2 words; 3 with constants: b in the lower
  // half of the word if the value is Const too (then a 4-byte type), alone in it otherwise. a is never Const.
  const Handler* store_indexed[kStoreCount];
  // Accesses to any other memory, and to 64-bit ones: all in slots, always checked. 4 words:
  // handler, Slots{a, value, d, -}, 64-bit offset, byte offset of the MemoryObject* in the Context. [0]: 32-bit
  // index, [1]: 64-bit index.
  Handler load_any[kLoadCount][2];
  Handler store_any[kStoreCount][2];

  const Handler*
      select;  // [a][b][condition][to]. Slots{a, b, d, e: condition}; 2 words + one a constant (a, then b).
               // Raw 8 bytes through acc, so also for floats, with a and b Slot or Const.
  const Handler* move;           // [a][to]: 8 bytes. Slots{a, -, d}; 2 words. a is not Const.
  Handler move_const[kToCount];  // Slots{-, -, d}; 3 words: the value.
  Handler move_f32;              // fa to a slot. Slots{-, -, d}; 2 words.
  Handler move_f64;              // da to a slot.
  // [a][which pin]: to an f64 local that a register mirrors. Slots{a, -, d}; 2 words, 3 with a constant.
  Handler pin_f64[kFromCount][2];
  Handler load_pins_f64;  // Slots{a, b}: the slots of both; 2 words. Leaves accumulators alone.
  Handler move2;          // Slots{a, b, d, e}: a to d, then b to e; 2 words.
  Handler move_wide;  // WideMove, distances with a sign; 2 words. Leaves accumulators alone, as move2 does.
  Handler move_up;    // Slots{a: from, b: count, d: to}: to > from or not, memmove; 2 words.

  Handler global_get[2][kToCount];    // [imported]. SlotsOffset{-, d, byte offset in the Context}; 2 words.
  Handler global_set[2][kFromCount];  // SlotsOffset{a, -, offset}; 2 words, 3 with a constant. 8-byte values.

  Handler branch;  // SlotsBranch{-, -, distance}; 2 words.
  Handler branch_if[2]
                   [kFromCount];  // [sense][a]: on an i32. SlotsBranch{a, -, distance}; 2 words. Not Const.
  // [a]. SlotsBranch{a, -, distance of the table}; 2 words. The table: 32-bit numbers, packed in pairs: how many entries, then
  // as many distances from the table and one more, the default. It follows the first br_table that uses it. The index is masked
  // against speculation past the check.
  Handler br_table[kFromCount];
  Handler unreachable;  // 2 words.

  // Calls. The last word of each is Slots{a: callee's base, b: pin0's slot, d: pin1's slot, e: slots of parameters}: the
  // first three of the caller, which returning reads at [-1] from the return cell. Arguments lie from the callee's base on.
  Handler call;         // 3 words: handler, FuncCode*, Slots.
  Handler call_import;  // 3 words: handler, byte offset of the FuncObject* in the Context, Slots.
  // [subtypes][a]: 4 words: handler, {u16 index slot, u16 0, u32 type_id}, {u32 byte offset of the TableObject* in
  // the Context, u32 depth | is_64 << 31}, Slots. [1] also accepts subtypes of the type, by display at `depth`.
  Handler call_indirect[2][kFromCount];
  Handler call_ref[kFromCount];  // 3 words: handler, Slots{a: reference}, Slots.
  // Tail calls: the last word is Slots{a: first argument, b: slots of arguments, d: own header, e: 0}.
  Handler return_call;
  Handler return_call_import;
  Handler return_call_indirect[2];  // As call_indirect, index in a slot.
  Handler return_call_ref;          // As call_ref, in a slot.

  // Functions whose locals take too many slots run in a second frame behind them (engine/interpret/wide.cc).
  // Entering: SlotsOffset{a: header, d: slots of results, offset: distance of the frames}, an empty Slots, then
  // wide_leave with the same operands; 5 words. Before a tail call: SlotsOffset{a: first slot, d: slots, offset}.
  Handler wide_enter;
  Handler wide_leave;
  Handler wide_shrink;

  // Returns. e: the header's slot. Results go to slots 0 and up. A single integer is left in acc. [header]: its slot, or
  // kNearHeaders for any.
  Handler return_none[kNearHeaders + 1];  // Slots{-, -, -, e}; 2 words.
  Handler return_one[kNearHeaders + 1]
                    [kFromCount];        // Slots{a, -, -, e}; 2 words, 3 with a constant. 8 bytes.
  Handler return_f32[kNearHeaders + 1];  // fa.
  Handler return_f64[kNearHeaders + 1];  // da.
  Handler return_many;                   // Slots{a: first, b: slots, -, e}.

  Handler canonical_nan
      [4];            // f32, f64, f32x4, f64x2: a NaN in a slot becomes the canonical one. Slots{a}; 2 words.
                      // Accumulators are not touched.
  Handler fuel;       // 2 words: the segment's cost.
  Handler interrupt;  // 2 words (0): at loop headers, when deadlines are on.
  Handler
      look;  // The same where no fuel is counted, which looks now and then: 2 words: the units of kLookEvery that it costs.
  Handler observe;  // 3 words: handler, abi::Observed. All state stays.
  // All others, by Op: operands in consecutive slots from `a` on, results over them; accumulators are not touched.
  // 3 words: handler, Slots{a, -, -, -}, {u32 index, u32 second} as in the Instruction. 0: cannot be run. Immediates
  // that are memories or tables are their indices; where the Instruction has no `second`, instructions of one memory
  // or table (memory.size, memory.grow, memory.fill, table.get, set, size, grow, fill) have there the byte offset of
  // the MemoryObject* or TableObject* in the Context. ref.func: {index among the defined functions, 0}, or
  // {any, byte offset of the imported FuncObject* in the Context}. Atomic accesses have four words instead: handler,
  // Slots{a, -, -, -}, the 64-bit offset, {u32 byte offset of the MemoryObject* in the Context, u32 memory index}.
  Handler other[wasm::kOpCount];

  VectorHandlers vector;

  // --- Structures, arrays and casts. Fields are counted in slots from an object's first; null where a kind has no
  // handlers. V128 ones exist with all operands in slots only.

  const Handler* struct_get[kFieldKinds];  // [a][to]. Slots{a, -, d, e: field}; 2 words. No Const.
  const Handler*
      struct_set[kFieldKinds];  // [a][value]. Slots{a, b: value, -, e: field}; 2 words, 3 with a constant.
  const Handler* array_get[kFieldKinds];  // [a][b][to]. Slots{a, b: index, d}; 2 words, 3 with a constant.
  const Handler*
      array_set[kFieldKinds];  // [a][b][value]. Slots{a, b: index, d: value}; 2 words + 1 a constant.
  const Handler* array_len;    // [a][to]. Slots{a, -, d}; 2 words.
  const Handler* ref_i31;
  const Handler* i31_get[2];  // [signed][a][to].
  // [0]: Final, [1]: Open, [2]: all. [a][to]. Slots{a, -, d}; 3 words: the CastTarget.
  const Handler* ref_test[3];
  const Handler* ref_cast[3];  // [a]. Slots{a}; 3 words. Traps, or leaves everything as it is.
  // [sense][which][a]: SlotsBranch; 3 words: the CastTarget.
  const Handler* branch_cast[2][3];
  // [fields that are given a value: 0 to 4, any][to]. Slots{a: class of size, b: fields, d, e: live slots};
  // word 2: type id, bytes of a cell; then the fields' numbers and the slots of their values, two pairs a word. Live
  // slots 0: not known.
  const Handler* struct_new[kStructNewForms];
  Handler struct_new_large;  // As struct_new[5][Slot], with the object's bytes in word 2.
  // What makes an array, in `other`: operands in consecutive slots from `a` on; 3 words: handler, Slots{a, b: shift of
  // elements, d: 1 when fuel is counted, e: live slots}, {type id, segment or fixed length}. Others on arrays: as all.

  JoinTable joins;
};

}  // namespace wherry::lower
