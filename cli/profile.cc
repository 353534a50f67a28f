// `wherry run -D profile=FILE`: samples of the guest's stack, a thousand a second, for a viewer of flame graphs.
//
// Stacks are kept as a tree, so that memory grows with the number of different stacks; the Firefox form also has the order of
// the samples, 16 bytes each. FILE.json is the Firefox Profiler's own format ("processed profile", version 55: what other
// engines write for it), everything else folded stacks, a line `outermost;...;innermost microseconds` that flamegraph.pl,
// speedscope and inferno read. Time is wall time: what a host function waits is there, under its name.
#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "cli/console.h"
#include "cli/watch.h"

namespace wherry::cli {

namespace {

constexpr uint32_t kRoot = ~uint32_t{0};
// A program whose stacks never repeat is shown to where the tree is full.
constexpr size_t kMostNodes = 1 << 20;
constexpr size_t kMostSamples = 1 << 22;
constexpr size_t kSummaryRows = 20;

struct Node {
  uint32_t parent;
  uint32_t function;
  uint64_t self_ns = 0;
  uint64_t total_ns = 0;
};

struct Sample {
  uint32_t node;
  uint64_t elapsed_ns;
};

class Profile final : public Watch {
 public:
  Profile(std::string_view program, std::string_view path, bool summary)
      : program_(program), path_(path), summary_(summary) {
    functions_.emplace_back();  // What was left out of a deep stack.
  }

  uint32_t observations() const override { return static_cast<uint32_t>(Observation::Samples); }

  Result<void> begin() override { return path_.empty() ? Result<void>() : out_.open(path_); }

  void on_sample(const SampleEvent& event) override {
    uint32_t node = kRoot;
    for (size_t i = event.stack.size(); i-- > 0;) {
      if (event.omitted != 0 && i + 1 == event.stack.size() / 2) node = child(node, 0);
      node = child(node, function_of(event.stack[i]));
    }
    const auto elapsed = static_cast<uint64_t>(event.elapsed.count());
    nodes_[node].self_ns += elapsed;
    total_ns_ += elapsed;
    if (samples_.size() < kMostSamples) samples_.push_back({node, elapsed});
  }

  Result<void> end(const Error*) override {
    if (!path_.empty()) {
      path_.ends_with(".json") ? write_json() : write_folded();
      out_.flush();
    }
    if (summary_) write_summary();
    return {};
  }

 private:
  uint32_t function_of(const ObservedFunction* function) {
    const auto [found, is_new] =
        function_ids_.try_emplace(function, static_cast<uint32_t>(functions_.size()));
    if (is_new) functions_.push_back(function);
    return found->second;
  }

  // Of a full tree, the parent itself.
  uint32_t child(uint32_t parent, uint32_t function) {
    const auto found = children_.find({parent, function});
    if (found != children_.end()) return found->second;
    if (nodes_.size() == kMostNodes) return parent;
    const auto made = static_cast<uint32_t>(nodes_.size());
    nodes_.push_back({.parent = parent, .function = function});
    children_.emplace(std::pair(parent, function), made);
    return made;
  }

  std::string label(uint32_t id) const {
    const ObservedFunction* function = functions_[id];
    if (function == nullptr) return "...";
    std::string text =
        function->name.empty() ? "func[" + std::to_string(function->index) + "]" : function->name;
    for (char& c : text) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '_';
    }
    return text;
  }

  // `path` in reverse, as folded stacks have it.
  void write_folded() {
    std::vector<uint32_t> path;
    for (uint32_t i = 0; i < nodes_.size(); ++i) {
      const uint64_t microseconds = nodes_[i].self_ns / 1000;
      if (microseconds == 0) continue;
      path.clear();
      for (uint32_t at = i; at != kRoot; at = nodes_[at].parent) path.push_back(at);
      while (!path.empty()) {
        out_.name(label(nodes_[path.back()].function), "; ");
        path.pop_back();
        out_.put(path.empty() ? ' ' : ';');
      }
      out_.put(std::to_string(microseconds) + "\n");
    }
  }

