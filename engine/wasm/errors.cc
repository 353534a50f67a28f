// The table of errors as arrays, and the one place where an Error becomes a line of text: message of its row,
// what was found, and the offset in hexadecimal, as every binary tool prints them.
#include "engine/wasm/errors.h"

#include <cinttypes>
#include <cstdio>

namespace wherry::wasm {

namespace {

struct Row {
  std::string_view name;
  std::string_view message;
  ErrorKind kind;
};

constexpr Row kRows[] = {
#define ERROR(name, kind, message) {#name, message, ErrorKind::kind},
#include "engine/wasm/errors.inc"
};

}  // namespace

std::string_view error_name(ErrorCode code) { return kRows[static_cast<uint32_t>(code)].name; }
std::string_view error_message(ErrorCode code) { return kRows[static_cast<uint32_t>(code)].message; }
ErrorKind error_kind(ErrorCode code) { return kRows[static_cast<uint32_t>(code)].kind; }

std::string describe(const base::Error& error) {
  std::string text(error_message(error.code));
  if (!error.detail.empty()) {
    text += ": ";
    text += error.detail;
  }
  if (error.offset != base::Error::kNoOffset) {
    char place[40];
    std::snprintf(place, sizeof place, " at offset 0x%" PRIx64, error.offset);
    text += place;
  }
  return text;
}

}  // namespace wherry::wasm
