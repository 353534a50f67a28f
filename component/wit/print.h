#pragma once

#include "component/wit/model.h"
#include "engine/base/result.h"
#include "engine/text/print.h"

namespace wherry::component::wit {

struct PrintChoice {
  bool docs = true;
  bool dependencies = true;  // The other packages too, in braces behind the main one.
};

// Writes the model as WIT from which resolve() makes an equal model, worlds with all their imports. Types stand in front of
// functions, uses in front of types, and of worlds interfaces, types, functions, in this order; the rest stays in its
// order. Errors: OutOfMemory also for a sink that fails.
base::Result<void> print(Model& model, const PrintChoice& choice, text::TextSink& sink);

// The same content as JSON: an object with the lists "worlds", "interfaces", "types", "packages", and "functions" in
// interfaces, in the shape of `wasm-tools component wit --json` where the two have the same thing.
base::Result<void> print_json(Model& model, text::TextSink& sink);

// Whether the word is one of WIT's, so that a name which is the same needs a `%`.
bool is_keyword(std::string_view word);

}  // namespace wherry::component::wit
