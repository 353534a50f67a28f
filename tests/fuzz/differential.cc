// One module, several engines, no difference: the check that the fuzz targets which run code share.
//
// The optimisations of lowering, guard pages, fuel and interruption must not change what a program computes. So each
// module runs in an engine with everything on, and then in others; what an embedder can see is recorded and compared
// (observe.h). Runs that count fuel must stop at the same instruction; those that do not are given only the calls that end.
#include "tests/fuzz/differential.h"

#include <cstdio>
#include <cstdlib>

namespace wherry::fuzz {

namespace {

struct Figures {
  uint64_t modules = 0;
  uint64_t loaded = 0;
  uint64_t instantiated = 0;
  uint64_t calls = 0;
  uint64_t returned = 0;
  uint64_t instructions = 0;
};
Figures figures;

void count(const Observation& seen) {
  ++figures.modules;
  figures.loaded += seen.loaded;
  figures.instantiated += seen.instantiated;
  figures.calls += seen.calls;
  figures.returned += seen.returned;
  figures.instructions += seen.instructions;
}

void print_figures() {
  const auto number = [](uint64_t value) { return static_cast<unsigned long long>(value); };
  const auto calls = static_cast<double>(figures.calls == 0 ? 1 : figures.calls);
  std::fprintf(stderr,
               "figures: %llu modules, %llu valid, %llu instantiated; %llu calls, %.1f %% returned, %.0f "
               "instructions a "
               "call\n",
               number(figures.modules), number(figures.loaded), number(figures.instantiated),
               number(figures.calls), 100.0 * static_cast<double>(figures.returned) / calls,
               static_cast<double>(figures.instructions) / calls);
}

void insist(const std::optional<Finding>& finding) {
  if (!finding) return;
  std::fprintf(stderr, "difference between %s and %s: %s\n", finding->a.c_str(), finding->b.c_str(),
               finding->difference.c_str());
  std::abort();
}

}  // namespace

NanBits nan_bits_of(Bytes module) {
  bool made = false;
  bool seen = false;
  for (const uint8_t byte : module) {
    // Binary operations, whose result may be either NaN; copysign, reinterpretation and stores. Vectors do both.
    made |= (byte >= 0x92 && byte <= 0x98) || (byte >= 0xa0 && byte <= 0xa6) || byte == 0xfd;
    seen |= byte == 0x98 || byte == 0xa6 || byte == 0xbc || byte == 0xbd || byte == 0x38 || byte == 0x39 ||
            byte == 0xfd;
  }
  return made && seen ? NanBits::MayMatter : NanBits::Hidden;
}

std::optional<Observation> without_fuel_traps(const Input& input, const Observation& expected,
                                              Input* same_calls) {
  *same_calls = input;
  if (!expected.instantiated) {
    const bool fuel = !expected.lines.empty() && expected.lines.back().ends_with("all fuel consumed");
    return fuel || expected.cut ? std::nullopt : std::optional(expected);
  }
  if (expected.calls_with_fuel == expected.calls) return expected;
  if (expected.calls_with_fuel == 0) return std::nullopt;
  same_calls->most_calls = expected.calls_with_fuel;
  return observe(all_modes()[0], *same_calls);
}

std::optional<Finding> compare_modes(const Input& input, const Observation& expected,
                                     std::span<const uint32_t> modes) {
  Input same_calls;
  std::optional<Observation> ending;
  bool looked = false;
  for (const uint32_t number : modes) {
    const Mode& mode = all_modes()[number % all_modes().size()];
    if (!mode.fuel && !looked) {
      ending = without_fuel_traps(input, expected, &same_calls);
      looked = true;
    }
    if (!mode.fuel && !ending) continue;
    const Observation found = observe(mode, mode.fuel ? input : same_calls);
    std::string what = difference(mode.fuel ? expected : *ending, found);
    if (!what.empty()) {
      return Finding{std::string(all_modes()[0].name), std::string(mode.name), std::move(what), false};
    }
  }
  return std::nullopt;
}

std::optional<Finding> compare_compiled(const Input& input, const Observation& expected, const Mode& mode,
                                        Bytes artifact) {
  Input calls = input;
  Observation wanted = expected;
  if (!mode.exact_traps && expected.trapped) {
    calls.new_instance_after_trap = true;
    wanted = observe(all_modes()[0], calls);
  }
  if (!mode.fuel) {
    const Input all_calls = calls;
    std::optional<Observation> ending = without_fuel_traps(all_calls, wanted, &calls);
    if (!ending) return std::nullopt;
    wanted = *std::move(ending);
  }
  calls.artifact = artifact;
  std::string what = difference(wanted, observe(mode, calls));
  if (what.empty()) return std::nullopt;
  return Finding{std::string(all_modes()[0].name), std::string(mode.name), std::move(what), false};
}

std::optional<Finding> compare_equivalent(const Input& input, const Observation& expected, Bytes equivalent) {
  Input other = input;
  const std::optional<Observation> ending = without_fuel_traps(input, expected, &other);
  if (!ending || ending->cut) return std::nullopt;
  other.module = equivalent;
  other.fuel = 8 * input.fuel;
  Observation found = observe(all_modes()[1], other);
  if (found.calls_with_fuel != found.calls) return std::nullopt;  // A reentered call has no fuel of its own.
  found.fuel_left.clear();
  std::string what = difference(*ending, found);
  if (what.empty()) return std::nullopt;
  return Finding{std::string(all_modes()[0].name), "the equivalent module", std::move(what), false};
}

void run_differential(Bytes module, Bytes arguments, NanBits nan_bits, uint64_t fuel, Bytes equivalent) {
  const uint8_t choice = arguments.empty() ? 0 : arguments.front();
  const Input input{.module = module, .arguments = arguments, .fuel = fuel};
  const Observation expected = observe(all_modes()[0], input);
  count(expected);
  if (!expected.loaded) return;
  if (nan_bits == NanBits::MayMatter) {  // Only that it does no harm.
    (void)observe(all_modes()[1], input);
    return;
  }
  const uint32_t modes[] = {1, 2u + choice, 4u + choice / 16};
  insist(compare_modes(input, expected, modes));
  if (!equivalent.empty()) insist(compare_equivalent(input, expected, equivalent));
}

void print_figures_at_exit() { std::atexit(print_figures); }

}  // namespace wherry::fuzz
