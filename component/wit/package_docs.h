#pragma once

#include "component/encode.h"
#include "component/wit/model.h"
#include "engine/base/result.h"

namespace wherry::component::wit {

// The custom section of a package in binary form that holds documentation and gates.
inline constexpr std::string_view kPackageDocs = "package-docs";

// Gives the items of the model's main package what the section's bytes say of them. What names an item that is not there is passed
// over, and so is a section of a version that is not known. Errors: InvalidCustomSection for what is not of the form; OutOfMemory.
base::Result<void> read_package_docs(base::ByteSpan section, Model& model);

// The section's bytes for the model's main package. Lack of memory is noted in `out` and the model.
void write_package_docs(Model& model, EncodeBuffer* out);

}  // namespace wherry::component::wit
