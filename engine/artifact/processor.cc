// Whether this processor has what code needs. glibc (x86-64) and the kernel (AArch64) have asked the processor already: one
// CPUID takes 3.7 us in a virtual machine, and a table lookup nothing.
#include "engine/artifact/processor.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/platform/x86.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace wherry::artifact {

namespace {

struct Feature {
  Arch arch;
  uint32_t bit;
  std::string_view name;
};
constexpr Feature kFeatures[] = {
#define CPU_FEATURE(name, arch, bit, text, check) {Arch::arch, bit, text},
#include "engine/artifact/cpu_features.inc"
};

#if defined(__x86_64__)
#define CHECK_X86_64(check) CPU_FEATURE_ACTIVE(check)
#define CHECK_Aarch64(check) false
#else
#define CHECK_X86_64(check) false
#define CHECK_Aarch64(check) ((getauxval(AT_HWCAP) >> (check) & 1) != 0)
#endif

#if defined(__x86_64__)
// The two features of leaf 0x80000001, in their places, of a program that began without asking for them
// (cli/startup_glibc.cc).
uint64_t late_features() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(0x8000'0001, &eax, &ebx, &ecx, &edx) == 0) return 0;
  uint64_t bits[2] = {};
  if ((ecx & 1) != 0) (void)add_features(Arch::X86_64, "+sahf", bits);
  if ((ecx & 1 << 5) != 0) (void)add_features(Arch::X86_64, "+lzcnt", bits);
  return bits[0];
}
#else
uint64_t late_features() { return 0; }
#endif

uint64_t host_features() {
  uint64_t bits = 0;
#define CPU_FEATURE(name, arch, bit, text, check) \
  if (CHECK_##arch(check)) bits |= uint64_t{1} << (bit);
#include "engine/artifact/cpu_features.inc"
  return bits;
}

}  // namespace

Arch host_arch() {
#if defined(__x86_64__)
  return Arch::X86_64;
#elif defined(__aarch64__)
  return Arch::Aarch64;
#else
#error "no such architecture in Arch"
#endif
}

std::string_view arch_name(Arch arch) {
  switch (arch) {
    case Arch::X86_64: return "x86-64";
    case Arch::Aarch64: return "aarch64";
  }
  return {};
}

std::string_view missing_feature(const uint64_t (&features)[2]) {
  uint64_t missing = features[0] & ~host_features();
  if (missing != 0) missing &= ~late_features();
  for (const Feature& feature : kFeatures) {
    if (feature.arch == host_arch() && (missing >> feature.bit & 1) != 0) return feature.name;
  }
  return missing != 0 || features[1] != 0 ? "a feature that this version does not know" : "";
}

bool add_features(Arch arch, std::string_view names, uint64_t (&features)[2]) {
  while (!names.empty()) {
    const size_t comma = names.find(',');
    const std::string_view name = names.substr(0, comma);
    names = comma == std::string_view::npos ? std::string_view() : names.substr(comma + 1);
    if (!name.starts_with('+')) continue;
    bool found = false;
    for (const Feature& feature : kFeatures) {
      if (feature.arch != arch || feature.name != name.substr(1)) continue;
      features[0] |= uint64_t{1} << feature.bit;
      found = true;
    }
    if (!found) return false;
  }
  return true;
}

}  // namespace wherry::artifact
