// Valid bodies out of arbitrary bytes: the generator behind fuzz_generated.
//
// It walks as the validator does, with a stack of types and a stack of blocks, and at each step emits an instruction
// whose operands it takes from the stack when they happen to fit, and makes otherwise. So values stay below others for
// long, across blocks, branches and calls, which is what lowering with delayed values gets wrong; expression trees alone
// would not do that.
//
// To run far instead of trapping at once: addresses come mostly from two locals that are kept below 4 KiB, divisors
// mostly have their lowest bit set, call_indirect mostly finds its type, and loops count down. Calls may recurse: fuel
// ends that. Before a NaN's bits could be seen (stores, reinterpretation, copysign), the value is made a number.
#include "tests/fuzz/generate.h"

#include "tests/fuzz/body.h"

namespace wherry::fuzz {

namespace {

struct Name {
  std::string_view name;
  bool Features::* member;
};
constexpr Name kNames[] = {{"typed-references", &Features::typed_references},
                           {"simd", &Features::simd},
                           {"exceptions", &Features::exceptions},
                           {"atomics", &Features::atomics},
                           {"gc", &Features::gc}};

}  // namespace

std::optional<Features> Features::parse(std::string_view list) {
  Features features{
      .typed_references = false, .simd = false, .exceptions = false, .atomics = false, .gc = false};
  while (!list.empty()) {
    const std::string_view word = list.substr(0, list.find(','));
    list.remove_prefix(word.size() == list.size() ? word.size() : word.size() + 1);
    bool known = word == "common";
    for (const Name& name : kNames) {
      if (word != name.name) continue;
      features.*name.member = true;
      known = true;
    }
    if (!known) return std::nullopt;
  }
  return features;
}

bool Features::known_to(std::string_view peer) const {
  return peer != "wasmi" || !(typed_references || exceptions || atomics || gc);
}

std::vector<uint8_t> generate(Bytes bytes, Style style, Features features) {
  Decisions decisions(bytes);
  Plan plan = plan_module(decisions, features);
  std::vector<Writer> bodies;
  for (auto i = plan.host_functions; i < plan.functions.size(); ++i) {
    decisions.share(plan.functions.size() - i);
    bodies.push_back(Body(plan, decisions, i, style, features).run());
  }
  return assemble(plan, bodies);
}

}  // namespace wherry::fuzz
