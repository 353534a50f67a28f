#include "engine/base/utf8.h"

#include <catch2/catch.hpp>
#include <string>

#include "engine/base/utf8_checker.h"

using wherry::base::as_bytes;
using wherry::base::is_utf8;

namespace {

std::string encode(uint32_t point) {
  std::string text;
  if (point < 0x80) return text += static_cast<char>(point);
  if (point < 0x800) {
    text += static_cast<char>(0xc0 | point >> 6);
  } else if (point < 0x10000) {
    text += static_cast<char>(0xe0 | point >> 12);
    text += static_cast<char>(0x80 | (point >> 6 & 0x3f));
  } else {
    text += static_cast<char>(0xf0 | point >> 18);
    text += static_cast<char>(0x80 | (point >> 12 & 0x3f));
    text += static_cast<char>(0x80 | (point >> 6 & 0x3f));
  }
  return text += static_cast<char>(0x80 | (point & 0x3f));
}

// Whether a text is taken for UTF-8 when it is copied; its copy is the same either way.
bool is_copied(const std::string& text) {
  wherry::base::Utf8Checker checker;
  std::string copy(text.size(), '\0');
  checker.copy(as_bytes(text).data(), reinterpret_cast<uint8_t*>(copy.data()), text.size());
  return checker.finish() && copy == text;
}

}  // namespace

TEST_CASE("utf-8: every code point but the surrogates") {
  uint32_t wrong = 0;
  for (uint32_t point = 0; point < 0x120000; ++point) {
    const bool expected = point < 0x110000 && (point < 0xd800 || point > 0xdfff);
    wrong += is_utf8(as_bytes(encode(point))) != expected;
    char bytes[4];
    const size_t size = wherry::base::put_utf8(point, bytes);
    wrong += expected && std::string_view(bytes, size) != encode(point);
    wrong += is_utf8(as_bytes("a long enough text " + encode(point) + " and more of it")) != expected;
  }
  CHECK(wrong == 0);
}

TEST_CASE("utf-8: long forms, lone and missing bytes") {
  for (const char* text :
       {"\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\x80", "\xbf", "\xc3", "\xe2\x82",
        "\xf0\x9f\x98", "\xf8\x88\x80\x80\x80", "\xff", "\xc3(", "\xe2\x28\xa1", "\xe2\x82\x28"}) {
    CHECK_FALSE(is_utf8(as_bytes(text)));
  }
  CHECK(is_utf8({}));
  CHECK(is_utf8(as_bytes("plain text of more than eight bytes")));
}

// The vectors against the bytes: every fault, wherever a block or the text may end.
TEST_CASE("utf-8: long text is what its short parts are") {
  constexpr int kEdges[] = {0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2,
                            0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf4, 0xf5};
  uint32_t wrong = 0;
  for (const size_t before : {112, 125, 126, 127, 128, 253, 254, 255, 256, 285, 286, 287, 288}) {
    for (const size_t after : {0, 1, 70}) {
      for (const int a : kEdges) {
        for (const int b : kEdges) {
          for (const int c : kEdges) {
            const std::string middle = {static_cast<char>(a), static_cast<char>(b), static_cast<char>(c)};
            const std::string text = std::string(before, 'x') + middle + std::string(after, 'y');
            const std::string fourth = std::string(before, 'x') + "\xf1" + middle + std::string(after, 'y');
            const bool is_right = is_utf8(as_bytes(middle + (after == 0 ? "" : "y")));
            wrong += is_utf8(as_bytes(text)) != is_right;
            wrong += is_copied(text) != is_right;
            wrong +=
                is_utf8(as_bytes(fourth)) != is_utf8(as_bytes("\xf1" + middle + (after == 0 ? "" : "y")));
          }
        }
      }
    }
  }
  CHECK(wrong == 0);
}
