// The file of a component, most of which is core modules, and most of those is never run: a Python program is 18 MB, of which
// starting it reads a tenth. So the inside of large core modules is mapped. The component's own sections are read: names and types in them
// are looked at again and again on the way to an instance, and a file that another process writes to must not change between two looks.
// (A core module's parts are decoded once, and a body is validated as it is lowered, so that what they are made of stays as it was checked.)
//
// Where the modules lie is found as the sections are read, those of nested components in line with their parents'. Nothing is
// judged here: what is no list of sections is read to the end, and left to the decoder.
//
// A mapped page that was cut off reads as zeros (engine/base/os/file_mappings.h), which is found out afterwards.
//
// Rejected: mapping everything and giving the component's own pages a copy by writing to them (a write to a page that was cut off is a
// signal nobody answers); mapping modules below 32 KiB (a page costs 2 us to read, a mapping as much as 12 KiB: of 82 KB that are looked
// at everywhere reading takes 50 us, mapping 14).
#include "component/source_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "component/section.h"
#include "engine/base/os/descriptor.h"
#include "engine/base/os/file_mappings.h"
#include "engine/base/os/virtual_memory.h"

namespace wherry::component {

namespace {

constexpr uint64_t kMostBytes = ~uint32_t{0};  // Larger components are refused anyway.
constexpr size_t kWorthMapping = 32 << 10;
// What is read at a time. Most components have a few hundred bytes before their first module.
constexpr size_t kFirstChunk = 4 << 10;
constexpr size_t kLargestChunk = 64 << 10;

// Fills a range of memory from the file, from the beginning on, and leaves gaps where the file is mapped.
class Filler {
 public:
  Filler(int file, uint8_t* to, size_t size_bytes)
      : file_(file), to_(to), size_bytes_(size_bytes), page_(base::page_size_bytes()) {}

  // Answers 0 or an errno.
  int run() {
    size_t at = sizeof kPreamble;
    while (at < size_bytes_) {
      if (const int problem = read_up_to(at + kHeader)) return problem;
      Section section;
      if (!read_header(at, &section)) break;
      if (section.id == SectionId::Component) {
        at = section.begin + sizeof kPreamble;
        continue;
      }
      if (section.id == SectionId::CoreModule) {
        if (const int problem = skip(section)) return problem;
      }
      at = section.end;
    }
    return read_up_to(size_bytes_);
  }

  bool has_gaps() const { return has_gaps_; }

 private:
  static constexpr size_t kHeader = 6;  // The longest: an identifier and five bytes of size.

  struct Section {
    SectionId id = SectionId::None;
    size_t begin = 0;
    size_t end = 0;
  };

  // False: that is no section.
  bool read_header(size_t at, Section* out) const {
    out->id = static_cast<SectionId>(to_[at++]);
    uint64_t value = 0;
    for (uint32_t shift = 0; shift < 35; shift += 7) {
      if (at == size_bytes_) return false;
      const uint8_t byte = to_[at++];
      value |= uint64_t{byte & 0x7fu} << shift;
      if ((byte & 0x80) != 0) continue;
      out->begin = at;
      out->end = at + value;
      return value <= size_bytes_ - at;
    }
    return false;
  }

  int read_up_to(size_t end) {
    end = std::min(end, size_bytes_);
    if (end <= filled_) return 0;
    const size_t until = std::min(size_bytes_, std::max(end, filled_ + chunk_));
    chunk_ = std::min(chunk_ * 2, kLargestChunk);
    base::prefault_pages(to_ + filled_, until - filled_);
    return read_exactly(until);
  }

  int read_exactly(size_t end) {
    if (end <= filled_) return 0;
    if (base::read_all(file_, to_ + filled_, end - filled_) != end - filled_) return errno != 0 ? errno : EIO;
    filled_ = end;
    return 0;
  }

  // Maps the whole pages inside of a module that have not been read.
  int skip(const Section& section) {
    const size_t begin = (std::max(section.begin, filled_) + page_ - 1) / page_ * page_;
    const size_t end = section.end / page_ * page_;
    if (end <= begin || end - begin < kWorthMapping) return 0;
    if (const int problem = read_exactly(begin)) return problem;
    if (!base::map_private_copy(to_ + begin, end - begin, file_, begin)) return 0;  // It is read, then.
    if (lseek(file_, static_cast<off_t>(end), SEEK_SET) < 0) return errno;
    filled_ = end;
    has_gaps_ = true;
    return 0;
  }

  int file_;
  uint8_t* to_;
  size_t size_bytes_;
  size_t page_;
  size_t chunk_ = kFirstChunk;
  size_t filled_ = 0;  // Everything before it is there.
  bool has_gaps_ = false;
};

}  // namespace

SourceFile::~SourceFile() {
  if (is_registered_) base::unregister_file_mapping(mapped_);
  base::release_pages(mapped_, mapped_bytes_);
  if (file_ >= 0) close(file_);
}

bool SourceFile::has_shrunk() const {
  if (!is_registered_) return false;
  struct stat status;
  return has_shrunk_.load() || fstat(file_, &status) != 0 ||
         static_cast<uint64_t>(status.st_size) < mapped_bytes_;
}

int SourceFile::map(uint64_t size_bytes) {
  mapped_ = base::map_zeros(size_bytes);
  if (mapped_ == nullptr) return ENOMEM;
  mapped_bytes_ = size_bytes;
  is_registered_ = base::register_file_mapping(mapped_, size_bytes, &has_shrunk_);
  if (!is_registered_) return ENOMEM;
  Filler filler(file_, static_cast<uint8_t*>(mapped_), size_bytes);
  errno = 0;
  if (const int problem = filler.run()) return problem;
  bytes_ = {static_cast<const uint8_t*>(mapped_), size_bytes};
  if (filler.has_gaps()) return 0;
  base::unregister_file_mapping(mapped_);
  is_registered_ = false;
  return 0;
}

int SourceFile::open(const std::string& path, bool may_map) {
  file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file_ < 0) return errno;
  struct stat status;
  const bool is_regular = fstat(file_, &status) == 0 && S_ISREG(status.st_mode);
  const uint64_t size_bytes = is_regular ? static_cast<uint64_t>(status.st_size) : 0;
  if (size_bytes > kMostBytes) return EFBIG;
  if (may_map && size_bytes >= kWorthMapping) {
    if (const int problem = map(size_bytes)) return problem;
  } else {
    if (const int problem = base::read_rest(file_, kMostBytes, &read_)) return problem;
    bytes_ = read_;
  }
  if (is_registered_) return 0;
  close(file_);
  file_ = -1;
  return 0;
}

}  // namespace wherry::component
