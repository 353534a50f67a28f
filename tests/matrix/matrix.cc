// The matrix: every numeric instruction, over values at the edges, in every form that lowering treats differently, against
// results that tests/matrix/table.py computes in exact arithmetic.
//
//   table.py | matrix [--modes main|some|all] [--without PREFIX...]
//
// Reads the table from its input. An instruction of engine/wasm/opcodes.inc that takes and gives numbers and has no line there
// is a missing cell, and the test fails; so is one that the engine does not execute. `--without` names what a build cannot do
// yet.
#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <optional>
#include <string>

#include "tests/fuzz/observe.h"
#include "tests/matrix/forms.h"
#include "wherry/wherry.h"

namespace wherry::matrix {

namespace {

constexpr size_t kRowsWithConstants = 40;
constexpr int kMostReports = 20;

struct Expected {
  V128 bits;
  uint32_t lane_width = 0;  // Of float lanes whose NaNs are not determined; 0 for a scalar's only one.
  std::string lanes;        // c, a or - for each; empty if all bits are determined.
};

struct Row {
  std::vector<V128> operands;
  std::vector<Expected> results;
  std::string trap;  // Instead of results.
};

// The rows of an instruction with one immediate.
struct Group {
  std::vector<uint8_t> immediate;
  std::vector<Row> rows;
};

using Table = std::map<std::string, std::map<std::string, Group>, std::less<>>;

// ---- reading the table

V128 number(std::string_view digits) {
  V128 value;
  for (const char digit : digits) {
    const auto bits = static_cast<uint64_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
    value = {value.low << 4 | bits, value.high << 4 | value.low >> 60};
  }
  return value;
}

Expected result(std::string_view word) {
  Expected made;
  const size_t mark = word.find('~');
  made.bits = number(word.substr(0, mark));
  if (mark == std::string_view::npos) return made;
  const size_t colon = word.find(':');
  made.lane_width = static_cast<uint32_t>(std::atoi(std::string(word.substr(mark + 1, colon)).c_str()));
  made.lanes = word.substr(colon + 1);
  return made;
}

std::string_view take_word(std::string_view& line) {
  const size_t end = line.find(' ');
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  return word;
}

void read_line(Table& table, std::string_view line) {
  const std::string name(take_word(line));
  const std::string immediate(take_word(line));
  Group& group = table[name][immediate];
  if (group.rows.empty() && immediate.size() == 32) {
    for (size_t i = 0; i < 32; i += 2) {
      group.immediate.push_back(static_cast<uint8_t>(number(std::string_view(immediate).substr(i, 2)).low));
    }
  } else if (group.rows.empty() && immediate != "-") {
    group.immediate.push_back(static_cast<uint8_t>(std::atoi(immediate.c_str())));
  }
  Row row;
  for (std::string_view word = take_word(line); word != "=" && word != "!"; word = take_word(line)) {
    row.operands.push_back(number(word));
  }
  if (line[0] >= 'g' || line.find("integer") == 0 || line.find("invalid") == 0) {
    row.trap = line;
  } else {
    while (!line.empty()) row.results.push_back(result(take_word(line)));
  }
  group.rows.push_back(std::move(row));
}

Table read_table() {
  Table table;
  char line[1024];
  while (std::fgets(line, sizeof line, stdin) != nullptr) {
    const std::string_view text(line, std::strcspn(line, "\n"));
    if (!text.empty()) read_line(table, text);
  }
  return table;
}

// ---- values

Val value_of(char letter, V128 bits) {
  switch (letter) {
    case 'I': return Val(static_cast<uint32_t>(bits.low));
    case 'L': return Val(bits.low);
    case 'F': return Val(std::bit_cast<float>(static_cast<uint32_t>(bits.low)));
    case 'D': return Val(std::bit_cast<double>(bits.low));
    default: return Val(bits);
  }
}

V128 bits_of(const Val& value) {
  switch (value.kind()) {
    case ValueKind::I32: return {*value.get<uint32_t>(), 0};
    case ValueKind::I64: return {*value.get<uint64_t>(), 0};
    case ValueKind::F32: return {std::bit_cast<uint32_t>(*value.get<float>()), 0};
    case ValueKind::F64: return {std::bit_cast<uint64_t>(*value.get<double>()), 0};
    default: return value.get<V128>().value_or(V128{});
  }
}

uint64_t lane_of(V128 bits, uint32_t width, size_t lane) {
  const uint64_t half = lane * width < 64 ? bits.low : bits.high;
  return width == 64 ? half : half >> (lane * width % 64) & 0xffffffff;
}

bool matches_nan(uint64_t bits, uint32_t width, char kind) {
  const uint64_t sign = uint64_t{1} << (width - 1);
  const uint64_t canonical = width == 32 ? 0x7fc00000 : 0x7ff8000000000000;
  if (kind == 'c') return (bits & ~sign) == canonical;
  return (bits & canonical) == canonical;
}

bool matches(const Expected& expected, char letter, V128 bits) {
  if (expected.lanes.empty()) return bits == expected.bits;
  const uint32_t width = expected.lane_width != 0 ? expected.lane_width : letter == 'F' ? 32 : 64;
  for (size_t lane = 0; lane < expected.lanes.size(); ++lane) {
    const uint64_t is = lane_of(bits, width, lane);
    const char kind = expected.lanes[lane];
    const bool good = kind == '-' ? is == lane_of(expected.bits, width, lane) : matches_nan(is, width, kind);
    if (!good) return false;
  }
  return true;
}

// What an i32 becomes that only serves as a condition.
V128 after_sink(const Form& form, V128 bits) { return form.sink >= Sink::If ? V128{bits.low != 0, 0} : bits; }

// ---- running

class Matrix {
 public:
  explicit Matrix(Table table) : table_(std::move(table)) {}

