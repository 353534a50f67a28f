// `wherry run`.
#include "cli/commands.h"
#include "cli/console.h"

namespace wherry::cli {

int run_command(const Invocation&) { return complain("running programs is not supported in this build"); }

}  // namespace wherry::cli
