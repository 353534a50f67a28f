#pragma once

#include "cli/options.h"

// The commands. Each answers the process's exit status and has said on standard error what went wrong.
namespace wherry::cli {

int run_command(const Invocation& invocation);
int compile_command(const Invocation& invocation);
int wast_command(const Invocation& invocation);
int validate_command(const Invocation& invocation);
int print_command(const Invocation& invocation);
int parse_command(const Invocation& invocation);
int objdump_command(const Invocation& invocation);
int component_wit_command(const Invocation& invocation);
int component_compose_command(const Invocation& invocation);
int component_targets_command(const Invocation& invocation);
int component_embed_command(const Invocation& invocation);
int component_new_command(const Invocation& invocation);
int bindgen_command(const Invocation& invocation);

}  // namespace wherry::cli
