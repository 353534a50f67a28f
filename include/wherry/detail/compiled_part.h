// How compiled components get their modules. Not part of the API: Component::load_artifact_unsafe is.
#pragma once

#include <cstdint>

#include "wherry/module.h"

namespace wherry::artifact {
class ComponentFile;
}

namespace wherry::detail {

// The core module at `index` of a compiled component, which must outlive the last copy of the Module and the last instance of
// it. UNSAFE, as Module::load_artifact_unsafe; the same errors.
Result<Module> load_part_unsafe(const Engine& engine, const artifact::ComponentFile& file, uint32_t index);

}  // namespace wherry::detail
