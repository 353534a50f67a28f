// Where an error is, for people: the place, the line, and a caret below it.
#include <cstdio>

#include "engine/text/parse.h"
#include "engine/wasm/errors.h"

namespace wherry::text {

namespace {

bool continues_character(char c) { return (static_cast<uint8_t>(c) & 0xc0) == 0x80; }

size_t count_characters(std::string_view text) {
  size_t count = 0;
  for (const char c : text) count += continues_character(c) ? 0 : 1;
  return count;
}

// What a terminal shows as one column each, as far as that can be had: control characters become spaces, and bytes
// that are no UTF-8 would not get past the parser's first check, so they become question marks.
void append_shown(std::string_view text, bool is_utf8, std::string* out) {
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    out->push_back(byte < 0x20 || byte == 0x7f ? ' ' : byte >= 0x80 && !is_utf8 ? '?' : c);
  }
}

}  // namespace

LineColumn locate(base::ByteSpan source, uint64_t offset) {
  const std::string_view text = base::as_text(source);
  const size_t place = offset < text.size() ? static_cast<size_t>(offset) : text.size();
  LineColumn result;
  size_t begin = 0;
  for (size_t i = 0; i < place; ++i) {
    const bool ends_line =
        text[i] == '\n' || (text[i] == '\r' && !(i + 1 < text.size() && text[i + 1] == '\n'));
    if (!ends_line) continue;
    ++result.line;
    begin = i + 1;
  }
  size_t end = text.find_first_of("\n\r", begin);
  if (end == std::string_view::npos) end = text.size();
  result.text = text.substr(begin, end - begin);
  result.column = 1 + count_characters(text.substr(begin, place - begin));
  return result;
}

std::string describe_text_error(base::ByteSpan source, const base::Error& error, std::string_view file_name) {
  std::string result(file_name);
  const bool has_place = error.offset != base::Error::kNoOffset;
  const LineColumn at = has_place ? locate(source, error.offset) : LineColumn{};
  if (has_place) result += ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
  result += ": ";
  result += wasm::error_message(error.code);
  if (!error.detail.empty()) result += ": " + error.detail;
  if (!has_place) return result;

  constexpr size_t kBefore = 60;
  constexpr size_t kAfter = 60;
  const bool is_utf8 = error.code != wasm::ErrorCode::MalformedUtf8;
  const auto line_begin = static_cast<size_t>(at.text.data() - reinterpret_cast<const char*>(source.data()));
  size_t place = static_cast<size_t>(error.offset) - line_begin;
  if (place > at.text.size()) place = at.text.size();
  size_t begin = place > kBefore ? place - kBefore : 0;
  size_t end = at.text.size() - place > kAfter ? place + kAfter : at.text.size();
  while (is_utf8 && begin < place && continues_character(at.text[begin])) ++begin;
  while (is_utf8 && end > place && end < at.text.size() && continues_character(at.text[end])) --end;
  const std::string_view before = at.text.substr(begin, place - begin);
  result += "\n  ";
  if (begin > 0) result += "...";
  append_shown(before, is_utf8, &result);
  append_shown(at.text.substr(place, end - place), is_utf8, &result);
  if (end < at.text.size()) result += "...";
  result += "\n  ";
  if (begin > 0) result += "   ";
  result.append(is_utf8 ? count_characters(before) : before.size(), ' ');
  result += '^';
  return result;
}

}  // namespace wherry::text
