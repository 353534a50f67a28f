#pragma once

#include <expected>
#include <string>

#include "component/wit/source.h"

namespace wherry::component::wit {

// Reads the files of a package (WIT.md, "Filesystem structure"): one file of WIT, or the files `*.wit` of a folder, and what
// stands in its folder `deps`: each file, and each folder, a package of its own, as group 1 and so on. Files come in the
// order of their names. `deps.lock`, `deps.toml` and whatever else is not called `*.wit` are not looked at. Fails, with a
// text for people, when something cannot be read.
std::expected<base::Vector<Source>, std::string> load(const std::string& path);

}  // namespace wherry::component::wit
