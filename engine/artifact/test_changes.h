// For tests that change a compiled file byte by byte.
#ifndef WHERRY_ENGINE_ARTIFACT_TEST_CHANGES_H
#define WHERRY_ENGINE_ARTIFACT_TEST_CHANGES_H

#include <cstddef>

namespace wherry::artifact {

// From one changed byte to the next: all bytes of a file with pages of 4 KiB. With pages of 64 KiB, most of which are zeros, all
// of them would take minutes in an emulator.
constexpr size_t step_of_changes(size_t file_size) { return 1 + file_size / 100'000; }

}  // namespace wherry::artifact

#endif
