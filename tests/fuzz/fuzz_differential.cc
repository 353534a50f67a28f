// Differential fuzzer: modules that run, through every mode of this engine and through other engines.
//
//   fuzz_differential [--seconds N] [--modules N] [--seed N] [--first N] [--features LIST] [--peer NAME=COMMAND]...
//                     [--compiler PATH [--compiled N,N...]]
//                     [--keep DIR] [--state FILE] [--all-modes] [--max-findings N] [--no-minimizing]
//   fuzz_differential --one N --seed N [--peer ...]     the N-th module again, and a smaller one that differs
//   fuzz_differential --files FILE... [--peer ...]      modules made elsewhere
//   fuzz_differential --serve [MODE]                    is a peer (peer.h)
//
// Without end conditions it runs until it is stopped. `./dev fuzz-differential` builds what it needs and starts it.
//
// The n-th module of a seed is always the same. Each runs with everything on and with nothing on, and in two more of the
// modes of observe.cc, which take turns, so that all have had the same share after a dozen modules; --all-modes runs them all.
// With a compiler (wherryc), each module is also compiled for one of compiled_modes() in turn, or of those that --compiled names by
// number; the two main ones have half of the turns.
// Peers and the compiler work on a module while this process runs its modes. A difference is written down, made smaller by leaving out
// decisions of the generator, and counted; the exit code is 1 then.
#include <fcntl.h>
#include <unistd.h>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>

#include "tests/fuzz/compile_child.h"
#include "tests/fuzz/differential.h"
#include "tests/fuzz/generate.h"
#include "tests/fuzz/peer.h"

namespace wherry::fuzz {

namespace {

constexpr uint32_t kFewestDecisions = 200;
constexpr uint32_t kMostDecisions = 1000;
constexpr uint32_t kFuel = 20'000;
constexpr uint64_t kEnoughInstructions = 100;
// Not counted as a program's own: filling its locals in the beginning, and summing them up at the end.
constexpr uint64_t kInstructionsOfFrame = 120;
constexpr int kMinimizingRuns = 400;

struct Options {
  double seconds = 0;
  uint64_t modules = 0;
  uint64_t seed = 1;
  uint64_t first = 0;
  uint64_t max_findings = 10;
  bool one = false;
  bool all_modes = false;
  bool minimizing = true;
  std::optional<Features> features;
  std::string keep = ".";
  std::string state;
  std::vector<std::string> files;
  std::vector<std::unique_ptr<Peer>> peers;
  std::string compiler;
  std::vector<uint32_t> compiled;  // Numbers of compiled_modes(); empty: all.
};

struct Totals {
  uint64_t modules = 0;
  uint64_t refused = 0;
  uint64_t enough = 0;  // Reached an export and ran more than 100 instructions of its own.
  uint64_t calls = 0;
  uint64_t returned = 0;
  uint64_t instructions = 0;
  uint64_t runs = 0;
  uint64_t compared = 0;  // With peers.
  uint64_t findings = 0;
  uint64_t outvoted = 0;    // One peer against this engine and another peer.
  uint64_t compiled = 0;    // Runs of compiled code.
  uint64_t three_ways = 0;  // Of `enough`: also run as compiled code and by a peer.
};

// The bits of a sequence that any number starts.
class Sequence {
 public:
  explicit Sequence(uint64_t start) : state_(start) {}
  uint64_t next() {
    uint64_t bits = state_ += 0x9e3779b97f4a7c15;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
    return bits ^ (bits >> 31);
  }

