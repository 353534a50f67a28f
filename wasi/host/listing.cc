#include "wasi/host/listing.h"

#include <errno.h>
#include <string.h>

namespace wherry::wasi::host {

namespace {

constexpr size_t kPiece = 4096;  // bytes of names kept, and one name more

}  // namespace

bool Listing::keep(void* self, const DirectoryEntry& entry) {
  auto& listing = *static_cast<Listing*>(self);
  if (listing.kept_.size() >= kPiece) {
    listing.is_at_end_ = false;
    return false;
  }
  listing.cookie_ = entry.next;
  if (entry.name == "." || entry.name == "..") return true;
  listing.has_no_memory_ = !listing.kept_.push_back(static_cast<char>(entry.type)) ||
                           !listing.kept_.append(entry.name) || !listing.kept_.push_back(0);
  return !listing.has_no_memory_;
}

int Listing::refill() {
  kept_.clear();
  at_ = 0;
  is_at_end_ = true;  // Unless there turns out to be more.
  if (int error = list_directory(directory_->handle(), cookie_, this, &Listing::keep)) return error;
  return has_no_memory_ ? ENOMEM : 0;
}

int Listing::next(FileType& type, std::string_view& name, bool& found) {
  found = false;
  if (at_ == kept_.size()) {
    if (is_at_end_) return 0;
    if (int error = refill()) return error;
    if (kept_.empty()) return 0;
  }
  const char* const entry = kept_.data() + at_;
  type = static_cast<FileType>(entry[0]);
  name = entry + 1;
  at_ += name.size() + 2;
  found = true;
  return 0;
}

}  // namespace wherry::wasi::host
