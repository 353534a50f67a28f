#pragma once

#include <string>

#include "engine/artifact/format.h"
#include "engine/base/bytes.h"
#include "engine/base/result.h"

// What compiled modules and compiled components are checked for alike. Inside of engine/artifact.
namespace wherry::artifact {

base::Failure damaged(std::string detail);
base::Failure mismatch(std::string detail);

// The header of a file of `file_bytes` bytes, whose own fields are right; sections were not looked at. `head` is the file or how it
// begins, kHeaderBytes at least unless the file is shorter. Errors: as of View::read.
base::Result<const Header*> read_header(base::ByteSpan head, uint64_t file_bytes);

// Whether a header with the right hash is a component's.
bool is_component(const Header& header);

// Sections are in order, on pages, inside of the file, and each kind of `kinds` (bits by SectionKind) is there once, and no other.
base::Result<void> check_sections(const Header& header, base::ByteSpan file, uint32_t kinds);

// As View::fits and View::verify.
base::Result<void> fits(const Header& header);
base::Result<void> verify_sections(const Header& header, base::ByteSpan file);

}  // namespace wherry::artifact
