#include "engine/api/native_code.h"

#include "engine/interpret/interpreter.h"

namespace wherry::api {

base::Result<void> attach_native(detail::ModuleState& module, const native::Source& source) {
  module.native = WHERRY_TRY(native::ModuleCode::create(
      module.module(), module.typed.types, module.code->provider(), source, interpret::tier().native_entry));
  return {};
}

}  // namespace wherry::api
