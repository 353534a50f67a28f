// wherryc: the compiler as a program, so that `wherry` itself needs no LLVM. `wherry compile` executes it; whoever builds with it may call
// it directly. Everything it does to modules goes through include/wherry/compiler.h.
//
// What it writes is complete or not there: a temporary file beside the output, then a rename.
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/progress.h"
#include "compiler/serve.h"
#include "engine/base/digest.h"
#include "engine/base/os/descriptor.h"
#include "engine/base/vector.h"
#include "wherry/compiler.h"

namespace wherry::compiler {

namespace {

constexpr int kWrongUsage = 2;
constexpr std::string_view kUsage =
    "usage: wherryc [SETTINGS] FILE -o FILE\n"
    "       wherryc [SETTINGS] --serve\n"
    "\n"
    "Compiles a WebAssembly module ahead of time. FILE may be - for standard input.\n"
    "\n"
    "  -o FILE                                   where to write to; - for standard output\n"
    "  -O0, -O2                                  the same as --optimization=0 and 2\n"
    "  --emit=artifact|llvm|ir|asm|obj           llvm: optimised IR; ir: as it was emitted; obj: ELF "
    "objects, FILE.N.o\n"
    "  --progress=y|n|auto                       a bar on standard error; auto: on a terminal, after a "
    "second\n"
    "  --time-passes                             say afterwards which passes took the time, on one thread\n"
    "  --max-memory=BYTES                        end when more is needed\n"
    "  --expect-digest=HEX                       fail if the module has another BLAKE2b-256\n"
    "  --name=NAME                               what messages call the module\n"
    "  --serve                                   compile modules from standard input (compiler/serve.h)\n";

struct CommandLine {
  wherry_compiler* compiler = wherry_compiler_new();  // Until the process ends.
  std::string input;
  std::string name;  // Of the input, for messages.
  std::string output;
  std::string_view emit = "artifact";
  std::string_view progress = "auto";
  std::string_view expected_digest;
  uint64_t max_memory = 0;
  bool is_service = false;
  bool times_passes = false;
};

void write_text(int file, std::string_view text) { base::write_all(file, text.data(), text.size()); }

int complain(const std::string& message, int status = 1) {
  write_text(2, "wherryc: " + message + "\n");
  return status;
}

int complain_of(const std::string& path, int error) {
  return complain("'" + path + "': " + std::strerror(error));
}

std::string set(CommandLine* line, std::string_view key, std::string_view value) {
  const bool is_right =
      wherry_compiler_set(line->compiler, std::string(key).c_str(), std::string(value).c_str());
  return is_right ? "" : wherry_compiler_error(line->compiler);
}

// What is wrong with an option `--key=value`; empty: nothing.
std::string read_option(std::string_view text, CommandLine* out) {
  const size_t equals = text.find('=');
  const std::string_view key = text.substr(0, equals);
  const std::string_view value = equals == std::string_view::npos ? "" : text.substr(equals + 1);
  if (key == "serve") {
    out->is_service = true;
  } else if (key == "time-passes" && equals == std::string_view::npos) {
    out->times_passes = true;
    return set(out, key, "y");
  } else if (key == "expect-digest") {
    out->expected_digest = value;
  } else if (key == "name") {
    out->name = value;
  } else if (key == "progress") {
    out->progress = value;
  } else if (key == "max-memory") {
    std::from_chars(value.data(), value.data() + value.size(), out->max_memory);
    if (out->max_memory == 0) return "max-memory is '" + std::string(value) + "', expected a number of bytes";
  } else {
    if (key == "emit") out->emit = value;
    return set(out, key, value);
  }
  return {};
}

std::string read_arguments(int argc, char** argv, CommandLine* out) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    std::string problem;
    if (argument.starts_with("--")) {
      problem = read_option(argument.substr(2), out);
    } else if (argument == "-o") {
      if (++i == argc) return "-o needs a file";
      out->output = argv[i];
    } else if (argument.starts_with("-O")) {
      problem = set(out, "optimization", argument.substr(2));
    } else if (argument.starts_with('-') && argument != "-") {
      problem = "there is no option '" + std::string(argument) + "'";
    } else if (out->input.empty()) {
      out->input = argument;
    } else {
      problem = "one file at a time, not '" + std::string(argument) + "' too";
    }
    if (!problem.empty()) return problem;
  }
  if (!out->is_service && out->input.empty()) return "needs a file";
  if (out->name.empty()) out->name = out->input;
  if (!out->is_service && out->output.empty()) return "needs -o FILE";
  return {};
}

