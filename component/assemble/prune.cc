// Cutting an adapter down. The adapter for preview 1 has 46 functions and imports most of WASI 0.2; a program that prints a line
// uses three, and the component must not ask its host for more than it uses. So: from the exports that are wanted, what
// each function reaches is marked with a list of functions still to be looked at, then everything marked is written again
// under new numbers. Bodies are copied but for the numbers of functions, globals and types in them.
//
// An adapter is written so that this suffices: no segments, nothing in tables (at most a linker's empty one, which nothing
// reaches), its stack not in its own data. What does not keep to that is refused rather than half understood.
//
// The stack. An adapter runs on the main module's memory, and has to get its stack from there. Asking the main module's allocator
// at instantiation would run it before `_initialize` has; therefore the adapter has a global in which it notes
// how far it is, and every export asks first. A main module without an allocator gives a page at the end of its memory.
#include "component/assemble/prune.h"

#include "component/core_module.h"
#include "component/names.h"
#include "engine/base/byte_reader.h"
#include "engine/decode/name_section.h"
#include "engine/wasm/errors.h"
#include "engine/wasm/instruction.h"

namespace wherry::component::assemble {

using wasm::ExternKind;
using wasm::Immediate;
using wasm::Instruction;
using wasm::Op;

namespace {

constexpr int32_t kStackBytes = 65536;
enum StackState : uint8_t { kNotAllocated, kAllocating, kAllocated };

bool is_realloc(const wasm::Import& import) {
  return import.kind == ExternKind::Func && import.module == kMainModule &&
         (import.name == "cabi_realloc" || import.name == "canonical_abi_realloc");
}

// What an instruction refers to by a number.
enum class Space : uint8_t { None, Type, Func, Global, Memory, Unknown };

Space space_of(const Instruction& instruction, Immediate immediate) {
  if (wasm::is_memory_access(immediate)) return Space::Memory;
  switch (immediate) {
    case Immediate::Block:
      return instruction.block.kind == wasm::BlockType::Kind::Type ? Space::Type : Space::None;
    case Immediate::Func: return Space::Func;
    case Immediate::Global: return Space::Global;
    case Immediate::Memory:
    case Immediate::MemoryCopy: return Space::Memory;
    case Immediate::None:
    case Immediate::Label:
    case Immediate::LabelTable:
    case Immediate::Local:
    case Immediate::SelectTypes:
    case Immediate::Lane2:
    case Immediate::Lane4:
    case Immediate::Lane8:
    case Immediate::Lane16:
    case Immediate::Shuffle:
    case Immediate::I32:
    case Immediate::I64:
    case Immediate::F32:
    case Immediate::F64:
    case Immediate::V128:
    case Immediate::Fence: return Space::None;
    default: return Space::Unknown;  // Tables, segments, tags, the types of the garbage collector.
  }
}

class Pruner {
 public:
  Pruner(const Part& part, const Pruning& pruning)
      : part_(part), module_(part.module()), pruning_(pruning), names_(module_) {}

  Outcome<base::Vector<uint8_t>> run() {
    WHERRY_TRY_TEXT(check_form());
    if (!types_.resize(module_.types.size()) || !funcs_.resize(module_.funcs.size()) ||
        !globals_.resize(module_.globals.size()) || !is_exported_.resize(module_.funcs.size())) {
      return out_of_memory();
    }
    for (base::Vector<uint32_t>* const map : {&types_, &funcs_, &globals_}) {
      for (uint32_t& item : *map) item = kNone;
    }
    for (const std::string_view name : pruning_.exports) {
      const wasm::Export* const found = part_.find_export(name, ExternKind::Func);
      if (found == nullptr) return Problem(part_.title() + " does not export " + quoted(name));
      WHERRY_TRY_TEXT(reach(Space::Func, found->index));
      is_exported_[found->index] = 1;
      if (!exported_.push_back(found->index)) return out_of_memory();
    }
    while (!left_.empty()) {
      const uint32_t func = left_.back();
      left_.truncate(left_.size() - 1);
      WHERRY_TRY_TEXT(walk_body(func, nullptr));
    }
    for (uint32_t i = module_.imported_globals; i < module_.globals.size(); ++i) {
      if (globals_[i] != kNone) WHERRY_TRY_TEXT(walk(module_.globals[i].init.bytes, nullptr));
    }
    plan_stack();
    number();
    return write();
  }