 private:
  uint64_t state_;
};

// What one module is made from.
struct Case {
  uint64_t number = 0;
  Features features;
  std::vector<uint8_t> decisions;  // Or the module itself, of a file.
  std::vector<uint8_t> arguments;
  bool generated = true;
  std::string name;
};

// Half of the modules are for all peers; of the others half have everything that this engine has, and the rest lack one
// or several features, which leaves more room for what they have.
Features features_of(uint64_t number) {
  if (number % 2 == 0) return Features::common();
  Features features = Features::all();
  if (number % 4 == 1) return features;
  const uint64_t lacking = number / 4 % 15 + 1;
  features.simd = (lacking & 1) == 0;
  features.exceptions = (lacking & 2) == 0;
  features.atomics = (lacking & 4) == 0;
  features.gc = (lacking & 8) == 0;
  return features;
}

Case make_case(const Options& options, uint64_t number) {
  Case made;
  made.number = number;
  Sequence sequence(options.seed * 0x100000001b3 + number);
  made.features = options.features.value_or(features_of(number));
  made.decisions.resize(kFewestDecisions + sequence.next() % (kMostDecisions - kFewestDecisions));
  for (uint8_t& byte : made.decisions) byte = static_cast<uint8_t>(sequence.next() >> 56);
  made.arguments.resize(8);
  for (uint8_t& byte : made.arguments) byte = static_cast<uint8_t>(sequence.next() >> 56);
  made.name = std::to_string(options.seed) + "-" + std::to_string(number);
  return made;
}

std::optional<Case> read_case(const std::string& path, uint64_t number) {
  Case made;
  made.number = number;
  made.generated = false;
  made.name = path;
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return std::nullopt;
  uint8_t bytes[4096];
  size_t count;
  while ((count = std::fread(bytes, 1, sizeof bytes, file)) > 0) {
    made.decisions.insert(made.decisions.end(), bytes, bytes + count);
  }
  std::fclose(file);
  made.arguments.assign(
      made.decisions.end() - static_cast<ptrdiff_t>(std::min<size_t>(8, made.decisions.size())),
      made.decisions.end());
  return made;
}

std::vector<uint8_t> module_of(const Case& from, Style style) {
  return from.generated ? generate(from.decisions, style, from.features) : from.decisions;
}

void write(const std::string& path, Bytes bytes) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return;
  std::fwrite(bytes.data(), 1, bytes.size(), file);
  std::fclose(file);
}

class Fuzzer {
 public:
  explicit Fuzzer(Options options) : options_(std::move(options)) {}

