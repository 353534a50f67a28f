// From a module's bytes to an artifact's: validate, cut into units, compile them in parallel, join them, write.
//
// Units are compiled by index, each in an LLVMContext of its own, and everything that depends on more than one unit happens
// afterwards on one thread in their order: so the bytes do not depend on how many threads there were, or who was faster. When a unit
// fails, the error of the first that does is reported, which is the same one on every run, since units begin in order.
//
// Classes of weight (compiler/weigh.h) keep any module within bounds: large functions get fewer passes (compiler/pipeline.cc); from kHugeWeight on
// they are compiled without optimisation, whose time grows with the square of a function in places; from kMostWeight on they are left to
// the interpreter. Units are cut by weight, so a worker needs about as much memory for one as for any other. Passes recurse as deep as
// a guest nests its loops, so workers have large stacks.
#include "compiler/driver.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <unordered_map>

#include "compiler/link.h"
#include "compiler/partition.h"
#include "compiler/target.h"
#include "compiler/unit.h"
#include "compiler/weigh.h"
#include "engine/artifact/processor.h"
#include "engine/artifact/writer.h"
#include "engine/base/digest.h"
#include "engine/base/os/thread.h"
#include "engine/decode/decode.h"
#include "engine/validate/typed_module.h"
#include "engine/wasm/errors.h"
#include "engine/wasm/type_registry.h"

namespace wherry::compiler {

namespace {

constexpr uint64_t kHugeWeight = 100'000;
constexpr uint32_t kMaxThreads = 256;
constexpr size_t kStackBytes = size_t{256} << 20;  // Of a worker; touched where it is used.

// A coin for each function that is the same everywhere (splitmix64).
bool coin(uint64_t seed, uint32_t index) {
  uint64_t x = seed + (uint64_t{index} + 1) * 0x9e37'79b9'7f4a'7c15;
  x = (x ^ x >> 30) * 0xbf58'476d'1ce4'e5b9;
  x = (x ^ x >> 27) * 0x94d0'49bb'1331'11eb;
  return ((x ^ x >> 31) & 1) != 0;
}

// A validated module and how it is cut.
class Job {
 public:
  static base::Result<std::unique_ptr<Job>> prepare(base::ByteSpan wasm, const CompileSettings& settings) {
    auto job = std::unique_ptr<Job>(new Job(settings));
    wasm::Module decoded = WHERRY_TRY(decode::decode(wasm, {settings.features}));
    auto typed = WHERRY_TRY(validate::type_module(std::move(decoded), job->registry_));
    job->module_.emplace(WHERRY_TRY(validate::validate(std::move(typed), job->threads())).take());
    job->cut();
    return job;
  }

  const validate::TypedModule& module() const { return *module_; }
  const CompileSettings& settings() const { return settings_; }
  const ModuleFacts& facts() const { return facts_; }
  size_t unit_count() const { return parts_.size(); }

  Unit unit(size_t index) const {
    const Part& part = parts_[index];
    Unit unit;
    unit.functions = std::span(indices_).subspan(part.begin, part.end - part.begin);
    unit.with_thunks = index == 0;
    unit.is_whole = parts_.size() == 1;
    unit.facts = &facts_;
    const auto within = [&](const std::vector<uint32_t>& all) {
      const auto begin = std::ranges::lower_bound(all, part.begin);
      return std::span(begin, std::ranges::lower_bound(all, part.end));
    };
    unit.left_out = within(left_out_);
    unit.internal = within(internal_);
    unit.imported = imports_[index];
    return unit;
  }
  Options options(size_t index) const {
    Options options = settings_.options;
    if (parts_[index].weight >= kHugeWeight) options.optimization = 0;
    return options;
  }

  // In the units' order.
  base::Result<std::vector<UnitObject>> compile_units() {
    objects_.resize(parts_.size());
    std::vector<base::Thread> workers(std::min<size_t>(threads(), parts_.size()));
    // One that cannot be started leaves its work to the others.
    bool has_worker = false;
    for (base::Thread& worker : workers) has_worker |= worker.start(&Job::work, this, kStackBytes);
    if (!has_worker) work(this);
    for (base::Thread& worker : workers) worker.join();
    if (error_) return base::Failure(*std::move(error_));
    return std::move(objects_);
  }

 private:
  explicit Job(const CompileSettings& settings) : settings_(settings) {}