 private:
  // ---- what is reached

  Outcome<void> check_form() const {
    const bool has_own_memory = module_.memories.size() > module_.imported_memories;
    const char* const what = !module_.elements.empty() || !module_.data.empty() ? "segments"
                             : !module_.tags.empty()                            ? "a tag"
                             : has_own_memory                                   ? "a memory of its own"
                             : module_.memories.size() > 1                      ? "several memories"
                             : module_.start                                    ? "a start function"
                                                                                : nullptr;
    if (what != nullptr) return Problem(part_.title() + " has " + what + ", which an adapter must not");
    for (const wasm::SubType& type : module_.types) {
      bool is_plain = type.kind == wasm::CompositeKind::Func;
      for (const wasm::ValType item : type.func.params) is_plain &= !item.is_ref();
      for (const wasm::ValType item : type.func.results) is_plain &= !item.is_ref();
      if (!is_plain) return Problem(part_.title() + " has types other than of plain functions");
    }
    return {};
  }

  Outcome<void> reach(Space space, uint32_t index) {
    constexpr uint32_t kReached = kNone - 1;
    if (space == Space::Memory) {
      uses_memory_ = true;
      if (index >= module_.memories.size()) return unknown();
      return {};
    }
    base::Vector<uint32_t>& map = space == Space::Type ? types_ : space == Space::Func ? funcs_ : globals_;
    if (index >= map.size()) return unknown();
    if (map[index] != kNone) return {};
    map[index] = kReached;
    if (space != Space::Func) return {};
    WHERRY_TRY_TEXT(reach(Space::Type, module_.funcs[index].type.value));
    if (index >= module_.imported_funcs && !left_.push_back(index)) return out_of_memory();
    return {};
  }

  Problem unknown() const { return Problem(part_.title() + " refers to something that it does not have"); }

  // Reaches what the instructions name, or (if `out` is there) writes them with the new numbers.
  Outcome<void> walk(base::ByteSpan bytes, EncodeBuffer* out) {
    base::ByteReader reader(bytes);
    while (!reader.at_end()) {
      const uint8_t* const begin = reader.position();
      Instruction instruction;
      const base::Result<void> read = wasm::read_instruction(reader, wasm::Features::all(), &instruction);
      if (!read) return Problem(part_.title() + ": " + wasm::describe(read.error()));
      const Space space = space_of(instruction, info(instruction.op).immediate);
      if (space == Space::Unknown) {
        return Problem(part_.title() + " has the instruction " + quoted(info(instruction.op).text) +
                       ", which an adapter must not");
      }
      const uint32_t index = space == Space::Type     ? instruction.block.type.value
                             : space == Space::Memory ? instruction.memory
                                                      : instruction.index;
      if (out == nullptr) {
        if (space != Space::None) WHERRY_TRY_TEXT(reach(space, index));
        continue;
      }
      if (space == Space::None || space == Space::Memory) {
        out->append({begin, reader.position()});
        continue;
      }
      out->opcode(info(instruction.op).code);
      if (space == Space::Type) out->s64(types_[index]);
      if (space == Space::Func) out->u32(funcs_[index]);
      if (space == Space::Global) out->u32(globals_[index]);
    }
    return {};
  }

