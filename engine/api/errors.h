#pragma once

#include <utility>

#include "engine/base/result.h"
#include "wherry/blob.h"
#include "wherry/result.h"

// From the engine's errors to the public ones.
namespace wherry::api {

// The kind follows from the code's row in engine/wasm/errors.inc; message, detail and offset go along.
Error to_public(const base::Error& error);

// The same for an error whose offset counts bytes of a text: it becomes a line and a column, and the source line with
// a caret below the place is put behind the message.
Error to_public_text(const base::Error& error, Bytes text);

}  // namespace wherry::api

// The value of a base::Result inside a function that returns a public Result.
#define WHERRY_TRY_PUBLIC(...)                                \
  ({                                                          \
    auto wherry_tried_ = (__VA_ARGS__);                       \
    if (!wherry_tried_) [[unlikely]] {                        \
      return ::wherry::api::to_public(wherry_tried_.error()); \
    }                                                         \
    *std::move(wherry_tried_);                                \
  })
