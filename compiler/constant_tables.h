#pragma once

#include <cstdint>
#include <vector>

#include "engine/wasm/module.h"

namespace wherry::compiler {

// An entry that is null, or not known.
inline constexpr uint32_t kNoConstant = ~uint32_t{0};

// What is in tables, by table and entry, as function indices, as far as it is known and can never be anything else. Empty for
// tables that may change, that others can reach, or that no call goes through. `is_called` and `is_changed`: by table, whether
// an instruction calls through it, or writes it.
std::vector<std::vector<uint32_t>> find_constant_tables(const wasm::Module& module,
                                                        const std::vector<bool>& is_called,
                                                        const std::vector<bool>& is_changed);

}  // namespace wherry::compiler