  // Self and total time by function; a function that calls itself counts once.
  void write_summary() {
    struct Row {
      uint32_t function;
      uint64_t self_ns = 0, total_ns = 0;
    };
    for (Node& node : nodes_) node.total_ns = node.self_ns;
    for (size_t i = nodes_.size(); i-- > 0;) {  // Children come after their parents.
      if (nodes_[i].parent != kRoot) nodes_[nodes_[i].parent].total_ns += nodes_[i].total_ns;
    }
    std::vector<Row> rows(functions_.size());
    for (uint32_t i = 0; i < rows.size(); ++i) rows[i].function = i;
    for (const Node& node : nodes_) {
      rows[node.function].self_ns += node.self_ns;
      bool is_outermost = true;
      for (uint32_t at = node.parent; at != kRoot && is_outermost; at = nodes_[at].parent)
        is_outermost = nodes_[at].function != node.function;
      if (is_outermost) rows[node.function].total_ns += node.total_ns;
    }
    std::ranges::sort(rows, std::greater(), &Row::self_ns);
    Report err;
    err.put("profile: " + std::to_string(total_ns_ / 1'000'000) + " ms, " + std::to_string(samples_.size()) +
            " samples\n    self   total\n");
    for (size_t i = 0; i < rows.size() && i < kSummaryRows && rows[i].self_ns != 0; ++i) {
      err.put(percent(rows[i].self_ns) + " " + percent(rows[i].total_ns) + "  ");
      err.name(label(rows[i].function));
      err.put('\n');
    }
  }

  std::string percent(uint64_t part_ns) const {
    const auto tenths = static_cast<uint64_t>(static_cast<unsigned __int128>(part_ns) * 1000 / total_ns_);
    std::string text = std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + "%";
    return std::string(text.size() < 7 ? 7 - text.size() : 0, ' ') + text;
  }

  // ---- JSON

  void quote(std::string_view text) {
    out_.put('"');
    for (const char c : text) {
      if (c == '"' || c == '\\') out_.put('\\');
      out_.put(static_cast<unsigned char>(c) < 0x20 ? '_' : c);
    }
    out_.put('"');
  }

  template <class Value>
  void column(std::string_view name, size_t count, Value value) {
    out_.put(",\"");
    out_.put(name);
    out_.put("\":[");
    for (size_t i = 0; i < count; ++i) {
      if (i != 0) out_.put(',');
      out_.put(value(i));
    }
    out_.put(']');
  }

  static std::string milliseconds(uint64_t ns) {
    std::string fraction = std::to_string(ns % 1'000'000);
    return std::to_string(ns / 1'000'000) + "." + std::string(6 - fraction.size(), '0') + fraction;
  }

  void head() {
    out_.put(
        "{\"meta\":{\"categories\":[{\"name\":\"Guest\",\"color\":\"blue\",\"subcategories\":[\"Other\"]},"
        "{\"name\":\"Host\",\"color\":\"orange\",\"subcategories\":[\"Other\"]}],\"debug\":false,"
        "\"extensions\":{\"baseURL\":[],\"id\":[],\"length\":0,\"name\":[]},\"interval\":1.0,"
        "\"preprocessedProfileVersion\":55,\"processType\":0,\"product\":");
    quote(program_);
    out_.put(
        ",\"sampleUnits\":{\"eventDelay\":\"ms\",\"threadCPUDelta\":\"\xc2\xb5s\",\"time\":\"ms\"},"
        "\"startTime\":0,"
        "\"symbolicated\":true,\"pausedRanges\":[],\"version\":24,\"usesOnlyOneStackType\":true,"
        "\"sourceCodeIsNotOnSearchfox\":true,\"markerSchema\":[]},\"libs\":[],\"threads\":[{\"name\":");
    quote(program_);
    out_.put(",\"isMainThread\":true,\"pausedRanges\":[],\"pid\":\"0\",\"tid\":\"0\",\"processName\":");
    quote(program_);
    out_.put(",\"processType\":\"default\",\"processStartupTime\":0,\"processShutdownTime\":" +
             milliseconds(total_ns_) + ",\"registerTime\":0,\"unregisterTime\":" + milliseconds(total_ns_) +
             ",\"showMarkersInTimeline\":false,\"markers\":{\"length\":0,\"category\":[],\"data\":[],"
             "\"endTime\":[],"
             "\"name\":[],\"phase\":[],\"startTime\":[]},\"nativeSymbols\":{\"length\":0,\"address\":[],"
             "\"functionSize\":[],\"libIndex\":[],\"name\":[]},\"resourceTable\":{\"length\":0,\"lib\":[],"
             "\"name\":[],"
             "\"host\":[],\"type\":[]}");
  }

