// The interfaces as a component linker's tables.
//
// Each is a constant of the program: name, type and entry of its functions. Nothing is looked at until a component imports
// it, so that a program that says hello pays for what it uses.
#include <iterator>

#include "wasi/p2/interfaces.h"
#include "wherry/wasi_component.h"

namespace wherry::wasi {

namespace {

struct Interface {
  std::string_view name;
  p2::Rows (*rows)();
};

constexpr Interface kInterfaces[] = {
#define INTERFACE(name, rows) {name, p2::rows},
#include "wasi/p2/interfaces.inc"
#undef INTERFACE
};

}  // namespace

Result<void> add_to_linker(ComponentLinker& linker) {
  for (const Interface& interface : kInterfaces) {
    WHERRY_RETURN_IF_ERROR(linker.define_interface(interface.name, interface.rows()));
  }
  return {};
}

}  // namespace wherry::wasi
