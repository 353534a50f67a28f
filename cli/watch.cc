// Which of -D's keys were given, and the file that a trace or a profile goes to. Nothing here is on the way of a run that
// asked for nothing.
#include "cli/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>

#include "cli/console.h"
#include "engine/inspect/text.h"

namespace wherry::cli {

Report::~Report() {
  flush();
  if (file_ > 2) close(file_);
}

Result<void> Report::open(std::string_view path) {
  file_ = ::open(std::string(path).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file_ >= 0) return {};
  return Error::make(ErrorKind::Io, "cannot write " + quoted(path) + ": " + system_message(errno));
}

void Report::put(std::string_view text) {
  constexpr size_t kFull = 64 << 10;
  buffer_.append(text);
  if (buffer_.size() >= kFull) flush();
}

void Report::name(std::string_view text, std::string_view avoid) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    put(byte < 0x20 || byte == 0x7f || avoid.find(c) != std::string_view::npos ? '_' : c);
  }
}

void Report::flush() {
  write_all(file_, buffer_);
  buffer_.clear();
}

std::string slots_to_text(ValType type, const uint64_t* slots) {
  const uint64_t bits = slots[0];
  const auto hex = [](uint64_t value, std::string* out) {
    for (int shift = 60; shift >= 0; shift -= 4) *out += "0123456789abcdef"[value >> shift & 15];
  };
  switch (type.kind()) {
    case ValKind::I32: return std::to_string(static_cast<int32_t>(bits));
    case ValKind::I64: return std::to_string(static_cast<int64_t>(bits));
    case ValKind::F32: return text::format_f32(static_cast<uint32_t>(bits));
    case ValKind::F64: return text::format_f64(bits);
    case ValKind::V128: {
      std::string out = "0x";
      hex(slots[1], &out);
      hex(bits, &out);
      return out;
    }
    case ValKind::Ref: break;
  }
  if (bits == 0) return "null";
  // An i31 carries its value; other references are addresses, which are nobody's business but differ.
  const bool is_func = type.heap() == HeapKind::Func;
  if (!is_func && (bits & 1) != 0) return "i31:" + std::to_string(static_cast<int32_t>(bits) >> 1);
  std::string out = "ref:";
  hex(bits, &out);
  return out;
}

namespace {

Result<std::unique_ptr<Watch>> watch_of(const Invocation& invocation) {
  const auto text = [&](KeyId id) {
    const KeySetting* const setting = invocation.key(id);
    return setting == nullptr ? std::string_view() : setting->text;
  };
  const std::string_view trace = text(KeyId::Trace);
  const std::string_view profile = text(KeyId::Profile);
  const bool summary = invocation.is_on(KeyId::ProfileSummary);
  const bool profiles = !profile.empty() || summary;
  if (!trace.empty() && trace != "calls" && trace != "instructions")
    return Error::usage("-D trace is " + quoted(trace) + ", expected calls or instructions");
  if (trace.empty() && !text(KeyId::TraceFile).empty())
    return Error::usage("-D trace-file is of no use without -D trace");
  if (!trace.empty() && profiles)
    return Error::usage("a trace and a profile at a time: the trace would be what the profile shows");
  if (!trace.empty()) return make_trace(trace == "instructions", text(KeyId::TraceFile));
  if (!profiles) return std::unique_ptr<Watch>();
  const std::string_view path = invocation.operands[0];
  return make_profile(path.substr(path.rfind('/') + 1), profile, summary);
}

}  // namespace

bool is_watched(const Invocation& invocation) {
  return std::ranges::any_of(invocation.keys,
                             [](const KeySetting& key) { return key.info->group == Group::Debug; });
}

Result<std::unique_ptr<Watch>> begin_watch(const Invocation& invocation, Config* config) {
  WHERRY_ASSIGN_OR_RETURN(std::unique_ptr<Watch> watch, watch_of(invocation));
  if (watch == nullptr) return watch;
  config->advanced.observations = watch->observations();
  if ((watch->observations() & static_cast<uint32_t>(Observation::Samples)) != 0) config->interruption = true;
  WHERRY_RETURN_IF_ERROR(watch->begin());
  return watch;
}

void end_watch(Watch& watch, Result<void>* result) {
  Result<void> ended = watch.end(result->ok() ? nullptr : &result->error());
  if (result->ok()) *result = std::move(ended);
}

}  // namespace wherry::cli