  // A frame for each function, a stack for each node of the tree.
  void write_json() {
    const auto constant = [](std::string_view text) { return [text](size_t) { return text; }; };
    const auto number = [](size_t i) { return std::to_string(i); };
    const auto category = [this](size_t i) {
      return std::string_view(functions_[i] != nullptr && functions_[i]->host ? "1" : "0");
    };
    const size_t functions = functions_.size();
    head();
    out_.put(",\"frameTable\":{\"length\":" + std::to_string(functions));
    column("address", functions, constant("-1"));
    column("inlineDepth", functions, constant("0"));
    column("category", functions, category);
    column("subcategory", functions, constant("0"));
    column("func", functions, number);
    for (const char* name : {"nativeSymbol", "innerWindowID", "line", "column"})
      column(name, functions, constant("null"));
    out_.put("},\"funcTable\":{\"length\":" + std::to_string(functions));
    column("name", functions, number);
    column("isJS", functions, constant("false"));
    column("relevantForJS", functions, constant("false"));
    column("resource", functions, constant("-1"));
    for (const char* name : {"fileName", "lineNumber", "columnNumber"})
      column(name, functions, constant("null"));
    out_.put("},\"stackTable\":{\"length\":" + std::to_string(nodes_.size()));
    column("prefix", nodes_.size(), [this](size_t i) {
      return nodes_[i].parent == kRoot ? std::string("null") : std::to_string(nodes_[i].parent);
    });
    column("frame", nodes_.size(), [this](size_t i) { return std::to_string(nodes_[i].function); });
    out_.put("},\"samples\":{\"length\":" + std::to_string(samples_.size()) +
             ",\"weightType\":\"tracing-ms\"");
    const auto elapsed = [this](size_t i) { return milliseconds(samples_[i].elapsed_ns); };
    column("stack", samples_.size(), [this](size_t i) { return std::to_string(samples_[i].node); });
    column("timeDeltas", samples_.size(), elapsed);
    column("weight", samples_.size(), elapsed);
    column("threadCPUDelta", samples_.size(), constant("null"));
    out_.put("},\"stringArray\":[");
    for (uint32_t i = 0; i < functions; ++i) {
      if (i != 0) out_.put(',');
      quote(label(i));
    }
    out_.put("]}],\"pages\":[],\"profilerOverhead\":[],\"counters\":[]}\n");
  }

  std::string_view program_;
  std::string_view path_;
  bool summary_;
  Report out_;
  std::vector<const ObservedFunction*> functions_;
  std::map<const ObservedFunction*, uint32_t> function_ids_;
  std::vector<Node> nodes_;
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> children_;
  std::vector<Sample> samples_;
  uint64_t total_ns_ = 0;
};

}  // namespace

std::unique_ptr<Watch> make_profile(std::string_view program, std::string_view path, bool summary) {
  return std::make_unique<Profile>(program, path, summary);
}

}  // namespace wherry::cli
