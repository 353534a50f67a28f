#pragma once

#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/result.h"
#include "engine/inspect/objdump.h"

// Compiled files, for programs that look at them. Of any architecture: nothing is mapped or run.
namespace wherry::inspect {

// Whether the bytes begin like a compiled file.
bool is_compiled(base::ByteSpan bytes);

// Whether they are one of a component. So many of them are enough.
inline constexpr size_t kCompiledHeadBytes = 1024;
bool is_compiled_component(base::ByteSpan bytes);

// What every compiled file of this version has in common: "format 1 abi 0123456789abcdef".
std::string compiled_identity();

// Checks all of a compiled file, code included. Errors: what is damaged, or of another version.
base::Result<void> verify_compiled(base::ByteSpan file);

// Of a component: what it was compiled with, its modules, and of each what is listed of a module. Else: lists what it was compiled with, its sections, and each function with its place in the text and the module; with `funcs`, which
// address belongs to which instruction. `title` heads it. Bytes must be aligned to 8.
base::Result<void> list_compiled(std::string_view title, base::ByteSpan file, const ObjdumpChoice& choice,
                                 text::TextSink& sink);

}  // namespace wherry::inspect
