// Compiling a component. The compiler knows modules only, so a component is cut into its core modules here and put together again
// afterwards (engine/artifact/component_writer.h).
//
// Each module is given to a wherryc of its own, on files without names: that costs 6 ms a module, and what it has to say while it works
// (progress on a terminal, errors, times of passes) comes out as it does for a module. Modules that are equal are compiled
// once. The adapters between its guests (component/adapters.h) are modules like the others. Rejected: the compiler's service (--serve), which saves the 6 ms and says nothing before it has finished.
#include "cli/compile_component.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <utility>

#include "cli/cache.h"
#include "cli/compiler.h"
#include "cli/console.h"
#include "component/decode.h"
#include "component/flat.h"
#include "component/validate.h"
#include "engine/artifact/component_writer.h"
#include "engine/inspect/binary.h"

namespace wherry::cli {

namespace {

Error to_error(const base::Error& error) { return Error::usage(wasm::describe(error)); }

std::string hexadecimal(uint32_t number) {
  char text[16];
  snprintf(text, sizeof(text), "0x%x", number);
  return text;
}

Error system_error(const char* what) {
  return Error::usage(std::string(what) + ": " + system_message(errno));
}

// A file descriptor that ends with its block.
struct File {
  explicit File(const char* name) : descriptor(memfd_create(name, MFD_CLOEXEC)) {}
  ~File() {
    if (descriptor >= 0) close(descriptor);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int descriptor;
};

// Runs a program with these files as its standard input and output; whether it ended well.
Result<bool> run_program(std::vector<std::string>& words, int in, int out) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, 0);
  posix_spawn_file_actions_adddup2(&actions, out, 1);
  pid_t process = 0;
  const int failed =
      posix_spawn(&process, words[0].c_str(), &actions, nullptr, pointers_to(words).data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return Error::usage("cannot run " + quoted(words[0]) + ": " + system_message(failed));
  int status = 0;
  while (waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) return system_error("the compiler is lost");
  }
  if (WIFSIGNALED(status))
    return Error::usage("the compiler was ended by signal " + std::to_string(WTERMSIG(status)));
  return WEXITSTATUS(status) == 0;
}

}  // namespace

Result<base::Vector<uint8_t>> compile_component(Bytes binary, const component::Features& features,
                                                const ModuleCompiler& compile) {
  const base::ByteSpan bytes(binary.data(), binary.size());
  base::Result<component::Component> decoded = component::decode(bytes, features);
  if (!decoded) return to_error(decoded.error());
  wasm::TypeRegistry registry;
  const base::Result<component::ValidComponent> valid = component::validate(*std::move(decoded), registry);
  if (!valid) return to_error(valid.error());
  const auto& modules = valid->component().modules;
  std::map<std::string_view, uint32_t> known;
  std::vector<artifact::ModulePlace> places;
  std::vector<std::vector<uint8_t>> files;
  for (const component::Span& module : modules) {
    const auto [entry, is_new] =
        known.try_emplace(base::as_text(module.bytes), static_cast<uint32_t>(files.size()));
    places.push_back({module.offset, static_cast<uint32_t>(module.bytes.size()), entry->second});
    if (!is_new) continue;
    const std::string place = "module " + std::to_string(places.size()) + " of " +
                              std::to_string(modules.size()) + ", at " + hexadecimal(module.offset);
    WHERRY_ASSIGN_OR_RETURN(std::vector<uint8_t> file,
                            compile(Bytes(module.bytes.data(), module.bytes.size()), place));
    files.push_back(std::move(file));
  }
  const base::Result<component::FlatComponent> flat = component::flatten(*valid, registry);
  std::vector<base::ByteSpan> adapters;  // None of a component that cannot be instantiated.
  if (flat) {
    for (const component::FlatAdapter& adapter : flat->adapters) {
      const base::ByteSpan module = adapters.emplace_back(adapter.module.span());
      WHERRY_ASSIGN_OR_RETURN(
          std::vector<uint8_t> file,
          compile(Bytes(module.data(), module.size()), "adapter " + std::to_string(adapters.size()) + " of " +
                                                           std::to_string(flat->adapters.size())));
      files.push_back(std::move(file));
    }
  }
  const std::vector<base::ByteSpan> spans(files.begin(), files.end());
  artifact::ComponentContents contents;
  contents.component = bytes;
  contents.modules = places;
  contents.adapters = adapters;
  contents.files = spans;
  if (const auto digest = digest_of_bytes(binary)) std::ranges::copy(*digest, contents.digest);
  base::Result<base::Vector<uint8_t>> made = artifact::write_component(contents);
  if (!made) return to_error(made.error());
  return *std::move(made);
}

Result<base::Vector<uint8_t>> compile_component_by(const std::string& compiler,
                                                   const std::vector<std::string>& settings,
                                                   const std::string& name, Bytes binary,
                                                   const component::Features& features) {
  const auto compile = [&](Bytes module, const std::string& place) -> Result<std::vector<uint8_t>> {
    const File in("module");
    const File out("compiled");
    if (in.descriptor < 0 || out.descriptor < 0 ||
        !base::write_all(in.descriptor, module.data(), module.size()) ||
        lseek(in.descriptor, 0, SEEK_SET) != 0) {
      return system_error("cannot hand a module to the compiler");
    }
    std::vector<std::string> words = {compiler};
    words.insert(words.end(), settings.begin(), settings.end());
    words.insert(words.end(), {"--name=" + name + ", " + place, "-", "-o", "-"});
    WHERRY_ASSIGN_OR_RETURN(const bool is_made, run_program(words, in.descriptor, out.descriptor));
    if (!is_made) return Error::exit(kFailure);
    struct stat status;
    if (fstat(out.descriptor, &status) != 0 || lseek(out.descriptor, 0, SEEK_SET) != 0)
      return system_error("cannot read what the compiler made");
    std::vector<uint8_t> bytes(static_cast<size_t>(status.st_size));
    if (base::read_all(out.descriptor, bytes.data(), bytes.size()) != bytes.size())
      return system_error("cannot read what the compiler made");
    return bytes;
  };
  return compile_component(binary, features, compile);
}

bool write_file(const std::string& path, Bytes bytes) {
  if (path == "-") return base::write_all(1, bytes.data(), bytes.size());
  struct stat status;
  if (stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {  // Devices and pipes.
    const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (file < 0) return false;
    const bool is_written = base::write_all(file, bytes.data(), bytes.size());
    close(file);
    return is_written;
  }
  std::string temporary = path + ".XXXXXX";
  const int file = mkostemp(temporary.data(), O_CLOEXEC);
  if (file < 0) return false;
  const mode_t mask = umask(0);
  umask(mask);
  if (base::write_all(file, bytes.data(), bytes.size()) && fchmod(file, 0666 & ~mask) == 0 &&
      close(file) == 0 && rename(temporary.c_str(), path.c_str()) == 0) {
    return true;
  }
  const int error = errno;
  unlink(temporary.c_str());
  errno = error;
  return false;
}

}  // namespace wherry::cli
