#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wherry::cli {

// A list of assertions that may fail, and then must: `FILE.wast[:LINE] reason` a line, `#` begins a comment. FILE is matched
// against the end of a script's path, at a slash. An entry without a line stands for all failures of its file, of which
// there must be one.
class KnownFailures {
 public:
  // Empty: read. Else what is wrong with the list. The text is kept by reference.
  std::string read(std::string_view text);

  // Whether a failure is known; marks the entry as met.
  bool excuses(std::string_view path, uint64_t line);

  // After a script ran: the entries for it that were not met, each once, as "FILE.wast:LINE reason". They are of the
  // past, and belong out of the list.
  std::vector<std::string> unmet(std::string_view path) const;

 private:
  struct Entry {
    std::string_view file;
    uint64_t line = 0;  // 0: any.
    std::string_view text;
    bool is_met = false;
  };
  std::vector<Entry> entries_;
};

}  // namespace wherry::cli