  int run(std::span<const fuzz::Mode> modes, std::span<char*> without) {
    size_t executed = 0;
    for (const Instruction& row : instructions()) {
      bool left_out = false;
      for (const char* prefix : without) left_out |= row.name.starts_with(prefix);
      if (left_out) continue;
      const auto found = table_.find(row.name);
      if (found == table_.end()) {
        report("%s has no line in the table", row.name);
        continue;
      }
      ++executed;
      for (const fuzz::Mode& mode : modes) {
        for (const auto& [immediate, group] : found->second) check(mode, row, group);
      }
    }
    std::printf("figure: matrix: %zu instructions, %lu forms, %lu results in %zu modes, %d wrong\n", executed,
                forms_, results_, modes.size(), wrong_);
    return wrong_ == 0 ? 0 : 1;
  }

 private:
  void check(const fuzz::Mode& mode, const Instruction& row, const Group& group) {
    std::vector<Form> forms = general_forms(row);
    const size_t general = forms.size();
    std::vector<size_t> rows_of(general);
    const size_t step = group.rows.size() / kRowsWithConstants + 1;
    for (size_t at = 0; at < group.rows.size(); at += step) {
      for (Form& form : constant_forms(row, group.rows[at].operands)) {
        forms.push_back(std::move(form));
        rows_of.push_back(at);
      }
    }
    forms_ += forms.size();
    const std::vector<uint8_t> bytes = module_of(row, group.immediate, forms);
    Config config;
    config.features.set("all", true).value();
    config.fuel = mode.fuel;
    config.interruption = mode.deadline;
    config.advanced.disabled_optimizations = mode.disabled;
    config.advanced.signals_based_traps = mode.guard;
    config.advanced.validation_threads = 1;
    auto engine = Engine::create(config).value();
    auto module = Module::load_borrowed(engine, bytes);
    if (!module) return report("%s: %s", row.name, module.error().describe().c_str());
    auto store = Store::create(engine).value();
    auto instance = Instance::create(store, *module, {});
    for (size_t i = 0; i < forms.size(); ++i) {
      const Func func = *instance->get_at(store, i)->func();
      const bool all = i < general;
      const size_t first = all ? 0 : rows_of[i];
      for (size_t at = first; at < (all ? group.rows.size() : first + 1); ++at) {
        if (mode.fuel) store.set_fuel(1'000'000).value();
        if (!check(store, func, mode, row, forms[i], group.rows[at])) return;
      }
    }
  }