  uint32_t threads() const {
    return std::min(settings_.threads == 0 ? base::hardware_concurrency() : settings_.threads, kMaxThreads);
  }

  void cut() {
    facts_ = scan_module(*module_);
    parts_ = partition(module_->module, facts_.weights);
    indices_.resize(module_->module.bodies.size());
    std::iota(indices_.begin(), indices_.end(), 0u);
    for (const uint32_t index : indices_) {
      const bool is_unlucky = settings_.leaves_out_randomly && coin(settings_.leave_out_seed, index);
      if (is_unlucky || facts_.weights[index] > kMostWeight) left_out_.push_back(index);
    }
    for (const Part& part : parts_) all_bytes_ += part.body_bytes;
    imports_ = choose_imports(parts_, facts_, left_out_);
    find_internal();
  }

  // Functions that only code of their own unit calls. LLVM may do with them as it likes; by slots the interpreter runs them.
  void find_internal() {
    std::vector<bool> is_reachable = std::move(facts_.is_exposed);
    const auto part_of = [&](uint32_t index) {
      return std::ranges::upper_bound(parts_, index, {}, &Part::begin) - parts_.begin();
    };
    for (const ModuleFacts::Edge call : facts_.calls) {
      if (!is_reachable[call.callee] && part_of(call.callee) != part_of(call.caller))
        is_reachable[call.callee] = true;
    }
    facts_.calls = {};
    for (const uint32_t index : indices_) {
      if (!is_reachable[index]) internal_.push_back(index);
    }
  }

  static void work(void* self) {
    auto& job = *static_cast<Job*>(self);
    for (;;) {
      const size_t index = job.next_.fetch_add(1);
      if (index >= job.parts_.size() || job.has_failed_.load()) return;
      job.compile_one(index);
    }
  }

  void compile_one(size_t index) {
    base::Result<UnitObject> object = compile_unit(*module_, options(index), unit(index));
    const std::lock_guard lock(mutex_);
    if (!object) {
      has_failed_ = true;
      if (!error_ || index < error_index_) {
        error_ = std::move(object).error();
        error_index_ = index;
      }
      return;
    }
    objects_[index] = std::move(*object);
    done_bytes_ += parts_[index].body_bytes;
    if (settings_.progress != nullptr)
      settings_.progress(settings_.progress_context, done_bytes_, all_bytes_);
  }

  const CompileSettings& settings_;
  wasm::TypeRegistry registry_;
  std::optional<validate::TypedModule> module_;
  ModuleFacts facts_;
  std::vector<Part> parts_;
  std::vector<uint32_t> indices_;   // 0, 1, 2...: what units point into.
  std::vector<uint32_t> left_out_;  // Ascending, as is the next.
  std::vector<uint32_t> internal_;
  std::vector<std::vector<uint32_t>> imports_;  // By unit.
  uint64_t all_bytes_ = 0;

