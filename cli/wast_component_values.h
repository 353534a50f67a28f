#pragma once

#include <optional>
#include <string>

#include "engine/inspect/text.h"
#include "wherry/component_types.h"
#include "wherry/component_value.h"

namespace wherry::cli {

// The component value that begins at `place` of a command's parts, as one of a type: fields and cases are found by their
// names. Empty: it is none of that type.
std::optional<ComponentVal> component_value_of(const text::WastCommand& command, size_t place,
                                               ComponentType type);

// Whether a result is what the parts say.
bool matches(const text::WastCommand& command, size_t place, ComponentType type, const ComponentVal& value);

}  // namespace wherry::cli