  Outcome<void> walk_body(uint32_t func, EncodeBuffer* out) {
    const base::ByteSpan body = module_.body_bytes(wasm::FuncIndex(func));
    base::ByteReader reader(body);
    const uint32_t groups = reader.u32();
    for (uint32_t i = 0; i < groups && reader.ok(); ++i) {
      reader.u32();
      const base::Result<wasm::ValType> type = wasm::read_val_type(reader, wasm::Features::all());
      if (!type || type->is_ref()) return Problem(part_.title() + " has a local variable of no plain type");
    }
    if (!reader.ok()) return Problem(part_.title() + " has a function that is cut off");
    if (out == nullptr) return walk(reader.take(reader.remaining()), nullptr);
    out->append({body.data(), reader.position()});
    if (allocate_ != kNone && is_lazy_ && is_exported_[func] != 0) {
      out->opcode(info(Op::Call).code);
      out->u32(allocate_);
    }
    return walk(reader.take(reader.remaining()), out);
  }

  // ---- the stack

  uint32_t find_global(std::string_view name) const {
    decode::NameMap map = names_.names(decode::NameKind::Global);
    for (decode::NameMap::Entry entry; map.next(&entry);) {
      if (entry.name != name || entry.index >= globals_.size() || globals_[entry.index] == kNone) continue;
      const wasm::GlobalType& type = module_.globals[entry.index].type;
      if (type.is_mutable && type.content == wasm::kI32) return entry.index;
    }
    return kNone;
  }

  void plan_stack() {
    pointer_ = find_global("__stack_pointer");
    state_ = find_global("allocation_state");
    const bool has_realloc = !pruning_.main_realloc.empty();
    is_lazy_ = pointer_ != kNone && state_ != kNone && has_realloc;
    is_eager_ = pointer_ != kNone && !is_lazy_ && uses_memory_;
    for (uint32_t i = 0; i < module_.imports.size(); ++i) {
      const wasm::Import& import = module_.imports[i];
      if (is_realloc(import) && funcs_[import.index] != kNone) imports_realloc_ = true;
    }
    grows_ = is_eager_ || (imports_realloc_ && !has_realloc);
    uses_memory_ |= grows_;
  }

  bool is_import_kept(const wasm::Import& import) const {
    switch (import.kind) {
      case ExternKind::Func:
        return funcs_[import.index] != kNone && (!is_realloc(import) || !pruning_.main_realloc.empty());
      case ExternKind::Global: return globals_[import.index] != kNone;
      case ExternKind::Memory: return uses_memory_;
      default: return false;
    }
  }

  // ---- new numbers

  static uint32_t number(base::Vector<uint32_t>* map) {
    uint32_t next = 0;
    for (uint32_t& item : *map) {
      if (item != kNone) item = next++;
    }
    return next;
  }

  void number() {
    type_count_ = number(&types_);
    number(&globals_);
    uint32_t next = 0;
    for (const wasm::Import& import : module_.imports) {
      if (import.kind != ExternKind::Func || !is_import_kept(import)) continue;
      if (is_realloc(import)) realloc_ = next;
      funcs_[import.index] = next++;
    }
    adds_realloc_ = is_lazy_ && realloc_ == kNone;
    if (adds_realloc_) realloc_ = next++;
    for (uint32_t i = module_.imported_funcs; i < module_.funcs.size(); ++i) {
      if (funcs_[i] == kNone) continue;
      funcs_[i] = next++;
      ++defined_;
    }
    if (grows_) realloc_ = next++;
    if (is_lazy_ || is_eager_) allocate_ = next++;
    for (const wasm::Import& import : module_.imports) {
      if (is_realloc(import) && funcs_[import.index] != kNone && !is_import_kept(import)) {
        funcs_[import.index] = realloc_;
      }
    }
  }
  // The types of functions that are added stand behind the others.
  uint32_t realloc_type() const { return type_count_; }
  uint32_t plain_type() const { return type_count_ + 1; }

  // ---- writing

