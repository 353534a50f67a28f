// Errors and traps of the public API.
//
// An Error is one word: null inside a successful Result, a small number for the two errors that must not allocate
// (out of memory, and moved from), else the address of a Body. So success costs a comparison, and a Result<int32_t> is
// two registers wide. Rejected: std::variant (three words and a visit), error numbers with a thread-local message as
// in errno and dlerror (global state, and lost on the next call), and std::error_code alone (no place for offset and
// backtrace).
//
// Bodies are immutable but for with_context and its like, which own them alone: clone() copies, nothing is shared.
#include "wherry/result.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <new>

#include "engine/api/access.h"
#include "engine/api/exceptions.h"
#include "engine/wasm/traps.h"
#include "wherry/trap.h"
#include "wherry/value.h"

namespace wherry {

namespace {

constexpr size_t kMessageBytes = 4096;

constexpr std::string_view kKindNames[] = {
    "error", "malformed", "invalid", "unsupported", "link",           "limit",         "trap",
    "exit",  "host",      "io",      "usage",       "invalid handle", "out of memory", "exception",
};
static_assert(std::size(kKindNames) == static_cast<size_t>(ErrorKind::Exception) + 1);

// The two enumerations share their numbers, so that converting is a cast. The public one goes on from 100.
#define TRAP(name, number, message) \
  static_assert(static_cast<uint32_t>(TrapCode::name) == static_cast<uint32_t>(wasm::TrapCode::name));
#include "engine/wasm/traps.inc"
constexpr uint16_t kLastEngineTrap = 0
#define TRAP(name, number, message) +1
#include "engine/wasm/traps.inc"
    ;
static_assert(kLastEngineTrap < static_cast<uint16_t>(TrapCode::DeadlineExceeded));

std::string_view cut(std::string_view text) { return text.substr(0, kMessageBytes); }

void append_number(std::string& text, const char* format, uint64_t number) {
  char digits[40];
  std::snprintf(digits, sizeof digits, format, number);
  text += digits;
}

enum class Newlines { Keep, Escape };

// Text of a guest or a file, made harmless for terminals: control characters become \xx, those of Latin-1 (which in
// UTF-8 are c2 80 to c2 9f, and which some terminals obey) too.
void append_escaped(std::string& text, std::string_view untrusted, Newlines newlines) {
  uint8_t before = 0;
  for (const char c : untrusted) {
    const auto byte = static_cast<uint8_t>(c);
    const bool kept = c == '\n' && newlines == Newlines::Keep;
    if ((byte < 0x20 && !kept) || byte == 0x7f || (before == 0xc2 && byte >= 0x80 && byte < 0xa0)) {
      append_number(text, "\\%02" PRIx64, byte);
    } else {
      text += c;
    }
    before = byte;
  }
}

// Calls that were inlined have the number and the offset of the frame that they are in, said once.
void append_frame(std::string& text, size_t number, const Frame& frame, bool is_continued) {
  if (is_continued) {
    text += "\n                ";
  } else {
    append_number(text, "\n  %3" PRIu64 ": ", number);
  }
  if (!frame.host && !is_continued) {
    append_number(text, "0x%06" PRIx64 " ", frame.module_offset);
  }
  append_escaped(text, frame.module.empty() ? "<unknown>" : frame.module, Newlines::Escape);
  text += '!';
  if (frame.function.empty()) {
    append_number(text, "<function %" PRIu64 ">", frame.function_index);
  } else {
    append_escaped(text, frame.function, Newlines::Escape);
  }
  if (frame.host) {
    text += " (host)";
  }
  if (frame.inlined) {
    text += " (inlined)";
  }
  if (!frame.file.empty()) {
    text += "\n         at ";
    append_escaped(text, frame.file, Newlines::Escape);
    if (frame.line != 0) {
      append_number(text, ":%" PRIu64, frame.line);
    }
    if (frame.line != 0 && frame.column != 0) {
      append_number(text, ":%" PRIu64, frame.column);
    }
  }
}

}  // namespace

struct Error::Body {
  ErrorKind kind = ErrorKind::Usage;
  std::string message;
  std::optional<uint64_t> offset;
  std::optional<TextPosition> position;
  std::optional<Trap> trap;
  int32_t number = 0;  // Exit code or errno.
  ExnRef exception;
  std::shared_ptr<const api::Thrown>
      thrown;  // What keeps the exception; null: the embedder's own handle does.
};

std::string_view to_string(ErrorKind kind) {
  const auto index = static_cast<size_t>(kind);
  return kKindNames[index < std::size(kKindNames) ? index : 0];
}

std::string_view trap_message(TrapCode code) {
  switch (code) {
    case TrapCode::DeadlineExceeded: return "deadline exceeded";
    case TrapCode::UnknownImport: return "unknown import called";
    case TrapCode::HostCallBudget: return "host call budget exhausted";
    case TrapCode::CannotLeave: return "cannot leave component instance";
    case TrapCode::CannotEnter: return "cannot enter component instance";
    case TrapCode::UnalignedPointer: return "unaligned pointer";
    case TrapCode::StringOutOfBounds: return "string pointer/length out of bounds of memory";
    case TrapCode::ListOutOfBounds: return "list pointer/length out of bounds of memory";
    case TrapCode::PointerOutOfBounds: return "pointer out of bounds of memory";
    case TrapCode::StringTooLong: return "string content too long";
    case TrapCode::ListTooLong: return "list content too long";
    case TrapCode::InvalidUtf8: return "invalid utf-8 encoding in a string";
    case TrapCode::InvalidUtf16: return "invalid utf-16 encoding in a string";
    case TrapCode::InvalidChar: return "invalid `char` bit pattern";
    case TrapCode::InvalidDiscriminant: return "invalid variant discriminant";
    case TrapCode::ReallocUnaligned: return "realloc return: result not aligned";
    case TrapCode::ReallocOutOfBounds: return "realloc return: beyond end of memory";
    case TrapCode::UnknownHandle: return "unknown handle index";
    case TrapCode::WrongHandleType: return "handle used with the wrong type";
    case TrapCode::ResourceLent: return "cannot remove owned resource while borrowed";
    case TrapCode::NotOwned: return "cannot lift own resource from a borrow";
    case TrapCode::BorrowsRemain: return "borrow handles still remain at the end of the call";
    case TrapCode::TooManyHandles: return "handle table is full";
    case TrapCode::AsyncUnsupported: return "asynchronous execution is not supported";
    default: break;
  }
  const auto number = static_cast<uint16_t>(code);
  return number == 0 || number > kLastEngineTrap ? "trap"
                                                 : wasm::trap_message(static_cast<wasm::TrapCode>(number));
}

Error Error::make(ErrorKind kind, std::string_view message) {
  if (kind == ErrorKind::OutOfMemory) {
    return out_of_memory();
  }
  auto* body = new (std::nothrow) Body;
  if (body == nullptr) {
    return out_of_memory();
  }
  body->kind = kind;
  body->message = cut(message);
  return Error(reinterpret_cast<uintptr_t>(body));
}

Error Error::trap(TrapCode code) {
  Trap trap;
  trap.code = code;
  return Error::trap(std::move(trap));
}

Error Error::trap(std::string_view message) {
  Trap trap;
  trap.message = cut(message);
  return Error::trap(std::move(trap));
}

Error Error::trap(Trap trap) {
  if (trap.message.empty()) {
    trap.message = trap_message(trap.code);
  }
  return make(ErrorKind::Trap, trap.message).changed([&](Body& body) { body.trap = std::move(trap); });
}

Error Error::exit(int32_t code) {
  char message[40];
  std::snprintf(message, sizeof message, "exit with code %" PRId32, code);
  return make(ErrorKind::Exit, message).changed([code](Body& body) { body.number = code; });
}

Error Error::exception(const ExnRef& exception) {
  return ErrorAccess::exception(exception, "exception of the host", nullptr);
}

Error ErrorAccess::exception(ExnRef exception, std::string_view message,
                             std::shared_ptr<const api::Thrown> thrown) {
  return Error::make(ErrorKind::Exception, message).changed([&](Error::Body& body) {
    body.exception = exception;
    body.thrown = std::move(thrown);
    body.trap.emplace();
    body.trap->code = TrapCode::UncaughtException;
    body.trap->message = body.message;
  });
}

Error Error::io(int os_error, std::string_view attempted) {
  std::string message(cut(attempted));
  message += ": ";
  message += std::strerror(os_error);
  return make(ErrorKind::Io, message).changed([os_error](Body& body) { body.number = os_error; });
}

Error Error::out_of_memory() { return Error(kOutOfMemory); }

Error Error::clone() const {
  if (bits_ <= kOutOfMemory) {
    return Error(bits_);
  }
  auto* copy = new (std::nothrow) Body(*body());
  return copy == nullptr ? out_of_memory() : Error(reinterpret_cast<uintptr_t>(copy));
}

const Error::Body* Error::body() const {
  return bits_ > kOutOfMemory ? reinterpret_cast<const Body*>(bits_) : nullptr;
}

void Error::destroy() noexcept { delete reinterpret_cast<Body*>(bits_); }

// Applies a change to the body, if there is one: an error without memory for details stays as it is.
template <class Change>
Error Error::changed(Change change) && {
  if (bits_ > kOutOfMemory) {
    change(*reinterpret_cast<Body*>(bits_));
  }
  return std::move(*this);
}

ErrorKind Error::kind() const {
  if (bits_ == kOutOfMemory) {
    return ErrorKind::OutOfMemory;
  }
  return body() == nullptr ? ErrorKind::Usage : body()->kind;
}

std::string_view Error::message() const {
  if (bits_ == kOutOfMemory) {
    return "out of memory";
  }
  return body() == nullptr ? std::string_view() : body()->message;
}

std::optional<uint64_t> Error::offset() const { return body() == nullptr ? std::nullopt : body()->offset; }

std::optional<TextPosition> Error::position() const {
  return body() == nullptr ? std::nullopt : body()->position;
}

const Trap* Error::trap() const { return body() != nullptr && body()->trap ? &*body()->trap : nullptr; }

ExnRef Error::exception() const { return body() == nullptr ? ExnRef() : body()->exception; }

std::optional<TrapCode> Error::trap_code() const {
  return trap() == nullptr ? std::nullopt : std::optional(trap()->code);
}

std::optional<int32_t> Error::exit_code() const {
  return kind() == ErrorKind::Exit ? std::optional(body()->number) : std::nullopt;
}

int Error::os_error() const { return kind() == ErrorKind::Io ? body()->number : 0; }

std::string Error::describe() const {
  std::string text(to_string(kind()));
  if (bits_ == kOutOfMemory) {
    return text;
  }
  text += ": ";
  // The place belongs to the first line; a source line may follow.
  const size_t line_end = std::min(message().find('\n'), message().size());
  append_escaped(text, message().substr(0, line_end), Newlines::Keep);
  if (const auto place = position()) {
    append_number(text, " at %" PRIu64, place->line);
    append_number(text, ":%" PRIu64, place->column);
  }
  if (const auto place = offset()) {
    append_number(text, " at offset 0x%" PRIx64, *place);
  }
  append_escaped(text, message().substr(line_end), Newlines::Keep);
  if (trap() == nullptr) {
    return text;
  }
  const std::vector<Frame>& frames = trap()->frames;
  size_t number = 0;  // Of the function's frame that inlined calls are part of.
  bool is_continued = false;
  for (const Frame& frame : frames) {
    if (number == kInnermostFrames && trap()->frames_omitted != 0 && !is_continued) {
      append_number(text, "\n       %" PRIu64 " frames left out", trap()->frames_omitted);
    }
    const size_t omitted = number < kInnermostFrames ? 0 : trap()->frames_omitted;
    append_frame(text, number + omitted, frame, is_continued);
    is_continued = frame.inlined;
    if (!is_continued) ++number;
  }
  return text;
}

void ErrorAccess::set_frames(Error& error, std::vector<Frame> frames, uint32_t omitted) {
  error = std::move(error).changed([&](Error::Body& body) {
    if (body.trap) {
      body.trap->frames = std::move(frames);
      body.trap->frames_omitted = omitted;
    }
  });
}

Error Error::with_context(std::string_view context) && {
  return std::move(*this).changed([context](Body& body) {
    std::string message(context);
    message += ": ";
    message += body.message;
    message.resize(std::min(message.size(), kMessageBytes));
    body.message = std::move(message);
  });
}

Error Error::with_offset(uint64_t offset) && {
  return std::move(*this).changed([offset](Body& body) { body.offset = offset; });
}

Error Error::with_position(TextPosition position) && {
  return std::move(*this).changed([position](Body& body) { body.position = position; });
}

namespace detail {

void misused_result(const Error* error) {
  if (error == nullptr) {
    std::fputs("wherry: error() of a Result that holds a value\n", stderr);
  } else {
    std::fprintf(stderr, "wherry: value of a Result that holds an error: %s\n", error->describe().c_str());
  }
  std::abort();
}

}  // namespace detail

}  // namespace wherry
