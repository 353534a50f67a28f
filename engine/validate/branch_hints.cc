// One walk over the bodies that have hints. A hint's offset counts from the beginning of the function's body, its
// declarations of locals included.
#include "engine/validate/branch_hints.h"

#include "engine/wasm/errors.h"
#include "engine/wasm/instruction.h"

namespace wherry::validate {
namespace {

using base::ByteReader;
using wasm::ErrorCode;

class HintReader {
 public:
  HintReader(const wasm::Module& module, const wasm::CustomSection& section)
      : module_(module), reader_(section.bytes, section.offset) {}

  base::Result<void> check() {
    uint64_t least_func = 0;
    for (uint32_t left = reader_.u32(); left != 0 && reader_.ok(); --left) {
      const uint64_t offset = reader_.offset();
      const uint32_t func = reader_.u32();
      if (!reader_.ok()) break;
      if (func < least_func || func >= module_.funcs.size() || module_.is_imported(wasm::FuncIndex(func))) {
        return base::fail(ErrorCode::MisplacedAnnotation, offset, "hints for no function, or out of order");
      }
      least_func = uint64_t{func} + 1;
      WHERRY_TRY(check_function(wasm::FuncIndex(func)));
    }
    if (!reader_.ok()) return wasm::reader_failure(reader_);
    if (!reader_.at_end())
      return base::fail(ErrorCode::MalformedAnnotation, reader_.offset(), "bytes behind the hints");
    return {};
  }

 private:
  base::Result<void> check_function(wasm::FuncIndex func) {
    const base::ByteSpan body = module_.body_bytes(func);
    ByteReader code(body);
    for (uint32_t groups = code.u32(); groups != 0 && code.ok(); --groups) {
      code.u32();
      WHERRY_TRY(wasm::read_val_type(code, module_.features));
    }
    for (uint32_t left = reader_.u32(); left != 0 && reader_.ok(); --left) {
      const uint64_t offset = reader_.offset();
      const uint32_t at = reader_.u32();
      if (reader_.u32() != 1 || reader_.u8() > 1) {
        return base::fail(ErrorCode::MalformedAnnotation, offset, "a branch hint is one byte, 0 or 1");
      }
      WHERRY_TRY(find(code, at, offset));
    }
    return {};
  }

  // Goes on in `code` until the instruction at `at`, which must be a branch with two ways.
  base::Result<void> find(ByteReader& code, uint32_t at, uint64_t offset) {
    wasm::Instruction instruction;
    while (!code.at_end() && code.offset() <= at) {
      const uint64_t here = code.offset();
      WHERRY_TRY(wasm::read_instruction(code, module_.features, &instruction));
      if (here != at) continue;
      if (instruction.op == wasm::Op::If || instruction.op == wasm::Op::BrIf) return {};
      break;
    }
    return base::fail(ErrorCode::MisplacedAnnotation, offset, "a branch hint belongs to if or br_if");
  }

  const wasm::Module& module_;
  ByteReader reader_;
};

}  // namespace

base::Result<void> check_branch_hints(const wasm::Module& module) {
  for (const wasm::CustomSection& section : module.customs) {
    if (section.name == "metadata.code.branch_hint") return HintReader(module, section).check();
  }
  return {};
}

}  // namespace wherry::validate
