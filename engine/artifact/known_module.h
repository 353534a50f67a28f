#pragma once

#include "engine/artifact/view.h"
#include "engine/wasm/features.h"

namespace wherry::artifact {

// The module that was compiled, decoded from what a load reads. Borrows the view's bytes. Errors: as of decode::decode(KnownModule), and
// ArtifactDamaged for another number of types.
base::Result<wasm::Module> read_module(const View& view, const wasm::Features& features);

}  // namespace wherry::artifact
