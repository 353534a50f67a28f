#pragma once

#include <cstddef>
#include <cstdint>

namespace wherry::base {

// Whether bytes that come in blocks are UTF-8 as Unicode defines it, 16 or 32 at a time.
// For text of which some is not ASCII; use one for each text, on one thread.
class Utf8Checker {
 public:
  static constexpr size_t kBlock = 64;  // All blocks but the last one are multiples of it.

  // Looks at the next bytes.
  void add(const uint8_t* bytes, size_t size);
  // Writes them to `to` and looks at what was written: `from` may change meanwhile. They do not overlap.
  void copy(const uint8_t* from, uint8_t* to, size_t size);
  // The same for bytes of which it is known that they are ASCII, any number of them.
  void add_ascii();
  // No more bytes come: whether all of them were.
  bool finish();

 private:
  using Bytes = uint8_t __attribute__((vector_size(16)));
  void add_vector(Bytes bytes);

  Bytes last_ = {};        // What came before.
  Bytes incomplete_ = {};  // Not 0 where a character ends beyond that.
  Bytes wrong_ = {};       // Not 0: something was.
};

}  // namespace wherry::base
