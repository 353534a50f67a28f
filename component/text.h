#pragma once

#include "engine/base/bytes.h"
#include "engine/base/result.h"
#include "engine/text/parse.h"

// The text format of components (Explainer.md of the component model) to the binary format.
namespace wherry::component {

// Whether a text begins with `(component`; what follows need not be right.
bool is_component_text(base::ByteSpan source);

// Reads one component: `(component ...)` in any of its forms (fields, `binary`, `quote`, `definition`), or fields without
// the keyword around them. Sugar is written out: inline types, aliases and exports become definitions in front of what
// they stand in, identifiers of outer components become outer aliases. Fails as text::parse_module does, which reads the
// core modules inside; also with NestingTooDeep (the row TextNesting of component/limits.inc). The result is well-formed
// as far as text decides that, and may well be invalid. Thread-safe.
base::Result<text::TextModule> parse_component(base::ByteSpan source, const text::ParseOptions& options = {});

}  // namespace wherry::component
