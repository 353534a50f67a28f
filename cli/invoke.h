#pragma once

#include <span>

#include "wherry/instance.h"

namespace wherry::cli {

// `--invoke`: calls the exported function `name` with arguments that are written as text, by its type, and prints its
// results, one a line. Errors: Link for an unknown export, Usage for arguments that do not fit; those of the call.
Result<void> invoke(StoreRef store, Instance instance, std::string_view name,
                    std::span<const char* const> arguments);

}  // namespace wherry::cli
