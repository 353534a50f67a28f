#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/vector.h"

// JSON (RFC 8259) as the tools for WIT need it.
namespace wherry::component::wit {

// A string with its quotes, piece by piece; escaped as serde_json does it with what may stand in WIT: control characters are
// tabs and ends of lines only.
template <class Put>
void write_json_string(std::string_view text, Put put) {
  static constexpr char kDigits[] = "0123456789abcdef";
  put("\"");
  for (const char& c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\') {
      const char escaped[] = {'\\', c};
      put(std::string_view(escaped, 2));
    } else if (c == '\n' || c == '\t') {
      put(c == '\n' ? "\\n" : "\\t");
    } else if (byte < 0x20) {
      const char escaped[] = {'\\', 'u', '0', '0', kDigits[byte >> 4], kDigits[byte & 15]};
      put(std::string_view(escaped, 6));
    } else {
      put(std::string_view(&c, 1));
    }
  }
  put("\"");
}

// JSON, taken from the front: valid UTF-8, which outlives the reader. After a mistake `ok` is false and everything is empty. Nothing of
// it is kept but the last string; nothing here calls itself.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : rest_(text) {}

  bool ok() const { return ok_; }
  bool is_out_of_memory() const { return is_out_of_memory_; }
  bool is_at_end();
  // Whether the next value begins with this character.
  bool at(char c);

  // Calls `member(key)` for each, in the order of the text and as often as a key stands there; it must take the value.
  template <class Member>
  void object(Member member) {
    expect('{');
    if (take('}')) return;
    while (ok_) {
      const std::string_view key = string();
      expect(':');
      if (ok_) member(key);
      if (take('}')) return;
      expect(',');
    }
  }

  // Good until the next string is read.
  std::string_view string();

  // Any value, however deep. Whether brackets match is not looked at.
  void skip();

 private:
  std::string_view fail();
  void skip_space();
  bool take(char c);
  void expect(char c);
  void put(char c);
  void escape();
  uint32_t code_unit();
  uint32_t code_point();
  void put_code_point(uint32_t c);

  std::string_view rest_;
  base::Vector<char> text_;
  bool ok_ = true;
  bool is_out_of_memory_ = false;
};

}  // namespace wherry::component::wit
