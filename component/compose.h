#pragma once

#include <span>
#include <string>

#include "component/validate.h"

// Components out of components, and what fits what.
namespace wherry::component {

struct ComposePart {
  std::string name;  // For messages.
  const ValidComponent* component;
  base::ByteSpan bytes;
};

// A component in which what the parts import comes from the exports of the parts behind them, and otherwise stays an import;
// it exports what the first part exports. Names are the same, or those of interfaces whose versions are compatible. An error
// says which part is of no use (none of its exports is imported by those in front of it), or that something cannot be
// imported again. Whether the types fit is left to the validation of what comes out.
base::Result<base::Vector<uint8_t>> compose(std::span<const ComposePart> parts);

// A component that is valid if and only if `component` can stand where one of the type `world` (the bytes of a component
// type) is asked for.
base::Result<base::Vector<uint8_t>> fitting_test(base::ByteSpan world, base::ByteSpan component);

// Whether an import of one name can be given an export of another: the same, or interfaces whose versions are compatible as
// semver says, and the export's is not older.
bool is_compatible_name(std::string_view import, std::string_view exported);

// What names have in common that can be compatible: "wasi:io/poll@0.2" of "wasi:io/poll@0.2.12". Without a version, or with one
// that is compatible only with itself, the whole.
std::string_view compatible_part(std::string_view name);

}  // namespace wherry::component
