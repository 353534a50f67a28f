#pragma once

#include <cstdint>
#include <memory>

#include "engine/abi/context.h"
#include "engine/abi/exceptions.h"
#include "engine/base/result.h"
#include "engine/base/vector.h"
#include "engine/lower/handler_table.h"
#include "engine/lower/options.h"
#include "engine/validate/typed_module.h"

namespace wherry::lower {

// What slot code of a module refers to beside the module itself.
struct Environment {
  const validate::TypedModule& module;
  const HandlerTable& handlers;
  Options options;
  abi::ContextLayout layout;
  base::Vector<uint32_t> global_offsets;  // abi::global_offsets.
  abi::FuncCode* codes = nullptr;         // Of the defined functions; calls refer to them.
};

// One instruction of slot code and the Wasm instruction it came from (offset in the file).
struct CodePosition {
  uint32_t word;
  uint32_t offset;
};

// A function in slot code. `cells` holds distances, not addresses of its own, so it may be copied anywhere.
struct SlotCode {
  base::Vector<Cell> cells;
  uint32_t frame_slots = 0;
  uint32_t zero_begin = 0;
  uint32_t zero_count = 0;
  uint16_t param_slots = 0;
  uint16_t pinned0 = 0;
  uint16_t pinned1 = 0;
  // What abi::CatchTable shows.
  base::Vector<abi::CatchRegion> catch_regions;
  base::Vector<abi::CatchScope> catch_scopes;
  base::Vector<abi::CatchClause> catch_clauses;
  // Ascending by word; only when asked for.
  base::Vector<CodePosition> positions;
};

// The memory that lowering uses again from function to function. Not for two at a time.
class Buffers {
 public:
  Buffers();
  Buffers(Buffers&&) noexcept;
  Buffers& operator=(Buffers&&) noexcept;
  ~Buffers();

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// Validates a defined function's body, on a copy of its bytes, and makes its slot code in the same pass. Errors:
// those of validation, NotYetExecutable, FrameTooLarge, OutOfMemory. The same input gives the same code, so that
// positions can be asked for later, when a backtrace needs them.
base::Result<void> lower(const Environment& environment, wasm::FuncIndex func, bool with_positions,
                         Buffers& buffers, SlotCode* out);

}  // namespace wherry::lower
