#pragma once

#include "component/component.h"
#include "engine/base/result.h"
#include "engine/text/print.h"

// Components for people to read.
namespace wherry::component {

// Writes the text of a core module that lies in a component.
class ModulePrinter {
 public:
  virtual base::Result<void> print(base::ByteSpan module, text::TextSink& sink) = 0;

 protected:
  ~ModulePrinter() = default;
};

struct PrintChoice {
  bool names =
      true;  // Identifiers from the sections "component-name", and of definitions only where they are unique.
  bool skeleton = false;  // `...` for core modules and custom sections.
};

// Writes `component` so that parse_component makes an equal one of it: the same definitions in the same order, with
// whatever sugar there was written out. References are indices; a definition's identifier stands beside its own. The
// component need not be valid. Errors: those of `modules`, OutOfMemory also for a sink that fails.
base::Result<void> print(const Component& component, const PrintChoice& choice, ModulePrinter& modules,
                         text::TextSink& sink);

// Lists the sections of a component and of the components inside, with places and sizes. `title` heads it.
base::Result<void> objdump(std::string_view title, const Component& component, text::TextSink& sink);

}  // namespace wherry::component
