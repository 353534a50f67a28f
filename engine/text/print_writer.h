#pragma once

#include <cstdint>
#include <string_view>

#include "engine/text/print.h"

namespace wherry::text {

// Collects text and passes it on in large pieces. A sink that fails is not asked again; `ok` says so.
class PrintWriter {
 public:
  explicit PrintWriter(TextSink& sink) : sink_(sink) {}

  bool ok() const { return ok_; }
  void flush();

  void put(char c) {
    if (size_ == sizeof buffer_) [[unlikely]]
      flush();
    buffer_[size_++] = c;
  }
  void put(std::string_view text);
  void number(uint64_t value);
  void signed_number(int64_t value);
  void hex(uint64_t value, uint32_t digits);  // At least `digits` of them, no prefix.

  // Begins a line that is nested `depth` deep. Beyond 20 levels lines are not indented further, so that the length of
  // the text stays linear in that of the module.
  void line(uint64_t depth);

  // `$name` or `$"quoted name"`; `id` is valid UTF-8 and not empty.
  void identifier(std::string_view id);
  // A string literal of UTF-8 text: readable, but for control and direction characters.
  void text_string(std::string_view text);
  // A string literal of bytes: everything outside of ASCII's letters and signs as \hh.
  void byte_string(base::ByteSpan bytes);

 private:
  void escaped(uint8_t byte);

  TextSink& sink_;
  bool ok_ = true;
  uint32_t size_ = 0;
  char buffer_[8192];
};

}  // namespace wherry::text
