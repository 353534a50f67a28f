// The validator that only validates: compiled once, for bodies and for constant expressions.
#include "engine/validate/function_validator.h"

namespace wherry::validate {

template class FunctionValidator<NullSink>;

}  // namespace wherry::validate
