// A reader for the one piece of JSON that a component may hold (package_docs.cc): a few kilobytes, in which most is passed over. It
// follows the shape that its user expects, so no tree is made and depth costs nothing.
//
// Rejected: simdjson (docs/rationale.md).
#include "component/wit/json_text.h"

#include "engine/base/utf8.h"

namespace wherry::component::wit {

namespace {

// Of a number, `true`, `false` or `null`.
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'E';
}

}  // namespace

bool JsonReader::is_at_end() {
  skip_space();
  return rest_.empty();
}

bool JsonReader::at(char c) {
  skip_space();
  return !rest_.empty() && rest_[0] == c;
}

std::string_view JsonReader::string() {
  text_.clear();
  expect('"');
  while (ok_) {
    if (rest_.empty() || static_cast<uint8_t>(rest_[0]) < 0x20) return fail();
    const char c = rest_[0];
    rest_.remove_prefix(1);
    if (c == '"') return {text_.data(), text_.size()};
    c == '\\' ? escape() : put(c);
  }
  return {};
}

void JsonReader::skip() {
  size_t depth = 0;
  do {
    skip_space();
    if (rest_.empty()) {
      fail();
    } else if (rest_[0] == '"') {
      string();
    } else {
      const char c = rest_[0];
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') depth -= depth != 0;
      const bool is_word = is_letter(c);
      do {
        rest_.remove_prefix(1);
      } while (is_word && !rest_.empty() && is_letter(rest_[0]));
    }
  } while (ok_ && depth != 0);
}

std::string_view JsonReader::fail() {
  ok_ = false;
  return {};
}

void JsonReader::skip_space() {
  while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n' || rest_[0] == '\r' || rest_[0] == '\t'))
    rest_.remove_prefix(1);
}

bool JsonReader::take(char c) {
  if (!at(c)) return false;
  rest_.remove_prefix(1);
  return true;
}

void JsonReader::expect(char c) {
  if (!take(c)) ok_ = false;
}

void JsonReader::put(char c) {
  if (!text_.push_back(c)) {
    is_out_of_memory_ = true;
    ok_ = false;
  }
}

void JsonReader::escape() {
  if (rest_.empty()) return void(fail());
  const char c = rest_[0];
  rest_.remove_prefix(1);
  switch (c) {
    case '"':
    case '\\':
    case '/': return put(c);
    case 'b': return put('\b');
    case 'f': return put('\f');
    case 'n': return put('\n');
    case 'r': return put('\r');
    case 't': return put('\t');
    case 'u': return put_code_point(code_point());
    default: fail();
  }
}

uint32_t JsonReader::code_unit() {
  uint32_t unit = 0;
  if (rest_.size() < 4) fail();
  for (size_t i = 0; ok_ && i < 4; ++i) {
    const char c = rest_[i];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) fail();
    unit = unit << 4 | static_cast<uint32_t>(digit & 15);
  }
  if (ok_) rest_.remove_prefix(4);
  return unit;
}

uint32_t JsonReader::code_point() {
  const uint32_t first = code_unit();
  if (first < 0xd800 || first > 0xdfff) return first;
  if (first > 0xdbff || !rest_.starts_with("\\u")) return fail(), 0;
  rest_.remove_prefix(2);
  const uint32_t second = code_unit();
  if (second < 0xdc00 || second > 0xdfff) fail();
  return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
}

void JsonReader::put_code_point(uint32_t c) {
  if (!ok_) return;
  char bytes[4];
  for (const char byte : std::string_view(bytes, base::put_utf8(c, bytes))) put(byte);
}

}  // namespace wherry::component::wit
