#pragma once

#include <string>
#include <string_view>

#include "engine/base/vector.h"

namespace wherry::component::wit {

// A file of WIT.
struct Source {
  std::string path;  // For messages.
  base::Vector<uint8_t> bytes;
  uint32_t group = 0;  // Files of one group make one package, but for those in braces. 0: what is asked for.

  std::string_view text() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
};

// A place in one of several files.
struct Place {
  uint32_t file = 0;
  uint32_t offset = 0;
};

// What is wrong and where, for people: "FILE:LINE:COLUMN: message", the line, and a caret under the place. `message` is
// made of names that a file may choose, without control characters.
std::string describe(const Source& source, uint32_t offset, std::string_view message);

}  // namespace wherry::component::wit