  int run() {
    load_state();
    const auto started = std::chrono::steady_clock::now();
    auto shown = started;
    const auto since = [&](auto start) {
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    for (uint64_t n = options_.first;; ++n) {
      if (options_.modules != 0 && n >= options_.first + options_.modules) break;
      if (options_.seconds > 0 && since(started) >= options_.seconds) break;
      if (!options_.files.empty() && n >= options_.files.size()) break;
      save_state(n);
      const std::optional<Case> next =
          options_.files.empty() ? make_case(options_, n) : read_case(options_.files[n], n);
      if (next) judge(*next);
      if (since(shown) >= 15) {
        print(n + 1, since(started));
        shown = std::chrono::steady_clock::now();
      }
      next_ = n + 1;
      if (options_.one || totals_.findings >= options_.max_findings) break;
    }
    save_state(next_);
    print(next_, since(started));
    return totals_.findings == 0 ? 0 : 1;
  }

 private:
  void judge(const Case& from) {
    const std::optional<Finding> finding = check(from, true);
    if (!finding) return;
    ++(finding->outvoted ? totals_.outvoted : totals_.findings);
    const std::vector<uint8_t> module = module_of(from, Style::Plain);
    const std::string path = options_.keep + (finding->outvoted ? "/outvoted-" : "/finding-") +
                             (from.generated ? from.name : std::to_string(from.number));
    write(path + ".wasm", module);
    std::fprintf(stderr,
                 "%s in %s: %s and %s: %s\n  %s.wasm; again: fuzz_differential --seed %lu --one %lu\n",
                 finding->outvoted ? "outvoted peer" : "finding", from.name.c_str(), finding->a.c_str(),
                 finding->b.c_str(), finding->difference.c_str(), path.c_str(), options_.seed, from.number);
    if (from.generated && options_.minimizing) minimize(from, *finding, path);
  }

  // A module on its way: what is asked of other processes is fetched when this one is done.
  struct Runs {
    Input input;
    Observation expected;
    std::vector<uint32_t> compiled;
    std::vector<Peer*> asked;
    bool counts;
    uint32_t compiled_done = 0;
    uint32_t peers_done = 0;
  };

  // What differs, if anything does.
  std::optional<Finding> check(const Case& from, bool counts) {
    const std::vector<uint8_t> module = module_of(from, Style::Plain);
    Runs runs;
    runs.input = Input{.module = module, .arguments = from.arguments, .fuel = kFuel};
    runs.counts = counts;
    if (!options_.compiler.empty()) runs.compiled = compiled_for(from.number);
    for (const uint32_t mode : runs.compiled) (void)compiler(mode).ask(module);
    std::optional<Finding> finding = check(from, runs);
    // Whatever was found, answers are taken, or they would be taken for those to the next module.
    if (std::optional<Finding> of_compiled = compiled(runs); !finding) finding = std::move(of_compiled);
    count(runs);
    return finding;
  }

  std::optional<Finding> check(const Case& from, Runs& runs) {
    const Input& input = runs.input;
    Observation& expected = runs.expected = observe(all_modes()[0], input);
    if (!expected.loaded && from.generated) {
      return Finding{"the generator", std::string(all_modes()[0].name), expected.lines.front(), false};
    }
    Input same_calls;
    const std::optional<Observation> ending = without_fuel_traps(input, expected, &same_calls);
    for (const auto& peer : options_.peers) {
      if (ending && from.features.known_to(peer->name()) && peer->ask(same_calls))
        runs.asked.push_back(peer.get());
    }
    std::optional<Finding> finding;
    if (expected.loaded) {
      finding = compare_modes(input, expected, modes_for(from.number));
      totals_.runs += runs.counts ? modes_for(from.number).size() + 1 : 0;
    }
    if (!finding && from.generated) {
      finding = compare_equivalent(input, expected, module_of(from, Style::Settled));
    }
    size_t differing = 0;
    const Errors errors = from.generated ? Errors::Differ : Errors::EndComparison;
    for (Peer* peer : runs.asked) {
      const std::optional<std::string> answer = peer->answer();
      ++runs.peers_done;
      std::string what = answer ? difference_from_peer(*ending, *answer, errors) : "no answer";
      // What others refuse of modules that somebody else made is not our business.
      if (!from.generated && answer && answer->starts_with("refused")) what.clear();
      if (what.empty()) continue;
      ++differing;
      if (!finding) finding = Finding{std::string(all_modes()[0].name), peer->name(), what, false};
    }
    // One peer against this engine and another peer is the peer's fault, most probably. It is kept to be looked at.
    if (finding && differing == 1 && differing < runs.asked.size()) finding->outvoted = true;
    return finding;
  }

  CompileChild& compiler(uint32_t mode) {
    std::unique_ptr<CompileChild>& child = compilers_[mode];
    if (!child)
      child = std::make_unique<CompileChild>(options_.compiler, settings_of(compiled_modes()[mode]));
    return *child;
  }

  std::optional<Finding> compiled(Runs& runs) {
    std::optional<Finding> finding;
    for (const uint32_t number : runs.compiled) {
      const Mode& mode = compiled_modes()[number];
      std::string message;
      const auto artifact = compiler(number).answer(&message);
      if (finding || !runs.expected.loaded) continue;
      if (!artifact) {
        finding = Finding{std::string(all_modes()[0].name), std::string(mode.name), message, false};
        continue;
      }
      finding = compare_compiled(runs.input, runs.expected, mode, *artifact);
      ++runs.compiled_done;
    }
    return finding;
  }

  std::vector<uint32_t> compiled_for(uint64_t number) const {
    const auto count = static_cast<uint32_t>(compiled_modes().size());
    std::vector<uint32_t> modes = options_.compiled;
    if (modes.empty()) {
      for (uint32_t i = 0; i < count; ++i) modes.push_back(i);
    }
    if (options_.all_modes || options_.one) return modes;
    const uint64_t turn = number / 2;  // Even numbers have other features than odd ones.
    if (!options_.compiled.empty() || turn % 2 == 1) return {modes[turn / 2 % modes.size()]};
    return {static_cast<uint32_t>(turn / 2 % 2)};
  }

  std::vector<uint32_t> modes_for(uint64_t number) const {
    const auto count = static_cast<uint32_t>(all_modes().size());
    std::vector<uint32_t> modes;
    if (options_.all_modes || options_.one) {
      for (uint32_t i = 1; i < count; ++i) modes.push_back(i);
      return modes;
    }
    const auto turn = static_cast<uint32_t>(number / 2 % (count - 2));
    return {1, 2 + turn, 2 + (turn + (count - 2) / 2) % (count - 2)};
  }

  // Leaves out ever smaller parts of the decisions while something still differs.
  void minimize(const Case& from, const Finding& wanted, const std::string& path) {
    Case best = from;
    std::optional<Finding> finding;
    int runs = 0;
    for (size_t part = best.decisions.size() / 2; part > 0 && runs < kMinimizingRuns; part /= 2) {
      for (size_t at = 0; at + part <= best.decisions.size() && runs < kMinimizingRuns; ++runs) {
        Case smaller = best;
        const auto begin = smaller.decisions.begin() + static_cast<ptrdiff_t>(at);
        smaller.decisions.erase(begin, begin + static_cast<ptrdiff_t>(part));
        std::optional<Finding> found = check(smaller, false);
        if (found && found->b == wanted.b) {
          best = std::move(smaller);
          finding = std::move(found);
        } else {
          at += part;
        }
      }
    }
    if (!finding) return;
    const std::vector<uint8_t> module = module_of(best, Style::Plain);
    write(path + ".small.wasm", module);
    write(path + ".arguments", best.arguments);
    std::fprintf(stderr, "  smaller: %s.small.wasm, %zu bytes: %s and %s: %s\n", path.c_str(), module.size(),
                 finding->a.c_str(), finding->b.c_str(), finding->difference.c_str());
  }

  void count(const Runs& runs) {
    if (!runs.counts) return;
    const Observation& seen = runs.expected;
    const bool enough =
        seen.calls > 0 && seen.instructions > kEnoughInstructions + kInstructionsOfFrame * seen.calls;
    ++totals_.modules;
    totals_.refused += !seen.loaded || !seen.instantiated;
    totals_.enough += enough;
    totals_.calls += seen.calls;
    totals_.returned += seen.returned;
    totals_.instructions += seen.instructions;
    totals_.compared += runs.peers_done;
    totals_.compiled += runs.compiled_done;
    totals_.three_ways += enough && runs.peers_done > 0 && runs.compiled_done > 0;
  }

  void print(uint64_t next, double seconds) const {
    const auto of = [](uint64_t part, uint64_t all) {
      return all == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(all);
    };
    std::fprintf(
        stderr,
        "seed %lu: %lu modules (%.0f/s now), %.1f %% ran more than %lu instructions in exports, %lu not "
        "instantiated; %lu calls, %.1f %% returned, %.0f instructions each; %lu runs of ours, %lu of "
        "compiled "
        "code, %lu of peers, %lu three ways; %lu findings, %lu outvoted peers; next is %lu\n",
        options_.seed, totals_.modules, static_cast<double>(next - options_.first) / (seconds + 1e-9),
        of(totals_.enough, totals_.modules), kEnoughInstructions, totals_.refused, totals_.calls,
        of(totals_.returned, totals_.calls),
        totals_.calls == 0 ? 0
                           : static_cast<double>(totals_.instructions) / static_cast<double>(totals_.calls),
        totals_.runs, totals_.compiled, totals_.compared, totals_.three_ways, totals_.findings,
        totals_.outvoted, next);
  }

  // The state is a line of numbers: where to go on, and the sums so far. Written before each module, so that the number of
  // one that ends the process is known.
  void load_state() {
    if (options_.state.empty()) return;
    state_ = ::open(options_.state.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    char text[512] = {};
    if (state_ < 0 || ::pread(state_, text, sizeof text - 1, 0) <= 0) return;
    uint64_t seed = 0;
    uint64_t next = 0;
    Totals t;
    if (std::sscanf(text, "seed %lu next %lu sums %lu %lu %lu %lu %lu %lu %lu %lu %lu %lu %lu %lu", &seed,
                    &next, &t.modules, &t.refused, &t.enough, &t.calls, &t.returned, &t.instructions, &t.runs,
                    &t.compared, &t.findings, &t.outvoted, &t.compiled, &t.three_ways) != 14) {
      return;
    }
    options_.seed = seed;
    options_.first = next_ = next;
    totals_ = t;
    options_.max_findings += t.findings;
  }

  void save_state(uint64_t next) const {
    if (state_ < 0) return;
    const Totals& t = totals_;
    char text[512];
    const int size = std::snprintf(
        text, sizeof text, "seed %lu next %lu sums %lu %lu %lu %lu %lu %lu %lu %lu %lu %lu %lu %lu\n",
        options_.seed, next, t.modules, t.refused, t.enough, t.calls, t.returned, t.instructions, t.runs,
        t.compared, t.findings, t.outvoted, t.compiled, t.three_ways);
    (void)!::pwrite(state_, text, static_cast<size_t>(size), 0);
  }

  Options options_;
  Totals totals_;
  std::map<uint32_t, std::unique_ptr<CompileChild>> compilers_;  // By mode.
  uint64_t next_ = 0;
  int state_ = -1;
};

[[noreturn]] void usage(const char* word) {
  std::fprintf(stderr,
               "fuzz_differential: what is '%s'? The options are at the top of fuzz_differential.cc\n", word);
  std::exit(2);
}

void parse(Options& options, std::span<char*> words) {
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const auto value = [&]() -> const char* {
      if (i + 1 == words.size()) usage(words[i]);
      return words[++i];
    };
    const auto number = [&] { return std::strtoull(value(), nullptr, 0); };
    if (word == "--seconds") {
      options.seconds = static_cast<double>(number());
    } else if (word == "--modules") {
      options.modules = number();
    } else if (word == "--seed") {
      options.seed = number();
    } else if (word == "--first") {
      options.first = number();
    } else if (word == "--one") {
      options.first = number();
      options.one = true;
    } else if (word == "--max-findings") {
      options.max_findings = number();
    } else if (word == "--features") {
      options.features = Features::parse(value());
      if (!options.features) usage(words[i]);
    } else if (word == "--keep") {
      options.keep = value();
    } else if (word == "--state") {
      options.state = value();
    } else if (word == "--no-minimizing") {
      options.minimizing = false;
    } else if (word == "--all-modes") {
      options.all_modes = true;
    } else if (word == "--compiler") {
      options.compiler = value();
    } else if (word == "--compiled") {
      const std::string list = value();
      for (const char* at = list.c_str(); *at != 0;) {
        char* end = nullptr;
        options.compiled.push_back(
            static_cast<uint32_t>(std::strtoul(at, &end, 10) % compiled_modes().size()));
        if (end == at) usage(words[i]);
        at = *end == ',' ? end + 1 : end;
      }
    } else if (word == "--files") {
      while (i + 1 < words.size()) options.files.emplace_back(words[++i]);
    } else if (word == "--peer") {
      const std::string peer = value();
      const size_t split = peer.find('=');
      if (split == std::string::npos) usage(words[i]);
      options.peers.push_back(std::make_unique<Peer>(peer.substr(0, split), peer.substr(split + 1)));
    } else {
      usage(words[i]);
    }
  }
}

}  // namespace

}  // namespace wherry::fuzz

int main(int count, char** words) {
  using namespace wherry::fuzz;
  if (count >= 2 && std::strcmp(words[1], "--serve") == 0) {
    serve(all_modes()[count >= 3 ? std::strtoul(words[2], nullptr, 0) % all_modes().size() : 0]);
    return 0;
  }
  Options options;
  parse(options, std::span(words + 1, static_cast<size_t>(count - 1)));
  return Fuzzer(std::move(options)).run();
}
