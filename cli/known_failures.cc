// Lists of known failures may only shrink: what is in the list and passes is as much an error as what fails and is not.
#include "cli/known_failures.h"

#include "cli/options.h"

namespace wherry::cli {

namespace {

bool is_of(std::string_view path, std::string_view file) {
  return path.ends_with(file) && (path.size() == file.size() || path[path.size() - file.size() - 1] == '/');
}

}  // namespace

std::string KnownFailures::read(std::string_view text) {
  for (uint64_t number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.remove_suffix(1);
    if (line.empty() || line[0] == '#') continue;
    const size_t blank = line.find(' ');
    const auto complaint = [&](const char* what) { return "line " + std::to_string(number) + ": " + what; };
    if (blank == std::string_view::npos) return complaint("no reason is given");
    Entry entry{line.substr(0, blank), 0, line};
    if (const size_t colon = entry.file.rfind(':'); colon != std::string_view::npos) {
      if (!read_count(entry.file.substr(colon + 1), &entry.line) || entry.line == 0) {
        return complaint("expected FILE.wast:LINE and a reason");
      }
      entry.file = entry.file.substr(0, colon);
    }
    entries_.push_back(entry);
  }
  return {};
}

bool KnownFailures::excuses(std::string_view path, uint64_t line) {
  for (Entry& entry : entries_) {
    if ((entry.line != 0 && entry.line != line) || !is_of(path, entry.file)) continue;
    entry.is_met = true;
    return true;
  }
  return false;
}

std::vector<std::string> KnownFailures::unmet(std::string_view path) const {
  std::vector<std::string> out;
  for (const Entry& entry : entries_) {
    if (!entry.is_met && is_of(path, entry.file)) out.emplace_back(entry.text);
  }
  return out;
}

}  // namespace wherry::cli
