// The program that uses both halves: docs/components.md, "A tour". words.h is what `wherry bindgen cpp` makes of words.wit.
#include <words.h>  // Made of words.wit.

#include <cstdio>

#include "wherry/wherry.h"

namespace {

wherry::Result<void> run() {
  WHERRY_ASSIGN_OR_RETURN(const wherry::Engine engine, wherry::Engine::create());
  WHERRY_ASSIGN_OR_RETURN(const wherry::Component component,
                          wherry::Component::load_file(engine, "whole.wasm"));
  WHERRY_ASSIGN_OR_RETURN(wherry::Store store, wherry::Store::create(engine));
  wherry::ComponentLinker linker(engine);
  // Both halves bring along imports of WASI that they never call. They get none of it: a call would trap.
  linker.unknown_imports_trap(true);
  WHERRY_ASSIGN_OR_RETURN(const wherry::ComponentInstance instance, linker.instantiate(store, component));
  WHERRY_ASSIGN_OR_RETURN(const auto words, demo::words::reporter::exports::Guest::find(store, instance));

  for (const char* const text : {"to be or not to be", "..."}) {
    WHERRY_ASSIGN_OR_RETURN(const auto report, words.report.call(store, text, 2));
    std::printf("%s\n", report.ok() ? report.value().c_str() : ("refused: " + report.error()).c_str());
  }
  return {};
}

}  // namespace

int main() {
  const wherry::Result<void> result = run();
  if (!result) std::fprintf(stderr, "%s\n", result.error().describe().c_str());
  return result ? 0 : 1;
}
