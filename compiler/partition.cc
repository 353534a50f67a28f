// Functions stay in the module's order: producers put callers and callees of a source file side by side, so neighbours call each other
// more than anything smarter found quickly would arrange, and addresses keep the order of the listing.
// Rejected: clusters of the call graph, which cost a pass over all bodies before the first unit can start.
//
// What is called across the cuts and small is copied: into each part that calls it, within a bound, since a copy is emitted and simplified
// like what is the part's own before it is thrown away. Only leaves: what a copy called would have to be known outside of its own part, where it
// may be internal.
#include "compiler/partition.h"

#include <algorithm>

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

std::vector<std::vector<uint32_t>> choose_imports(std::span<const Part> parts, const ModuleFacts& facts,
                                                  std::span<const uint32_t> left_out) {
  std::vector<std::vector<uint32_t>> chosen(parts.size());
  const auto part_of = [&](uint32_t index) {
    return static_cast<uint32_t>(std::ranges::upper_bound(parts, index, {}, &Part::begin) - parts.begin() -
                                 1);
  };
  struct Call {
    uint32_t part;
    uint32_t callee;
    auto operator<=>(const Call&) const = default;
  };
  std::vector<bool> is_leaf(facts.weights.size(), true);
  for (const ModuleFacts::Edge edge : facts.calls) is_leaf[edge.caller] = false;
  std::vector<Call> calls;
  for (const ModuleFacts::Edge edge : facts.calls) {
    if (facts.weights[edge.callee] > kImportedWeight || !is_leaf[edge.callee]) continue;
    const uint32_t part = part_of(edge.caller);
    if (edge.callee >= parts[part].begin && edge.callee < parts[part].end) continue;
    if (!std::ranges::binary_search(left_out, edge.callee)) calls.push_back({part, edge.callee});
  }
  std::ranges::sort(calls);

  struct Candidate {
    size_t calls;
    uint32_t callee;
  };
  std::vector<Candidate> candidates;
  for (size_t i = 0; i < calls.size();) {
    const uint32_t part = calls[i].part;
    candidates.clear();
    while (i < calls.size() && calls[i].part == part) {
      const size_t first = i;
      while (i < calls.size() && calls[i] == calls[first]) ++i;
      candidates.push_back({i - first, calls[first].callee});
    }
    std::ranges::sort(candidates, [](const Candidate& a, const Candidate& b) {
      return a.calls != b.calls ? a.calls > b.calls : a.callee < b.callee;
    });
    uint64_t left = std::min(parts[part].weight, kUnitWeight) / kImportedShare;
    for (const Candidate& candidate : candidates) {
      const uint64_t weight = facts.weights[candidate.callee];
      if (weight > left) continue;
      left -= weight;
      chosen[part].push_back(candidate.callee);
    }
  }
  return chosen;
}

}  // namespace wherry::compiler