// The whole input; false, having said so, if it cannot be read.
bool read_input(const std::string& path, base::Vector<uint8_t>* out) {
  const int file = path == "-" ? 0 : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return complain_of(path, errno), false;
  for (;;) {
    const size_t size = out->size();
    if (!out->resize(size + (1 << 20))) return complain_of(path, ENOMEM), false;
    const ssize_t count = read(file, out->data() + size, 1 << 20);
    if (count < 0 && errno != EINTR) return complain_of(path, errno), false;
    out->truncate(size + (count > 0 ? static_cast<size_t>(count) : 0));
    if (count == 0) break;
  }
  if (file != 0) close(file);
  return true;
}

// Complete or not at all.
int write_output(const std::string& path, std::string_view bytes) {
  if (path == "-") return write_text(1, bytes), 0;
  struct stat status;
  if (stat(path.c_str(), &status) == 0 &&
      !S_ISREG(status.st_mode)) {  // /dev/null and pipes are written as they are.
    const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (file < 0) return complain_of(path, errno);
    return write_text(file, bytes), 0;
  }
  std::string temporary = path + ".XXXXXX";
  const int file = mkostemp(temporary.data(), O_CLOEXEC);
  if (file < 0) return complain_of(path, errno);
  const mode_t mask = umask(0);
  umask(mask);
  if (base::write_all(file, bytes.data(), bytes.size()) && fchmod(file, 0666 & ~mask) == 0 &&
      close(file) == 0 && rename(temporary.c_str(), path.c_str()) == 0)
    return 0;
  const int error = errno;
  unlink(temporary.c_str());
  return complain_of(path, error);
}

std::string_view output(const CommandLine& line, size_t index) {
  size_t size_bytes = 0;
  const auto* const bytes =
      static_cast<const char*>(wherry_compiler_output(line.compiler, index, &size_bytes));
  return {bytes, size_bytes};
}

int write_objects(const CommandLine& line) {
  for (size_t i = 0; !output(line, i).empty(); ++i) {
    const int status = write_output(line.output + "." + std::to_string(i) + ".o", output(line, i));
    if (status != 0) return status;
  }
  return 0;
}

int make(CommandLine& line, base::ByteSpan wasm) {
  Progress progress(line.name);
  if (line.progress == "y" || (line.progress == "auto" && isatty(2) != 0)) {
    wherry_compiler_on_progress(line.compiler, &Progress::tell, &progress);
    if (line.progress == "y") progress.show_at_once();
  }
  const bool is_made = wherry_compiler_compile(line.compiler, wasm.data(), wasm.size());
  progress.clear();
  if (!is_made) return complain("'" + line.name + "': " + wherry_compiler_error(line.compiler));
  return line.emit == "obj" ? write_objects(line) : write_output(line.output, output(line, 0));
}

int run(CommandLine& line) {
  if (line.max_memory != 0) {
    const rlimit limit{line.max_memory, line.max_memory};
    setrlimit(RLIMIT_AS, &limit);
  }
  if (line.is_service) return serve(0, 1, line.compiler) ? 0 : 1;
  base::Vector<uint8_t> wasm;
  if (!read_input(line.input, &wasm)) return 1;
  if (!line.expected_digest.empty() && base::digest_of(wasm).hex() != line.expected_digest)
    return complain("'" + line.name + "' has changed");
  const int status = make(line, wasm);
  if (line.times_passes) write_text(2, wherry_compiler_times(line.compiler));
  return status;
}

}  // namespace

}  // namespace wherry::compiler

int main(int argc, char** argv) {
  using namespace wherry::compiler;
  if (argc == 2 && (std::string_view(argv[1]) == "--help" || std::string_view(argv[1]) == "-h")) {
    write_text(1, std::string(kUsage) + "\nSettings:\n" + wherry_compiler_settings(wherry_compiler_new()));
    _exit(0);
  }
  CommandLine line;
  if (line.compiler == nullptr) _exit(complain("out of memory"));
  const std::string problem = read_arguments(argc, argv, &line);
  // What is left in memory, the system takes back faster than destructors do.
  _exit(problem.empty() ? run(line) : complain(problem + "; see wherryc --help", kWrongUsage));
}
