#pragma once

#include <elf.h>

#include <cstdint>
#include <string>

// What the writers of files about compiled code have in common.
namespace wherry::cli {

#if defined(__x86_64__)
inline constexpr uint16_t kElfMachine = EM_X86_64;
#else
inline constexpr uint16_t kElfMachine = EM_AARCH64;
#endif

// Appends a record as it lies in memory.
template <class T>
void append_bytes(std::string* out, const T& record) {
  out->append(reinterpret_cast<const char*>(&record), sizeof(record));
}

}  // namespace wherry::cli
