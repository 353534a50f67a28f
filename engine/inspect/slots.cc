// Slot code for people who work on the interpreter: every body lowered as it would be on its first call, with the real
// handlers, so that a combination of operands for which there is no handler shows here as it does when running.
#include "engine/inspect/slots.h"

#include "engine/abi/layout.h"
#include "engine/decode/decode.h"
#include "engine/inspect/names.h"
#include "engine/interpret/interpreter.h"
#include "engine/lower/listing.h"
#include "engine/lower/lower.h"
#include "engine/text/print_context.h"
#include "engine/validate/typed_module.h"
#include "engine/wasm/errors.h"

namespace wherry::inspect {

using base::Result;

namespace {

Result<void> list_functions(const lower::Environment& environment, text::PrintContext& context) {
  const wasm::Module& module = environment.module.module;
  const lower::Listing listing(environment.handlers);
  lower::Buffers buffers;
  text::PrintWriter& out = context.out;
  for (uint32_t i = module.imported_funcs; i < module.funcs.size() && out.ok(); ++i) {
    out.put("func[");
    out.number(i);
    out.put(']');
    if (const std::string_view id = context.ids[static_cast<uint32_t>(text::Space::Func)].id(i);
        !id.empty()) {
      out.put(' ');
      out.identifier(id);
    }
    lower::SlotCode code;
    if (const Result<void> lowered = lower::lower(environment, wasm::FuncIndex(i), false, buffers, &code);
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
    out.put(listing.list(code.cells));
    out.put('\n');
  }
  return {};
}

}  // namespace

Result<void> list_slots(base::ByteSpan binary, wasm::Features features, const lower::Options& options,
                        text::TextSink& sink) {
  wasm::TypeRegistry registry;
  wasm::Module module = WHERRY_TRY(decode::decode(binary, {.features = features}));
  const validate::TypedModule typed = WHERRY_TRY(validate::type_module(std::move(module), registry));
  const auto mode = options.guard_pages ? interpret::MemoryMode::Guarded : interpret::MemoryMode::Checked;
  lower::Environment environment{typed,  interpret::handlers(mode), options, abi::layout_of(typed.module), {},
                                 nullptr};
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
  const Result<void> listed = list_functions(environment, context);
  context.out.flush();
  if (listed && !context.out.ok()) return base::fail(wasm::ErrorCode::OutOfMemory);
  return listed;
}

}  // namespace wherry::inspect