  Outcome<base::Vector<uint8_t>> write() {
    EncodeBuffer out;
    write_core_preamble(&out);
    write_types(&out);
    write_imports(&out);
    write_functions(&out);
    WHERRY_TRY_TEXT(write_globals(&out));
    write_exports(&out);
    if (is_eager_) {
      EncodeBuffer start;
      start.u32(allocate_);
      write_core_section(CoreSection::Start, start, &out);
    }
    WHERRY_TRY_TEXT(write_code(&out));
    write_names(&out);
    if (!out.ok()) return out_of_memory();
    return out.take();
  }

  void write_types(EncodeBuffer* out) const {
    EncodeBuffer items;
    for (uint32_t i = 0; i < types_.size(); ++i) {
      if (types_[i] != kNone) write_func_type(module_.types[i].func, &items);
    }
    constexpr wasm::ValType kFour[] = {wasm::kI32, wasm::kI32, wasm::kI32, wasm::kI32};
    write_func_type({kFour, std::span(kFour).first(1)}, &items);
    write_func_type({}, &items);
    write_core_section(CoreSection::Type, type_count_ + 2, items, out);
  }

  void write_imports(EncodeBuffer* out) const {
    EncodeBuffer items;
    uint32_t count = 0;
    const auto write = [&](std::string_view module, std::string_view name, ExternKind kind) {
      ++count;
      write_import(module, name, kind, &items);
    };
    for (const wasm::Import& import : module_.imports) {
      if (!is_import_kept(import)) continue;
      write(import.module, is_realloc(import) ? pruning_.main_realloc : import.name, import.kind);
      if (import.kind == ExternKind::Func) items.u32(types_[module_.funcs[import.index].type.value]);
      if (import.kind == ExternKind::Global) write_global_type(module_.globals[import.index].type, &items);
      if (import.kind == ExternKind::Memory) write_limits(module_.memories[import.index].type.limits, &items);
    }
    if (adds_realloc_) {
      write(kMainModule, pruning_.main_realloc, ExternKind::Func);
      items.u32(realloc_type());
    }
    write_core_section(CoreSection::Import, count, items, out);
  }

  uint32_t added() const { return (grows_ ? 1u : 0u) + (allocate_ != kNone ? 1u : 0u); }

  void write_functions(EncodeBuffer* out) const {
    EncodeBuffer items;
    for (uint32_t i = module_.imported_funcs; i < module_.funcs.size(); ++i) {
      if (funcs_[i] != kNone) items.u32(types_[module_.funcs[i].type.value]);
    }
    if (grows_) items.u32(realloc_type());
    if (allocate_ != kNone) items.u32(plain_type());
    write_core_section(CoreSection::Function, defined_ + added(), items, out);
  }

  Outcome<void> write_globals(EncodeBuffer* out) {
    EncodeBuffer items;
    uint32_t count = 0;
    for (uint32_t i = module_.imported_globals; i < module_.globals.size(); ++i) {
      if (globals_[i] == kNone) continue;
      if (module_.globals[i].type.content.is_ref()) {
        return Problem(part_.title() + " has a global of no plain type");
      }
      ++count;
      write_global_type(module_.globals[i].type, &items);
      WHERRY_TRY_TEXT(walk(module_.globals[i].init.bytes, &items));
    }
    write_core_section(CoreSection::Global, count, items, out);
    return {};
  }

  void write_exports(EncodeBuffer* out) const {
    EncodeBuffer items;
    for (uint32_t i = 0; i < exported_.size(); ++i) {
      write_export(pruning_.exports[i], ExternKind::Func, funcs_[exported_[i]], &items);
    }
    write_core_section(CoreSection::Export, exported_.size(), items, out);
  }

  Outcome<void> write_code(EncodeBuffer* out) {
    EncodeBuffer items;
    EncodeBuffer body;
    for (uint32_t i = module_.imported_funcs; i < module_.funcs.size(); ++i) {
      if (funcs_[i] == kNone) continue;
      body.clear();
      WHERRY_TRY_TEXT(walk_body(i, &body));
      items.sized(body);
    }
    if (grows_) write_grow(&items);
    if (allocate_ != kNone) write_allocate(&items);
    write_core_section(CoreSection::Code, defined_ + added(), items, out);
    return {};
  }