  // False if it makes no sense to go on.
  bool check(Store& store, Func func, const fuzz::Mode& mode, const Instruction& row, const Form& form,
             const Row& wanted) {
    if (form.same &&
        !std::equal(wanted.operands.begin() + 1, wanted.operands.end(), wanted.operands.begin())) {
      return true;
    }
    Val params[4];
    Val results[2];
    for (size_t i = 0; i < wanted.operands.size(); ++i) {
      params[i] = value_of(row.operands[i], wanted.operands[i]);
    }
    const auto done =
        func.call(store, std::span(params, wanted.operands.size()), std::span(results, row.results.size()));
    ++results_;
    if (!done && done.error().kind() == ErrorKind::Unsupported) {
      report("%s is not executed: %s", row.name, done.error().describe().c_str());
      return false;
    }
    if (!done || !wanted.trap.empty()) {
      const bool good = !done && !wanted.trap.empty() && done.error().trap_code() &&
                        trap_message(*done.error().trap_code()).starts_with(wanted.trap);
      if (!good) wrong(mode, row, form, wanted, done ? "no trap" : done.error().describe());
      return true;
    }
    for (size_t i = 0; i < row.results.size(); ++i) {
      const V128 bits = bits_of(results[i]);
      Expected expected = wanted.results[i];
      expected.bits = after_sink(form, expected.bits);
      if (matches(expected, row.results[i], bits)) continue;
      char text[64];
      std::snprintf(text, sizeof text, "%016lx%016lx", bits.high, bits.low);
      wrong(mode, row, form, wanted, text);
    }
    return true;
  }

  void wrong(const fuzz::Mode& mode, const Instruction& row, const Form& form, const Row& wanted,
             const std::string& is) {
    std::string operands;
    char text[64];
    for (const V128 operand : wanted.operands) {
      std::snprintf(text, sizeof text, " %lx%016lx", operand.high, operand.low);
      operands += text;
    }
    std::string expected = wanted.trap;
    for (const Expected& one : wanted.results) {
      std::snprintf(text, sizeof text, " %lx%016lx", one.bits.high, one.bits.low);
      expected += text + (one.lanes.empty() ? "" : " with NaNs " + one.lanes);
    }
    report("%s%s: expected %s, found %s (%s; %.*s)", row.name, operands.c_str(), expected.c_str(), is.c_str(),
           describe(form).c_str(), static_cast<int>(mode.name.size()), mode.name.data());
  }

  template <class... Args>
  void report(const char* pattern, std::string_view name, Args... args) {
    if (++wrong_ > kMostReports) return;
    std::fprintf(stderr, pattern, std::string(name).c_str(), args...);
    std::fputc('\n', stderr);
  }

  const Table table_;
  uint64_t forms_ = 0;
  uint64_t results_ = 0;
  int wrong_ = 0;
};

}  // namespace

}  // namespace wherry::matrix

int main(int count, char** words) {
  using namespace wherry;
  std::span<char*> rest(words + 1, static_cast<size_t>(count - 1));
  std::vector<fuzz::Mode> modes(fuzz::all_modes().begin(), fuzz::all_modes().begin() + 2);
  if (rest.size() >= 2 && std::strcmp(rest[0], "--modes") == 0) {
    const bool all = std::strcmp(rest[1], "all") == 0;
    const bool some = std::strcmp(rest[1], "some") == 0;
    for (const fuzz::Mode& mode : fuzz::all_modes().subspan(2)) {
      // Some: an optimisation each off, with guard pages and with checks.
      if (all || (some && mode.name.starts_with("without"))) modes.push_back(mode);
    }
    rest = rest.subspan(2);
  }
  if (!rest.empty()) rest = rest.subspan(1);  // --without
  return matrix::Matrix(matrix::read_table()).run(modes, rest);
}
