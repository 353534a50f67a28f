#pragma once

#include <cstdio>
#include <string>
#include <string_view>

// For tests.
namespace wherry::base {

// All of a file; nothing if it cannot be opened.
inline std::string read_file(const std::string& path) {
  std::string text;
  if (FILE* const file = std::fopen(path.c_str(), "rb")) {
    char buffer[65536];
    while (const size_t got = std::fread(buffer, 1, sizeof buffer, file)) text.append(buffer, got);
    std::fclose(file);
  }
  return text;
}

// Makes the file anew; for golden files (BLESS=1).
inline void write_file(const std::string& path, std::string_view text) {
  if (FILE* const file = std::fopen(path.c_str(), "wb")) {
    std::fwrite(text.data(), 1, text.size(), file);
    std::fclose(file);
  }
}

}  // namespace wherry::base
