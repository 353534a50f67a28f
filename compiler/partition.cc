// Functions stay in the module's order: producers put callers and callees of a source file side by side, so neighbours call each other
// more than anything smarter found quickly would arrange, and addresses keep the order of the listing.
// Rejected: clusters of the call graph, which cost a pass over all bodies before the first unit can start.
#include "compiler/partition.h"

namespace wherry::compiler {

std::vector<Part> partition(const wasm::Module& module) {
  std::vector<Part> parts;
  Part open{0, 0, 0};
  const auto close = [&] {
    if (open.end != open.begin) parts.push_back(open);
    open = {open.end, open.end, 0};
  };
  for (uint32_t i = 0; i < module.bodies.size(); ++i) {
    const uint64_t size_bytes = module.bodies[i].size_bytes;
    if (open.body_bytes + size_bytes > kUnitBytes || open.end - open.begin == kUnitFunctions) close();
    open.end = i + 1;
    open.body_bytes += size_bytes;
  }
  close();
  return parts;
}

}  // namespace wherry::compiler
