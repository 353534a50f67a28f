#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wherry::cli {

// A list of assertions that may fail, and then must; `#` begins a comment. An entry is a line:
//
//   FILE.wast:LINE reason     the assertion at that line
//   FILE.wast=N reason        N others of that file, no more and no fewer
//   FILE.wast reason          any of that file, at least one
//
// FILE is matched against the end of a script's path, at a slash.
class KnownFailures {
 public:
  // Empty: read. Else what is wrong with the list. The text is kept by reference.
  std::string read(std::string_view text);

  // Whether a failure is known; marks the entry as met.
  bool excuses(std::string_view path, uint64_t line);

  // After a script ran: the entries for it that were not met, as they stand in the list, those with a count with the one
  // that was found. They are of the past, and belong out of the list.
  std::vector<std::string> unmet(std::string_view path) const;

 private:
  struct Entry {
    std::string_view file;
    uint64_t line = 0;   // 0: any.
    uint64_t count = 0;  // 0: any.
    std::string_view text;
    uint64_t met = 0;
  };
  std::vector<Entry> entries_;
};

}  // namespace wherry::cli
