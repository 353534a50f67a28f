#pragma once

#include <string>
#include <string_view>

#include "engine/text/print.h"

namespace wherry::text {

// A sink for tests and tools that want a text whole: keeps up to `limit_bytes`; a piece that would exceed that ends the printing.
class StringSink final : public TextSink {
 public:
  explicit StringSink(size_t limit_bytes = ~size_t{0}) : limit_bytes_(limit_bytes) {}

  bool write(std::string_view piece) override {
    if (piece.size() > limit_bytes_ - text.size()) return false;
    text += piece;
    return true;
  }

  std::string text;

 private:
  size_t limit_bytes_;
};

}  // namespace wherry::text
