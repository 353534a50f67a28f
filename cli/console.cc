// Output by write(2), since stdio would cost start-up time and buffers, and input as a whole. Files are read rather
// than mapped here: who prints or validates a file reads all of it anyway, and a file that shrinks meanwhile is an error
// instead of a signal. (`run` maps: see Module::load_file.)
#include "cli/console.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

namespace wherry::cli {

namespace {

Error cannot_read(const char* path, std::string_view reason) {
  return Error::make(ErrorKind::Io, "cannot read " + quoted(path) + ": " + std::string(reason));
}

class File {
 public:
  explicit File(int number) : number_(number) {}
  ~File() {
    if (number_ > 2) close(number_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

}  // namespace

int complain(std::string_view message, int status) {
  std::string line = "wherry: ";
  for (const char c : message)
    line += (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f ? '?' : c;
  line += '\n';
  write_all(2, line);
  return status;
}

std::string quoted(std::string_view path) {
  std::string out = "'";
  for (const char c : path) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  out += '\'';
  return out;
}

std::string system_message(int error) {
  std::string text = strerror(error);
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z' &&
      !(text.size() > 1 && text[1] >= 'A' && text[1] <= 'Z')) {
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  }
  return text;
}

Result<Blob> read_input(const char* path) {
  const bool is_standard = std::string_view(path) == "-";
  const File file(is_standard ? 0 : open(path, O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) return cannot_read(path, system_message(errno));
  struct stat status;
  if (fstat(file.number(), &status) != 0) return cannot_read(path, system_message(errno));
  if (S_ISDIR(status.st_mode)) return cannot_read(path, "it is a directory");
  // A byte more than the size that is promised, so that the end is seen without growing.
  const size_t expected =
      S_ISREG(status.st_mode) && status.st_size >= 0 ? static_cast<size_t>(status.st_size) : 0;
  WHERRY_ASSIGN_OR_RETURN(Blob blob, Blob::allocate(expected + 1));
  size_t size = 0;
  for (;;) {
    if (size == blob.size()) WHERRY_RETURN_IF_ERROR(blob.resize(size + size / 2 + 65536));
    const ssize_t got = read(file.number(), blob.data() + size, blob.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot_read(path, system_message(errno));
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  WHERRY_RETURN_IF_ERROR(blob.resize(size));
  return blob;
}

}  // namespace wherry::cli
