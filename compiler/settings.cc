// Settings by name: one table, one reader, for the command line, the C interface and the service.
#include "compiler/settings.h"

#include <charconv>

#include "compiler/target.h"
#include "engine/artifact/processor.h"

namespace wherry::compiler {

namespace {

enum class SettingId : uint8_t {
#define SETTING(name, key, values, summary) name,
#include "compiler/settings.inc"
};
struct SettingRow {
  std::string_view key, values, summary;
};
constexpr SettingRow kSettings[] = {
#define SETTING(name, key, values, summary) {key, values, summary},
#include "compiler/settings.inc"
};

bool read_flag(std::string_view text, bool* flag) {
  *flag = text == "y";
  return text == "y" || text == "n";
}

template <class T>
bool read_number(std::string_view text, T* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

bool read_target(std::string_view text, Options* options) {
  if (text == "x86-64" || text == "x86_64") {
    options->architecture = Architecture::X86_64;
    options->cpu = CpuLevel::X86_64_V3;
    return true;
  }
  options->architecture = Architecture::AArch64;
  options->cpu = CpuLevel::Armv8_2;
  return text == "aarch64" || text == "arm64";
}

bool read_cpu(std::string_view text, Options* options) {
  for (const CpuLevel level : {CpuLevel::X86_64_V2, CpuLevel::X86_64_V3, CpuLevel::Armv8_2}) {
    const bool is_arm = level == CpuLevel::Armv8_2;
    if (level_name(level) != text || is_arm != (options->architecture == Architecture::AArch64)) continue;
    options->cpu = level;
    return true;
  }
  return false;
}

bool read_features(std::string_view text, wasm::Features* features) {
  while (!text.empty()) {
    const size_t comma = text.find(',');
    std::string_view name = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    const bool on = !name.starts_with('-');
    if (!on) name.remove_prefix(1);
    if (on && name == "all") {
      *features = wasm::Features::all();
    } else if (on && name == "mvp") {
      *features = wasm::Features::mvp();
    } else if (const auto feature = wasm::find_feature(name)) {
      features->set(*feature, on);
    } else {
      return false;
    }
  }
  return true;
}

bool read_leave_out(std::string_view text, CompileSettings* settings) {
  constexpr std::string_view kPrefix = "random:";
  if (!text.starts_with(kPrefix)) return false;
  settings->leaves_out_randomly = true;
  return read_number(text.substr(kPrefix.size()), &settings->leave_out_seed);
}

bool read(SettingId id, std::string_view value, CompileSettings* settings) {
  Options& options = settings->options;
  switch (id) {
    case SettingId::Target: return read_target(value, &options);
    case SettingId::TargetCpu: return read_cpu(value, &options);
    case SettingId::Optimization:
      return read_number(value, &options.optimization) &&
             (options.optimization == 0 || options.optimization == 2);
    case SettingId::TrapPrecision:
      options.trap_precision = value == "exact" ? TrapPrecision::Exact : TrapPrecision::Values;
      return value == "exact" || value == "values";
    case SettingId::GuardPages: return read_flag(value, &options.guard_pages);
    case SettingId::Fuel: return read_flag(value, &options.fuel);
    case SettingId::Interruption: return read_flag(value, &options.interruption);
    case SettingId::NanCanonicalization: return read_flag(value, &options.nan_canonicalization);
    case SettingId::Features: return read_features(value, &settings->features);
    case SettingId::LeaveOut: return read_leave_out(value, settings);
    case SettingId::Threads: return read_number(value, &settings->threads);
  }
  return false;
}

}  // namespace

CompileSettings default_settings() {
  CompileSettings settings;
  read_target(artifact::arch_name(artifact::host_arch()), &settings.options);
  return settings;
}

std::string set(CompileSettings* settings, std::string_view key, std::string_view value) {
  for (size_t i = 0; i < std::size(kSettings); ++i) {
    if (kSettings[i].key != key) continue;
    if (read(static_cast<SettingId>(i), value, settings)) return {};
    return std::string(key) + " is '" + std::string(value) + "', expected " +
           std::string(kSettings[i].values);
  }
  return "there is no setting '" + std::string(key) + "'";
}

std::string settings_text() {
  std::string text;
  for (const SettingRow& row : kSettings) {
    std::string line = "  --" + std::string(row.key) + "=" + std::string(row.values);
    line.resize(std::max<size_t>(line.size() + 2, 44), ' ');
    text += line + std::string(row.summary) + "\n";
  }
  return text;
}

}  // namespace wherry::compiler