  std::atomic<size_t> next_{0};
  std::atomic<bool> has_failed_{false};
  std::mutex mutex_;  // Over what follows while workers run.
  std::vector<UnitObject> objects_;
  std::optional<base::Error> error_;
  size_t error_index_ = 0;
  uint64_t done_bytes_ = 0;
};

uint64_t flags_of(const Options& options, const ModuleFacts& facts) {
  using artifact::CodeFlag;
  uint64_t flags = 0;
  const auto add = [&](bool on, CodeFlag flag) { flags |= on ? static_cast<uint64_t>(flag) : 0; };
  add(options.fuel, CodeFlag::Fuel);
  add(options.interruption, CodeFlag::Interruption);
  add(options.nan_canonicalization, CodeFlag::CanonicalNan);
  add(options.trap_precision == TrapPrecision::Exact, CodeFlag::ExactTraps);
  add(options.guard_pages, CodeFlag::GuardPages);
  add(facts.is_flagged, CodeFlag::Flagged);
  add(facts.has_tail_calls, CodeFlag::TailCalls);
  return flags;
}

// By index; functions of `left_out` have none.
std::vector<uint32_t> table_of(std::span<const LinkedText::Entry> entries, size_t count,
                               std::span<const UnitObject> objects) {
  std::vector<uint32_t> table(count, artifact::kNoCode);
  for (const LinkedText::Entry& entry : entries) {
    if (entry.index < count) table[entry.index] = entry.text_offset;
  }
  for (const UnitObject& object : objects) {
    for (const uint32_t index : object.left_out) table[index] = artifact::kNoCode;
  }
  return table;
}

// By the module's type index.
std::vector<uint32_t> thunks_of(const validate::TypedModule& module, const LinkedText& linked) {
  const size_t count = module.module.types.size();
  const std::vector<uint32_t> first = table_of(linked.enter_thunks, count, {});
  std::vector<uint32_t> table(count, artifact::kNoCode);
  std::unordered_map<uint32_t, uint32_t>
      offsets;  // By canonical type; only looked up, so that its order is nobody's.
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t id = module.types[wasm::TypeIndex(i)].id.value;
    table[i] = offsets.try_emplace(id, first[i]).first->second;
  }
  return table;
}

// Takes the files out of the objects.
std::vector<std::vector<char>> take_files(std::vector<UnitObject>& objects) {
  std::vector<std::vector<char>> files;
  files.reserve(objects.size());
  for (UnitObject& object : objects) files.push_back(std::move(object.elf));
  return files;
}

base::Result<base::Vector<uint8_t>> assemble(base::ByteSpan wasm, const Job& job,
                                             std::vector<UnitObject>& objects) {
  const CompileSettings& settings = job.settings();
  artifact::Contents contents;
  contents.arch = arch_of(settings.options.architecture);
  const LinkedText linked = WHERRY_TRY(link(take_files(objects), contents.arch));
  const auto functions = table_of(linked.functions, job.module().module.bodies.size(), objects);
  const auto thunks = thunks_of(job.module(), linked);
  const std::string options = describe(settings);
  if (!artifact::add_features(contents.arch, feature_list(settings.options.cpu), contents.cpu_features)) {
    return base::fail(wasm::ErrorCode::CompilerFault, base::Error::kNoOffset,
                      "processor feature without a row");
  }
  contents.code_flags = flags_of(settings.options, job.facts());
  contents.options = options;
  contents.module = &job.module().module;
  contents.declared_refs = job.module().declared_refs;
  const base::Digest digest = base::digest_of(wasm);
  std::ranges::copy(digest.bytes, contents.module_digest);
  contents.text = linked.text;
  contents.functions = functions;
  contents.enter_thunks = thunks;
  contents.ranges = linked.ranges;
  contents.rows = linked.rows;
  return artifact::write(contents);
}

}  // namespace

base::Result<base::Vector<uint8_t>> compile(base::ByteSpan wasm, const CompileSettings& settings) {
  const std::unique_ptr<Job> job = WHERRY_TRY(Job::prepare(wasm, settings));
  std::vector<UnitObject> objects = WHERRY_TRY(job->compile_units());
  return assemble(wasm, *job, objects);
}

base::Result<std::vector<std::vector<char>>> compile_to_objects(base::ByteSpan wasm,
                                                                const CompileSettings& settings) {
  const std::unique_ptr<Job> job = WHERRY_TRY(Job::prepare(wasm, settings));
  std::vector<UnitObject> objects = WHERRY_TRY(job->compile_units());
  return take_files(objects);
}

base::Result<std::string> compile_to_text(base::ByteSpan wasm, const CompileSettings& settings,
                                          TextForm form) {
  const std::unique_ptr<Job> job = WHERRY_TRY(Job::prepare(wasm, settings));
  std::string text;
  for (size_t i = 0; i < job->unit_count(); ++i) {
    text += WHERRY_TRY(
        compile_unit_to_text(job->module(), job->options(i), job->unit(i), static_cast<TextKind>(form)));
  }
  return text;
}

std::string describe(const CompileSettings& settings) {
  const Options& options = settings.options;
  const auto flag = [](bool on) { return on ? "y" : "n"; };
  std::string text = "target=";
  text += artifact::arch_name(arch_of(options.architecture));
  text += " target-cpu=";
  text += level_name(options.cpu);
  text += " optimization=" + std::to_string(options.optimization);
  text += " trap-precision=";
  text += options.trap_precision == TrapPrecision::Exact ? "exact" : "values";
  text += std::string(" guard-pages=") + flag(options.guard_pages) + " fuel=" + flag(options.fuel) +
          " interruption=" + flag(options.interruption) +
          " nan-canonicalization=" + flag(options.nan_canonicalization);
  if (settings.leaves_out_randomly) text += " leave-out=random:" + std::to_string(settings.leave_out_seed);
  return text;
}

}  // namespace wherry::compiler
