#pragma once

#include "cli/options.h"
#include "wherry/blob.h"

namespace wherry::cli {

// What the file is that the invocation names.
enum class ComponentForm : uint8_t {
  File,      // A binary component in a regular file, which may have been compiled to the cache.
  Bytes,     // Something else, whose binary form is at hand.
  Compiled,  // A compiled component.
};

// `wherry run` of a component; `bytes` are for ComponentForm::Bytes. Answers the process's status; everything has been said.
int run_component(const Invocation& invocation, ComponentForm form, Bytes bytes);

}  // namespace wherry::cli
