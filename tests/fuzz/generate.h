#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "wherry/blob.h"

namespace wherry::fuzz {

// Makes a valid binary module out of any bytes: each decision takes one, and what is left open when they run out is
// closed. The same bytes make the same module. Programs mostly end within 20,000 instructions, but may not.
//
// Floats are made numbers before the bits of a NaN could be seen, so that runs of the module can be compared exactly.
// Everything that can be exported is.
enum class Style : uint8_t {
  Plain,
  // The same program, with an empty block around what each local.get pushes. Lowering then cannot delay reading the
  // local, which it does whatever its settings are: a second opinion on that.
  Settled,
};

// What may occur in a module beyond MVP, multiple values, tail calls, bulk memory, several memories, 64-bit memories and
// tables, extended constants and wide arithmetic, which all peers of the differential fuzzer have.
struct Features {
  bool typed_references = true;  // call_ref, ref.as_non_null, br_on_null.
  bool simd = true;
  bool exceptions = true;
  bool atomics = true;
  bool gc = true;

  // Everything; what all peers have.
  static Features all() { return {}; }
  static Features common() {
    return {.typed_references = false, .exceptions = false, .atomics = false, .gc = false};
  }
  // Names in a list like "typed-references,simd"; empty if one is unknown. "common" is none of them.
  static std::optional<Features> parse(std::string_view list);
  // Whether an engine of that name has all that is on.
  bool known_to(std::string_view peer) const;
};

std::vector<uint8_t> generate(Bytes decisions, Style style = Style::Plain,
                              Features features = Features::all());

}  // namespace wherry::fuzz