  // A realloc that allocates only: whole pages at the end of memory. Takes pointer, size, alignment and new size.
  static void write_grow(EncodeBuffer* out) {
    constexpr uint32_t kPointer = 0;
    constexpr uint32_t kSize = 1;
    constexpr uint32_t kNewSize = 3;
    CoreCode code;
    code.op(Op::LocalGet, kPointer).op(Op::LocalGet, kSize).op(Op::I32Or);
    code.block(Op::If).op(Op::Unreachable).op(Op::End);
    code.op(Op::LocalGet, kNewSize).i32(16).op(Op::I32ShrU);
    code.op(Op::LocalGet, kNewSize).i32(0xffff).op(Op::I32And).i32(0).op(Op::I32Ne).op(Op::I32Add);
    code.op(Op::MemoryGrow, 0).op(Op::LocalTee, kPointer);
    code.i32(-1).op(Op::I32Eq).block(Op::If).op(Op::Unreachable).op(Op::End);
    code.op(Op::LocalGet, kPointer).i32(16).op(Op::I32Shl).end_body(out);
  }

  // Gives the stack pointer its stack, once.
  void write_allocate(EncodeBuffer* out) const {
    CoreCode code;
    if (state_ != kNone) {
      code.op(Op::GlobalGet, globals_[state_]).op(Op::I32Eqz);  // Not allocated.
      code.block(Op::If).i32(kAllocating).op(Op::GlobalSet, globals_[state_]);
    }
    code.i32(0).i32(0).i32(8).i32(kStackBytes).op(Op::Call, realloc_);
    code.i32(kStackBytes).op(Op::I32Add).op(Op::GlobalSet, globals_[pointer_]);
    if (state_ != kNone) code.i32(kAllocated).op(Op::GlobalSet, globals_[state_]).op(Op::End);
    code.end_body(out);
  }

  // The names of functions, for backtraces.
  void write_names(EncodeBuffer* out) const {
    EncodeBuffer entries;
    uint32_t count = 0;
    decode::NameMap map = names_.names(decode::NameKind::Func);
    for (decode::NameMap::Entry entry; map.next(&entry);) {
      const bool is_kept = entry.index < funcs_.size() && funcs_[entry.index] != kNone &&
                           (entry.index >= module_.imported_funcs);
      if (!is_kept) continue;
      ++count;
      entries.u32(funcs_[entry.index]);
      entries.name(entry.name);
    }
    if (count == 0) return;
    EncodeBuffer subsection;
    subsection.section(static_cast<uint8_t>(decode::NameKind::Func), count, entries);
    out->custom_section("name", subsection.span());
    out->require(subsection.ok());
  }

  const Part& part_;
  const wasm::Module& module_;
  const Pruning& pruning_;
  decode::NameSection names_;
  // By old number: kNone, or that it is reached, or the new number.
  base::Vector<uint32_t> types_;
  base::Vector<uint32_t> funcs_;
  base::Vector<uint32_t> globals_;
  base::Vector<uint32_t> left_;      // Functions whose bodies are still to be read.
  base::Vector<uint32_t> exported_;  // By Pruning::exports.
  base::Vector<uint8_t> is_exported_;
  bool uses_memory_ = false;
  uint32_t pointer_ = kNone;  // The globals of the stack.
  uint32_t state_ = kNone;
  bool is_lazy_ = false;
  bool is_eager_ = false;
  bool imports_realloc_ = false;
  bool adds_realloc_ = false;
  bool grows_ = false;
  uint32_t type_count_ = 0;
  uint32_t defined_ = 0;
  uint32_t realloc_ = kNone;  // New numbers of functions.
  uint32_t allocate_ = kNone;
};

}  // namespace

Outcome<base::Vector<uint8_t>> prune(const Part& part, const Pruning& pruning) {
  return Pruner(part, pruning).run();
}

}  // namespace wherry::component::assemble
