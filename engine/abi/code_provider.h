#pragma once

#include "engine/abi/context.h"
#include "engine/abi/exceptions.h"
#include "engine/base/result.h"

namespace wherry::abi {

// The code of one module as instances see it, whichever tier makes it. Belongs to the module, shared by its instances
// in several stores and threads; outlives them. A tier embeds it in its own structure.
struct CodeProvider {
  // By defined index. Zero-filled until prepared: see FuncCode, frame_slots.
  FuncCode* codes = nullptr;

  // Makes the code of a function on its first call. Thread-safe; a function that is ready already is a success. On
  // failure `*error` says why (invalid body, out of memory) and the function stays as it was.
  bool (*prepare)(CodeProvider* self, FuncCode* code, base::Error* error) = nullptr;

  // Where code of the module's own native kind calls a function directly, or null. Makes nothing that takes long.
  // Thread-safe. Null itself: none has native code.
  const void* (*native)(CodeProvider* self, FuncCode* code) = nullptr;

  // The function whose code holds `cell`; `code` is null if none does. Thread-safe. What it finds lives as long as the
  // module.
  CodeSite (*find)(CodeProvider* self, const Cell* cell) = nullptr;
};

}  // namespace wherry::abi
