#pragma once

// FunctionValidator, whole: class, drive and stacks, and the rules by kind of instruction.
#include "engine/validate/function_validator_control.h"
#include "engine/validate/function_validator_core.h"
#include "engine/validate/function_validator_data.h"
#include "engine/validate/function_validator_gc.h"
#include "engine/validate/function_validator_signature.h"

namespace wherry::validate {

extern template class FunctionValidator<NullSink>;  // In function_validator.cc.

}  // namespace wherry::validate
