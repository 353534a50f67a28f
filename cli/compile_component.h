#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/options.h"
#include "component/features.h"
#include "engine/base/vector.h"
#include "wherry/blob.h"
#include "wherry/result.h"

namespace wherry::cli {

// Compiles one core module; `place` says for messages which one it is: "module 1 of 3, at 0x2c".
using ModuleCompiler = std::function<Result<std::vector<uint8_t>>(Bytes module, const std::string& place)>;

// The compiled form of a binary component: it is validated, each core module that is different is compiled, in their order, and all
// is put together. Errors: what is wrong with the component, and what `compile` answers.
Result<base::Vector<uint8_t>> compile_component(Bytes binary, const component::Features& features,
                                                const ModuleCompiler& compile);

// The same by the program `compiler` with these settings, a process each module, which says itself what is wrong with it: the error is an
// Exit then. `name` is the component's in messages.
Result<base::Vector<uint8_t>> compile_component_by(const std::string& compiler,
                                                   const std::vector<std::string>& settings,
                                                   const std::string& name, Bytes binary,
                                                   const component::Features& features);

// Writes a file so that it is there completely or not at all; "-" is standard output. False, with errno, if that cannot be done.
bool write_file(const std::string& path, Bytes bytes);

}  // namespace wherry::cli
