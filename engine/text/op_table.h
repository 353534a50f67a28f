#pragma once

#include <optional>
#include <string_view>

#include "engine/wasm/instruction.h"

namespace wherry::text {

// The instruction with this text; of several (select, ref.test, ref.cast) the first row of opcodes.inc.
std::optional<wasm::Op> find_op(std::string_view text);

// Whether it is an instruction of legacy_opcodes.inc.
bool is_legacy_op(std::string_view text);

}  // namespace wherry::text
