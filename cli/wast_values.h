#pragma once

#include <span>
#include <string>

#include "engine/inspect/text.h"
#include "wherry/value.h"

namespace wherry::cli {

// An argument of a script's action. Error: Unsupported for references that the API cannot hold.
Result<Val> argument_of(StoreRef store, const text::WastValue& value);

// Whether a result is of a script's pattern.
bool matches(StoreRef store, const Val& value, const text::WastValue& pattern);

// For messages: "i32 5", "f32 nan:canonical", "(ref.null func)".
std::string to_text(const text::WastValue& value);
std::string to_text(const Val& value);

}  // namespace wherry::cli
