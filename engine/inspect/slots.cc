// Slot code for people who work on the interpreter: every body lowered as it would be on its first call, with the real
// handlers, so that a combination of operands for which there is no handler shows here as it does when running.
#include "engine/inspect/slots.h"

#include <algorithm>
#include <cstdlib>

#include "engine/abi/layout.h"
#include "engine/base/byte_reader.h"
#include "engine/decode/decode.h"
#include "engine/inspect/disassembler.h"
#include "engine/inspect/names.h"
#include "engine/interpret/interpreter.h"
#include "engine/lower/listing.h"
#include "engine/lower/lower.h"
#include "engine/text/print_context.h"
#include "engine/validate/typed_module.h"
#include "engine/wasm/errors.h"
#include "engine/wasm/instruction.h"

namespace wherry::inspect {

using base::Result;

namespace {

bool is_called(const wasm::Module& module, std::string_view id, uint32_t index, std::string_view wanted) {
  if (wanted == id || wanted == std::to_string(index)) return true;
  for (const wasm::Export& item : module.exports) {
    if (item.kind == wasm::ExternKind::Func && item.index == index && item.name == wanted) return true;
  }
  return false;
}

// Behind each line of slot code, the instructions of Wasm that were read since the one before: those that it does
// the work of, and before them those that needed none.
Result<void> list_beside(const wasm::Module& module, wasm::FuncIndex func, const lower::SlotCode& code,
                         std::string_view listing, text::PrintWriter& out) {
  constexpr size_t kColumn = 44;
  const auto disassembler = WHERRY_TRY(Disassembler::create(module));
  base::ByteReader reader(module.body_bytes(func), module.body(func).offset);
  const uint32_t groups = reader.u32();
  for (uint32_t i = 0; i < groups && reader.ok(); ++i) {
    reader.u32();
    WHERRY_TRY(wasm::read_val_type(reader, module.features));
  }
  const lower::CodePosition* next = code.positions.begin();
  while (!listing.empty()) {
    const size_t end = std::min(listing.find('\n'), listing.size() - 1);
    const std::string_view line = listing.substr(0, end);
    listing.remove_prefix(end + 1);
    out.put(line);
    const auto word = static_cast<uint32_t>(std::strtoul(std::string(line).c_str(), nullptr, 10));
    while (next != code.positions.end() && next->word < word) ++next;
    const char* before = line.size() < kColumn ? "" : " ";
    for (size_t column = line.size(); column < kColumn; ++column) out.put(' ');
    if (next != code.positions.end() && next->word == word) {
      while (reader.ok() && !reader.at_end() && reader.offset() <= next->offset) {
        wasm::Instruction instruction;
        WHERRY_TRY(wasm::read_instruction(reader, module.features, &instruction));
        out.put(*before == 0 ? "; " : before);
        out.put(disassembler->text(func, instruction.offset));
        before = ", ";
      }
    }
    out.put('\n');
  }
  return {};
}

Result<void> list_functions(const lower::Environment& environment, std::string_view only, bool* found,
                            text::PrintContext& context) {
  const wasm::Module& module = environment.module.module;
  const lower::Listing listing(environment.handlers);
  lower::Buffers buffers;
  text::PrintWriter& out = context.out;
  for (uint32_t i = module.imported_funcs; i < module.funcs.size() && out.ok(); ++i) {
    const std::string_view name = context.ids[static_cast<uint32_t>(text::Space::Func)].id(i);
    if (!only.empty() && !is_called(module, name, i, only)) continue;
    *found = true;
    out.put("func[");
    out.number(i);
    out.put(']');
    if (!name.empty()) {
      out.put(' ');
      out.identifier(name);
    }
    lower::SlotCode code;
    if (const Result<void> lowered =
            lower::lower(environment, wasm::FuncIndex(i), !only.empty(), buffers, &code);
        !lowered) {
      out.put(": ");
      out.put(wasm::describe(lowered.error()));
      out.put("\n\n");
      continue;
    }
    out.put(": ");
    out.number(code.cells.size());
    out.put(" words, frame of ");
    out.number(code.frame_slots);
    out.put(" slots\n");
    if (only.empty()) {
      out.put(listing.list(code.cells));
    } else {
      WHERRY_TRY(list_beside(module, wasm::FuncIndex(i), code, listing.list(code.cells), out));
    }
    out.put('\n');
  }
  return {};
}

}  // namespace

Result<void> list_slots(base::ByteSpan binary, wasm::Features features, const lower::Options& options,
                        std::string_view only, bool* found, text::TextSink& sink) {
  *found = false;
  wasm::TypeRegistry registry;
  wasm::Module module = WHERRY_TRY(decode::decode(binary, {.features = features}));
  const validate::TypedModule typed = WHERRY_TRY(validate::type_module(std::move(module), registry));
  const auto mode = options.guard_pages ? interpret::MemoryMode::Guarded : interpret::MemoryMode::Checked;
  lower::Environment environment{typed, interpret::handlers(mode), options, abi::layout_of(typed.module), {}};
  environment.options.joined_handlers = false;  // A listing shows what each instruction does.
  base::Vector<abi::FuncCode> codes;
  if (!abi::global_offsets(typed.module, environment.layout, &environment.global_offsets) ||
      !codes.resize(typed.module.bodies.size())) {
    return base::fail(wasm::ErrorCode::OutOfMemory);
  }
  environment.codes = codes.data();
  const text::Names names = WHERRY_TRY(read_names(typed.module));
  const text::PrintOptions print_options{.names = &names};
  text::PrintContext context(typed.module, print_options, sink);
  if (!context.prepare()) return base::fail(wasm::ErrorCode::OutOfMemory);
  const Result<void> listed = list_functions(environment, only, found, context);
  context.out.flush();
  if (listed && !context.out.ok()) return base::fail(wasm::ErrorCode::OutOfMemory);
  return listed;
}

}  // namespace wherry::inspect
