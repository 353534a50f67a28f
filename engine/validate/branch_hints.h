#pragma once

#include "engine/base/result.h"
#include "engine/wasm/module.h"

namespace wherry::validate {

// Whether the custom section "metadata.code.branch_hint", if there is one, says what its specification allows
// (branch hinting, custom section): functions in ascending order, and hints of one byte, 0 or 1, at `if` and `br_if`
// instructions, in ascending order. Engines ignore the section when it is wrong, so this is for tools. `module`'s
// bodies are valid. Errors: MalformedAnnotation, MisplacedAnnotation, with the hint's offset.
base::Result<void> check_branch_hints(const wasm::Module& module);

}  // namespace wherry::validate
