#pragma once

#include <span>
#include <string_view>

#include "engine/artifact/format.h"
#include "engine/base/bytes.h"
#include "engine/base/result.h"
#include "engine/base/vector.h"
#include "engine/wasm/module.h"

namespace wherry::artifact {

// From this address of the text on: the offset in the module, or 0 for none.
struct PcRow {
  uint32_t text_offset;
  uint32_t wasm_offset;
};

// What goes into a file. All spans are borrowed for the call.
struct Contents {
  Arch arch = Arch::X86_64;
  uint64_t cpu_features[2] = {};
  uint64_t code_flags = 0;                  // CodeFlag
  std::string_view options;                 // At most 391 characters; the rest is cut off.
  const wasm::Module* module = nullptr;     // As decoded, with its bytes.
  std::span<const uint64_t> declared_refs;  // TypedModule::declared_refs of it.
  uint8_t module_digest[32] = {};           // BLAKE2b-256 of it.
  base::ByteSpan text;
  std::span<const uint32_t> functions;     // By defined index: where code begins in the text, or kNoCode.
  std::span<const uint32_t> enter_thunks;  // The same by the module's type index.
  std::span<const FunctionRange>
      ranges;                   // The texts of functions, in order, those that cannot be entered too.
  std::span<const PcRow> rows;  // By address, no address twice.
};

// The bytes of the file; the same for the same contents. Errors: OutOfMemory, Limit for more than 4 GiB of text.
base::Result<base::Vector<uint8_t>> write(const Contents& contents);

}  // namespace wherry::artifact
