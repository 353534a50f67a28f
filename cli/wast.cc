// The runner of test scripts. Every assertion counts as passed or failed; a command that is none (a module, an action)
// counts only when it fails, and nothing is passed over: what the engine cannot do is a failure like others.
//
// Each script gets a world of its own. With a list of known failures, the status says whether the list is exactly right;
// the closing line counts what truly passed and failed all the same, so that figures cannot be embellished.
#include "cli/wast_world.h"

#include "cli/commands.h"
#include "cli/compile_server.h"
#include "cli/console.h"
#include "cli/known_failures.h"

namespace wherry::cli {

namespace {

struct Tally {
  uint64_t passed = 0;
  uint64_t failed = 0;
  uint64_t unexpected = 0;  // Not in the list of known failures, or in it without failing.
};

class ScriptRunner {
 public:
  ScriptRunner(const Invocation& invocation, CompileServer* compiler, KnownFailures* known, Tally* tally)
      : invocation_(invocation), compiler_(compiler), known_(known), tally_(tally) {}

  void run(const char* path) {
    path_ = path;
    Result<Blob> source = read_input(path);
    if (!source) return failure(0, source.error().message());
    Result<WastWorld> world = WastWorld::create(invocation_, compiler_);
    if (!world) return failure(0, world.error().message());
    text::WastReader reader(source->bytes());
    for (;;) {
      base::Result<std::optional<text::WastCommand>> command = reader.next();
      if (!command) {
        const text::LineColumn place = text::locate(source->bytes(), command.error().offset);
        failure(place.line, "the script cannot be read: " + wasm::describe(command.error()));
        break;
      }
      if (!*command) break;
      // Names and messages of a command live in it: instances keep none of them.
      const std::string reason = world->run(**command);
      if (!reason.empty()) {
        failure((*command)->line, reason);
      } else if (text::is_assertion((*command)->kind)) {
        ++tally_->passed;
      }
    }
    tally_->passed += world->passed_in_threads();
    for (const std::string& entry : known_->unmet(path)) {
      ++tally_->unexpected;
      print_out("known failures did not occur: " + entry + "\n");
    }
  }

 private:
  void failure(uint64_t line, std::string_view reason) {
    ++tally_->failed;
    if (known_->excuses(path_, line)) return;
    ++tally_->unexpected;
    print_out(std::string(path_) + ":" + std::to_string(line) + ": " + std::string(reason) + "\n");
  }

  const Invocation& invocation_;
  CompileServer* compiler_;
  KnownFailures* known_;
  Tally* tally_;
  const char* path_ = "";
};

}  // namespace

int wast_command(const Invocation& invocation) {
  if (invocation.operands.empty()) return complain("'wast' needs a file", kWrongUsage);
  KnownFailures known;
  Blob list;
  if (const auto path = invocation.value(OptionId::KnownFailures)) {
    Result<Blob> read = read_input(std::string(*path).c_str());
    if (!read) return complain(read.error().message());
    list = std::move(*read);
    if (const std::string problem = known.read(list.text()); !problem.empty()) {
      return complain(quoted(*path) + ", " + problem);
    }
  }
  for (const KeyId key : {KeyId::Trace, KeyId::TraceFile, KeyId::Profile, KeyId::ProfileSummary}) {
    if (const KeySetting* const setting = invocation.key(key)) {
      return complain("'wast' cannot watch: -D " + std::string(setting->info->key), kWrongUsage);
    }
  }
  const std::string_view engine = invocation.value(OptionId::Engine).value_or("interpreter");
  if (engine != "interpreter" && engine != "aot") {
    return complain("there is no engine " + quoted(engine) + ", only 'interpreter' and 'aot'", kWrongUsage);
  }
  std::unique_ptr<CompileServer> compiler;
  if (engine == "aot") {
    auto started = CompileServer::start(invocation.value(OptionId::Wherryc).value_or(""));
    if (!started) return complain(started.error().message());
    compiler = std::move(*started);
  }
  Tally tally;
  for (const char* path : invocation.operands) {
    ScriptRunner(invocation, compiler.get(), &known, &tally).run(path);
  }
  print_out(std::to_string(tally.passed) + " passed, " + std::to_string(tally.failed) + " failed\n");
  return tally.unexpected == 0 ? kSuccess : kFailure;
}

}  // namespace wherry::cli
