#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/byte_reader.h"
#include "engine/base/result.h"
#include "engine/wasm/features.h"
#include "engine/wasm/types.h"

// Instructions as read from a body or a constant expression: the tables of opcodes.inc and immediates.inc as
// types, and the one reader that validator, lowering, printer and inspector share.
namespace wherry::wasm {

enum class Op : uint16_t {
#define OP(name, code, text, immediate, signature, feature) name,
#include "engine/wasm/opcodes.inc"
};

inline constexpr uint32_t kOpCount = 0
#define OP(name, code, text, immediate, signature, feature) +1
#include "engine/wasm/opcodes.inc"
    ;

enum class Immediate : uint8_t {
#define IMMEDIATE(name, description) name,
#include "engine/wasm/immediates.inc"
};

// Operand and result types of one instruction; Special ones are typed by the validator's own code.
struct Signature {
  bool is_special = false;
  uint8_t param_count = 0;
  uint8_t result_count = 0;
  // One letter a type, as in opcodes.inc: I L F D V, and A for the memory's index type.
  char params[4] = {};
  char results[2] = {};
};

// A row of opcodes.inc.
struct OpInfo {
  uint32_t code;
  std::string_view text;
  Immediate immediate;
  Signature signature;
  Feature feature;
};
const OpInfo& info(Op op);

// Natural alignment (log2 bytes) of a MemArg, AtomicArg or LaneArg; 0 for others.
uint32_t natural_align_log2(Immediate immediate);
bool is_memory_access(Immediate immediate);

// The type of a block: no parameters and at most one result, or a function type.
struct BlockType {
  enum class Kind : uint8_t { Empty, Value, Type } kind = Kind::Empty;
  ValType value;
  TypeIndex type;
};

enum class CatchKind : uint8_t { Catch = 0, CatchRef = 1, CatchAll = 2, CatchAllRef = 3 };

// One instruction with its immediates. Which fields have a meaning is said by immediates.inc.
struct Instruction {
  Op op = Op::Nop;
  uint8_t align_log2 = 0;
  uint8_t lane = 0;
  uint64_t offset = 0;  // Of the opcode, in the file.
  uint32_t index = 0;
  uint32_t second = 0;
  uint32_t memory = 0;  // Of a memory access.
  uint64_t value = 0;   // Constants, and the offset of a memory access.
  union {
    BlockType block;
    struct {
      ValType source;
      ValType target;
    } cast;
    HeapType heap;
    uint8_t vector[16];
  };
  // The items of a LabelTable, TryTable or SelectTypes, already checked to be well-formed.
  uint32_t count = 0;
  base::ByteSpan list;
  uint64_t list_offset = 0;

  Instruction() : vector{} {}
};

// Reads the next instruction, checking all that is a matter of form (core spec 5.4): known opcode, well-formed
// immediates, features that are on. Types and index spaces are the validator's affair. The spans in `*out` point
// into the reader's bytes. Fails with an Error of kind malformed.
base::Result<void> read_instruction(base::ByteReader& reader, Features features, Instruction* out);

// Steps through the lists of an Instruction.
class LabelList {
 public:
  explicit LabelList(const Instruction& table) : reader_(table.list, table.list_offset) {}
  uint32_t next() { return reader_.u32(); }

 private:
  base::ByteReader reader_;
};

struct CatchClause {
  CatchKind kind;
  TagIndex tag;  // For Catch and CatchRef.
  uint32_t label = 0;
};

class CatchList {
 public:
  explicit CatchList(const Instruction& table) : reader_(table.list, table.list_offset) {}
  CatchClause next();

 private:
  base::ByteReader reader_;
};

// Reads types (core spec 5.3), with the same kind of error as read_instruction.
base::Result<ValType> read_val_type(base::ByteReader& reader, Features features);
base::Result<HeapType> read_heap_type(base::ByteReader& reader, Features features);

// Turns the reader's fault into the Error that the specification's tests expect.
base::Failure reader_failure(const base::ByteReader& reader);

}  // namespace wherry::wasm
