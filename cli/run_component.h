#pragma once

#include "cli/options.h"
#include "wherry/blob.h"

namespace wherry::cli {

// `wherry run` of a component: the file that the invocation names or, if they are not empty, these bytes in binary form. Answers
// the process's status; everything has been said.
int run_component(const Invocation& invocation, Bytes bytes);

}  // namespace wherry::cli
