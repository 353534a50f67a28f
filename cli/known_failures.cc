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
    Entry entry{line.substr(0, blank), 0, 0, line};
    if (const size_t mark = entry.file.find_last_of(":="); mark != std::string_view::npos) {
      uint64_t number_given = 0;
      if (!read_count(entry.file.substr(mark + 1), &number_given) || number_given == 0) {
        return complaint("expected FILE.wast:LINE or FILE.wast=N, and a reason");
      }
      (entry.file[mark] == ':' ? entry.line : entry.count) = number_given;
      entry.file = entry.file.substr(0, mark);
    }
    entries_.push_back(entry);
  }
  return {};
}

bool KnownFailures::excuses(std::string_view path, uint64_t line) {
  Entry* found = nullptr;
  for (Entry& entry : entries_) {
    if ((entry.line != 0 && entry.line != line) || !is_of(path, entry.file)) continue;
    if (found == nullptr || entry.line != 0)
      found = &entry;  // That of the line comes before those of the file.
  }
  if (found == nullptr) return false;
  ++found->met;
  return true;
}

std::vector<std::string> KnownFailures::unmet(std::string_view path) const {
  std::vector<std::string> out;
  for (const Entry& entry : entries_) {
    if (!is_of(path, entry.file)) continue;
    if (entry.met == 0) {
      out.emplace_back(entry.text);
    } else if (entry.count != 0 && entry.met != entry.count) {
      out.push_back(std::string(entry.text) + " (found " + std::to_string(entry.met) + ")");
    }
  }
  return out;
}

}  // namespace wherry::cli
