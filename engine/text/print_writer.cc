// The characters of printed text: numbers, strings, identifiers, indentation.
//
// Everything passes through one fixed buffer, so that printing a module of any size needs no memory that grows with
// it; a module can name 50,000 locals in six bytes, and only the sink may decide how much text is too much.
// Names are a guest's: what could steer a terminal (controls, direction overrides) is escaped, the rest of UTF-8 is
// left readable. Strings and identifiers: core spec 6.3.3, 6.3.5.
#include "engine/text/print_writer.h"

#include <cstring>

namespace wherry::text {

namespace {

constexpr uint64_t kIndentedLevels = 20;
constexpr char kBlanks[] = "                                        ";
static_assert(sizeof kBlanks - 1 == 2 * kIndentedLevels);

constexpr bool is_idchar(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("!#$%&'*+-./:<=>?@\\^_`|~").find(c) != std::string_view::npos;
}

// Length of the well-formed UTF-8 sequence at `at`, or 0; its character goes to `*scalar`.
size_t decode_utf8(std::string_view text, size_t at, uint32_t* scalar) {
  const auto byte = [&](size_t i) -> uint32_t {
    return at + i < text.size() ? static_cast<uint8_t>(text[at + i]) : 0;
  };
  const uint32_t lead = byte(0);
  if (lead < 0x80) return *scalar = lead, 1;
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  uint32_t value = lead & (0x7f >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    value = value << 6 | (byte(i) & 0x3f);
  }
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kLeast[length] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return 0;
  return *scalar = value, length;
}

// Characters that do something to a terminal, or to the order in which others are shown.
constexpr bool is_unprintable(uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x2069) || c == 0xfeff ||
         (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c < 0xe0080);
}

}  // namespace

void PrintWriter::flush() {
  if (ok_ && size_ != 0) ok_ = sink_.write({buffer_, size_});
  size_ = 0;
}

void PrintWriter::put(std::string_view text) {
  if (text.size() > sizeof buffer_ - size_) [[unlikely]] {
    flush();
    if (text.size() > sizeof buffer_) {
      if (ok_) ok_ = sink_.write(text);
      return;
    }
  }
  std::memcpy(buffer_ + size_, text.data(), text.size());
  size_ += static_cast<uint32_t>(text.size());
}

void PrintWriter::number(uint64_t value) {
  char digits[20];
  char* first = digits + sizeof digits;
  do {
    *--first = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  put({first, static_cast<size_t>(digits + sizeof digits - first)});
}

void PrintWriter::signed_number(int64_t value) {
  if (value < 0) put('-');
  number(value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value));
}

void PrintWriter::hex(uint64_t value, uint32_t digits) {
  for (uint32_t shift = 64; shift > 0;) {
    shift -= 4;
    if (shift < 4 * digits || value >> shift != 0 || shift == 0) put("0123456789abcdef"[value >> shift & 15]);
  }
}

void PrintWriter::line(uint64_t depth) {
  put('\n');
  put({kBlanks, static_cast<size_t>(2 * (depth < kIndentedLevels ? depth : kIndentedLevels))});
}

void PrintWriter::escaped(uint8_t byte) {
  put('\\');
  hex(byte, 2);
}

void PrintWriter::identifier(std::string_view id) {
  put('$');
  for (const char c : id) {
    if (!is_idchar(c)) return text_string(id);
  }
  put(id);
}

void PrintWriter::text_string(std::string_view text) {
  put('"');
  for (size_t at = 0; at < text.size();) {
    uint32_t scalar = 0;
    const size_t length = decode_utf8(text, at, &scalar);
    if (length == 0 || is_unprintable(scalar)) {
      for (size_t i = 0; i < (length == 0 ? 1 : length); ++i) escaped(static_cast<uint8_t>(text[at + i]));
    } else {
      if (scalar == '"' || scalar == '\\') put('\\');
      put(text.substr(at, length));
    }
    at += length == 0 ? 1 : length;
  }
  put('"');
}

void PrintWriter::byte_string(base::ByteSpan bytes) {
  put('"');
  for (const uint8_t byte : bytes) {
    if (byte < 0x20 || byte >= 0x7f) {
      escaped(byte);
      continue;
    }
    if (byte == '"' || byte == '\\') put('\\');
    put(static_cast<char>(byte));
  }
  put('"');
}

}  // namespace wherry::text
