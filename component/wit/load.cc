// WIT from files. Folders are read with the system's own calls and sorted by name, so that what is printed does not depend
// on the file system; sizes are bounded, since a path may lead anywhere.
#include "component/wit/load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "engine/base/os/descriptor.h"

namespace wherry::component::wit {

namespace {

constexpr size_t kMostBytes = 64 << 20;
constexpr uint32_t kMostFiles = 10'000;

std::string problem(const std::string& path, int error) {
  std::string text = std::strerror(error);
  if (text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return "'" + path + "': " + text;
}

bool is_folder(const std::string& path) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

class Loader {
 public:
  std::expected<base::Vector<Source>, std::string> run(const std::string& path) {
    if (!is_folder(path)) {
      if (!add_file(path, 0)) return std::unexpected(error_);
      return std::move(files_);
    }
    if (!add_folder(path, 0)) return std::unexpected(error_);
    if (files_.empty()) return std::unexpected("'" + path + "': the folder has no files *.wit");
    const std::string deps = path + "/deps";
    if (is_folder(deps) && !add_dependencies(deps)) return std::unexpected(error_);
    return std::move(files_);
  }

 private:
  bool names_in(const std::string& folder, std::vector<std::string>* names) {
    DIR* const directory = opendir(folder.c_str());
    if (directory == nullptr) {
      error_ = problem(folder, errno);
      return false;
    }
    while (const dirent* const entry = readdir(directory)) {
      if (entry->d_name[0] != '.') names->emplace_back(entry->d_name);
      if (names->size() > kMostFiles) break;
    }
    closedir(directory);
    if (names->size() > kMostFiles) {
      error_ = "'" + folder + "': too many files";
      return false;
    }
    std::sort(names->begin(), names->end());
    return true;
  }

  bool add_folder(const std::string& folder, uint32_t group) {
    std::vector<std::string> names;
    if (!names_in(folder, &names)) return false;
    for (const std::string& name : names) {
      std::string path = folder;
      path.append("/").append(name);
      if (name.ends_with(".wit") && !is_folder(path) && !add_file(path, group)) return false;
    }
    return true;
  }

  bool add_dependencies(const std::string& folder) {
    std::vector<std::string> names;
    if (!names_in(folder, &names)) return false;
    uint32_t group = 0;
    for (const std::string& name : names) {
      std::string path = folder;
      path.append("/").append(name);
      ++group;
      const bool added = is_folder(path)          ? add_folder(path, group)
                         : name.ends_with(".wit") ? add_file(path, group)
                                                  : true;
      if (!added) return false;
    }
    return true;
  }

  bool add_file(const std::string& path, uint32_t group) {
    Source source;
    source.path = path;
    source.group = group;
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
      error_ = problem(path, errno);
      return false;
    }
    const bool read = read_source(file, &source);
    close(file);
    if (read && !files_.push_back(std::move(source))) error_ = "out of memory";
    return error_.empty();
  }

  bool read_source(int file, Source* source) {
    const int problem_number = base::read_rest(file, kMostBytes - total_, &source->bytes);
    if (problem_number == ENOMEM) {
      error_ = "out of memory";
    } else if (problem_number != 0) {
      error_ = problem(source->path, problem_number);
    } else if (source->bytes.size() > kMostBytes - total_) {
      error_ = "'" + source->path + "': too much text";
    }
    total_ += source->bytes.size();
    return error_.empty();
  }

  base::Vector<Source> files_;
  size_t total_ = 0;
  std::string error_;
};

}  // namespace

std::expected<base::Vector<Source>, std::string> load(const std::string& path) { return Loader().run(path); }

}  // namespace wherry::component::wit
