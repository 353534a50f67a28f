// The engine's errors as the embedder sees them.
//
// The engine has a code a rule (engine/wasm/errors.inc), so that its tests can ask which rule was broken; an embedder
// acts on the kind alone, and reads the text. So codes do not cross the border: they may change with every version.
#include "engine/api/errors.h"

#include <string>

#include "engine/text/parse.h"
#include "engine/wasm/errors.h"

namespace wherry::api {

namespace {

ErrorKind kind_of(wasm::ErrorCode code) {
  switch (wasm::error_kind(code)) {
    case wasm::ErrorKind::Malformed: return ErrorKind::Malformed;
    case wasm::ErrorKind::Invalid: return ErrorKind::Invalid;
    case wasm::ErrorKind::Unsupported: return ErrorKind::Unsupported;
    case wasm::ErrorKind::Limit: return ErrorKind::Limit;
    case wasm::ErrorKind::Link: return ErrorKind::Link;
    case wasm::ErrorKind::Resource: break;
  }
  switch (code) {
    case wasm::ErrorCode::OutOfMemory: return ErrorKind::OutOfMemory;
    case wasm::ErrorCode::FileChanged: return ErrorKind::Io;
    default: return ErrorKind::Limit;
  }
}

std::string message_of(const base::Error& error) {
  std::string message(wasm::error_message(error.code));
  if (!error.detail.empty()) {
    message += ": ";
    message += error.detail;
  }
  return message;
}

}  // namespace

Error to_public(const base::Error& error) {
  Error made = Error::make(kind_of(error.code), message_of(error));
  if (error.offset == base::Error::kNoOffset) {
    return made;
  }
  return std::move(made).with_offset(error.offset);
}

Error to_public_text(const base::Error& error, Bytes text) {
  if (error.offset == base::Error::kNoOffset) {
    return Error::make(kind_of(error.code), message_of(error));
  }
  std::string message = message_of(error);
  const std::string shown = text::describe_text_error(text, error, "");
  if (const size_t line = shown.find('\n'); line != std::string::npos) {
    message += shown.substr(line);
  }
  const text::LineColumn at = text::locate(text, error.offset);
  return Error::make(kind_of(error.code), message)
      .with_position({static_cast<uint32_t>(at.line), static_cast<uint32_t>(at.column)});
}

}  // namespace wherry::api
