// Functions stay in the module's order: producers put callers and callees of a source file side by side, so neighbours call each other
// more than anything smarter found quickly would arrange, and addresses keep the order of the listing.
// Rejected: clusters of the call graph, which cost a pass over all bodies before the first unit can start.
#include "compiler/partition.h"

namespace wherry::compiler {

std::vector<Part> partition(const wasm::Module& module, std::span<const uint32_t> weights) {
  std::vector<Part> parts;
  Part open{};
  const auto close = [&] {
    if (open.end != open.begin) parts.push_back(open);
    open = {open.end, open.end, 0, 0};
  };
  for (uint32_t i = 0; i < module.bodies.size(); ++i) {
    if (open.weight + weights[i] > kUnitWeight || open.end - open.begin == kUnitFunctions) close();
    open.end = i + 1;
    open.body_bytes += module.bodies[i].size_bytes;
    open.weight += weights[i];
  }
  close();
  return parts;
}

}  // namespace wherry::compiler
