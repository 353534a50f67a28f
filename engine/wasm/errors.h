#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace wherry::wasm {

// A row of engine/wasm/errors.inc.
enum class ErrorCode : uint16_t {
#define ERROR(name, kind, message) name,
#include "engine/wasm/errors.inc"
};

inline constexpr uint32_t kErrorCount = 0
#define ERROR(name, kind, message) +1
#include "engine/wasm/errors.inc"
    ;

enum class ErrorKind : uint8_t { Malformed, Invalid, Unsupported, Limit, Link, Resource };

std::string_view error_name(ErrorCode code);     // As in the table: "UnexpectedEnd".
std::string_view error_message(ErrorCode code);  // "unexpected end"
ErrorKind error_kind(ErrorCode code);

// "message: detail", and " at offset 0x1f" where the error has one.
std::string describe(const base::Error& error);

}  // namespace wherry::wasm
