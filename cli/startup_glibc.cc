// The beginning of a static program on glibc 2.36 and x86-64, with two questions to the processor instead of a dozen, and without
// getting ready to load libraries.
//
// glibc asks by `cpuid` for vendor, features and every level of cache. In a virtual machine each of these traps to the host
// (15 µs where this was measured), which makes them 0.19 of the 0.5 ms of an empty static program, as much as `wherry run` of a
// small module needs for all its own work. So this file takes the place of glibc's __libc_start_main: the same steps in the same
// order, but for that one and what only a program that loads libraries needs (begin_without_loader): 30 µs. What follows from it: the C library's functions on strings are those for any x86-64, caches
// are taken to be of usual size, and tunables that name properties of processors have no effect. Copying and filling,
// which guests ask for, still go by 32 bytes where the processor can; what handlers need is noted where <sys/platform/x86.h>
// shows it.
//
// The names below are the C library's own, which a static program can reach; they are those of one version. So this is part of
// the program only where CMake has found that a program with it links and runs (WHERRY_QUICK_START, cli/startup_probe.cc), and
// with any other C library the program starts as ever. Rejected: another C library (the C++ library at hand is made for this
// one); leaving out the question for AVX2 too (copies of 4 KiB took 1.25 x as long, fills of 1 MB 1.2 x).
#include <cpuid.h>
#include <elf.h>
#include <features.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

#define _Bool bool  // The header is written for C.
#include <sys/platform/x86.h>
#undef _Bool

#if !defined(__x86_64__) || __GLIBC__ != 2 || __GLIBC_MINOR__ != 36
#error "this file knows glibc 2.36 on x86-64 only"
#endif

// NOLINTBEGIN(bugprone-reserved-identifier,cppcoreguidelines-avoid-non-const-global-variables)
extern "C" {
extern void* __libc_stack_end;
extern void* _dl_random;
extern int __libc_enable_secure;
extern const Elf64_Phdr* _dl_phdr;
extern size_t _dl_phnum;
void _dl_aux_init(Elf64_auxv_t* vector);
void __tunables_init(char** environment);
void _dl_relocate_static_pie();
void __libc_setup_tls();
void __libc_early_init(bool is_initial);
void __libc_init_first(int argc, char** argv, char** environment);
void __init_misc(int argc, char** argv, char** environment);
[[gnu::visibility("hidden")]] extern int __libc_argc;
[[gnu::visibility("hidden")]] extern char** __libc_argv;
[[gnu::visibility("hidden")]] extern const Elf64_Ehdr* _dl_sysinfo_dso;
[[gnu::visibility("hidden")]] extern unsigned _dl_stack_flags;
[[gnu::visibility("hidden")]] extern const void *_dl_vdso_clock_gettime64, *_dl_vdso_gettimeofday,
    *_dl_vdso_time, *_dl_vdso_getcpu, *_dl_vdso_clock_getres_time64;
void __libc_check_standard_fds();
void* _dl_debug_initialize(Elf64_Addr base, long name_space);
int __cxa_atexit(void (*function)(void*), void* argument, void* object);
// Where the linker put data that can be written, and their end.
[[gnu::visibility("hidden")]] extern char __data_start[], _end[];
// Code, as bytes: only their addresses are used.
extern const char __memmove_sse2_unaligned[], __memmove_avx_unaligned[];
extern const char __memset_sse2_unaligned[], __memset_avx2_unaligned[];
void _init();
void _fini();

using Initializer = void (*)(int argc, char** argv, char** environment);
using Finalizer = void (*)();
// All hidden: where the linker does not define one, it is null.
[[gnu::weak, gnu::visibility("hidden")]] extern const Elf64_Rela __rela_iplt_start[], __rela_iplt_end[];
[[gnu::visibility("hidden")]] extern const Initializer __preinit_array_start[], __preinit_array_end[];
[[gnu::visibility("hidden")]] extern const Initializer __init_array_start[], __init_array_end[];
[[gnu::visibility("hidden")]] extern const Finalizer __fini_array_start[], __fini_array_end[];

// From which sizes on copying and filling go another way; usual ones, instead of this processor's.
constexpr long kDataCache = 32 << 10, kSharedCache = 16 << 20, kNonTemporal = kSharedCache / 4 * 3;
[[gnu::visibility("hidden")]] long __x86_data_cache_size = kDataCache;
[[gnu::visibility("hidden")]] long __x86_data_cache_size_half = kDataCache / 2;
[[gnu::visibility("hidden")]] long __x86_shared_cache_size = kSharedCache;
[[gnu::visibility("hidden")]] long __x86_shared_cache_size_half = kSharedCache / 2;
[[gnu::visibility("hidden")]] long __x86_shared_non_temporal_threshold = kNonTemporal;
[[gnu::visibility("hidden")]] long __x86_rep_movsb_threshold = 2048;
[[gnu::visibility("hidden")]] long __x86_rep_movsb_stop_threshold = kNonTemporal;
[[gnu::visibility("hidden")]] long __x86_rep_stosb_threshold = 2048;
[[gnu::visibility("hidden")]] int __x86_string_control = 0;
}

namespace {

// What is asked of the processor, in two questions.
struct Processor {
  unsigned basic = 0;          // ecx of leaf 1.
  unsigned extended = 0;       // ebx of leaf 7.
  bool keeps_vectors = false;  // The system keeps registers of 32 bytes.
  bool has_avx2 = false;
};

[[gnu::no_stack_protector]] Processor ask_processor() {
  Processor processor;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  __cpuid(1, eax, ebx, processor.basic, edx);  // There is a leaf 1 on every x86-64.
  constexpr unsigned kXsave = 1 << 27, kAvx = 1 << 28, kAvx2 = 1 << 5, kVectorState = 6;
  if ((processor.basic & (kXsave | kAvx)) != (kXsave | kAvx)) return processor;
  asm("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));  // Whether the system keeps wide registers.
  if ((eax & kVectorState) != kVectorState) return processor;
  processor.keeps_vectors = true;
  __cpuid_count(7, 0, eax, processor.extended, ecx, edx);  // Processors with AVX have it.
  processor.has_avx2 = (processor.extended & kAvx2) != 0;
  return processor;
}

// Has the pages of data that every run touches made by one call: those that cli/hot_functions.txt puts in front, with __data_start the
// first. Behind them are tables with room for more, of which a run touches little: nine pages of the sixteen.
[[gnu::no_stack_protector]] void populate_data() {
  constexpr Elf64_Addr kPage = 4096, kTouched = 6 * kPage;
  const Elf64_Addr begin = reinterpret_cast<Elf64_Addr>(__data_start) & -kPage,
                   last = (reinterpret_cast<Elf64_Addr>(_end) + kPage - 1) & -kPage,
                   end = begin + kTouched < last ? begin + kTouched : last;
  long result = SYS_madvise;
  asm volatile("syscall"
               : "+a"(result)
               : "D"(begin), "S"(end - begin), "d"(MADV_POPULATE_WRITE)
               : "rcx", "r11", "memory");
}

// Chooses the variants of functions that depend on the processor: those for any, but copying and filling, which guests ask for,
// by 32 bytes where that can be.
[[gnu::no_stack_protector]] void relocate(const Processor& processor) {
  const auto address = [](const char* function) { return reinterpret_cast<Elf64_Addr>(function); };
  for (const Elf64_Rela* entry = __rela_iplt_start; entry != __rela_iplt_end; ++entry) {
    Elf64_Addr chosen = reinterpret_cast<Elf64_Addr (*)()>(entry->r_addend)();
    if (processor.has_avx2 && chosen == address(__memmove_sse2_unaligned))
      chosen = address(__memmove_avx_unaligned);
    if (processor.has_avx2 && chosen == address(__memset_sse2_unaligned))
      chosen = address(__memset_avx2_unaligned);
    *reinterpret_cast<Elf64_Addr*>(entry->r_offset) = chosen;
  }
}

// The guards of the stack and of stored pointers, from the kernel's 16 random bytes, at their places in the thread's block.
[[gnu::no_stack_protector]] void set_guards() {
  const auto* const random = static_cast<const uint64_t*>(_dl_random);
  asm volatile("mov %0, %%fs:0x28" : : "r"(random[0] & ~uint64_t{0xff}));
  asm volatile("mov %0, %%fs:0x30" : : "r"(random[1]));
}

// The properties that engine/interpret/processor.cc and engine/artifact/processor.cc ask for. Must come before the C library's data
// are made read-only.
void note_processor(const Processor& processor) {
  constexpr unsigned kSse3 = 1 << 0, kSsse3 = 1 << 9, kCx16 = 1 << 13, kSse41 = 1 << 19, kSse42 = 1 << 20,
                     kMovbe = 1 << 22, kPopcnt = 1 << 23;
  constexpr unsigned kFma = 1 << 12, kAvx = 1 << 28, kF16c = 1 << 29;  // With wide registers.
  constexpr unsigned kBmi1 = 1 << 3, kAvx2 = 1 << 5, kBmi2 = 1 << 8;
  const auto active = [](unsigned leaf) {
    return const_cast<cpuid_feature*>(__x86_get_cpuid_feature_leaf(leaf))->active_array;
  };
  active(CPUID_INDEX_1)[2] |= processor.basic & (kSse3 | kSsse3 | kCx16 | kSse41 | kSse42 | kMovbe | kPopcnt);
  if (!processor.keeps_vectors) return;
  active(CPUID_INDEX_1)[2] |= processor.basic & (kFma | kAvx | kF16c);
  active(CPUID_INDEX_7)[1] |= processor.extended & (kBmi1 | kAvx2 | kBmi2);
}

// Whether the C library has to read the environment for its tunables, which takes 600 instructions a variable.
[[gnu::no_stack_protector]] bool has_tunables(char* const* environment) {
  constexpr const char* kPrefixes[] = {"GLIBC_TUNABLES", "MALLOC_", "LD_"};
  for (; *environment != nullptr; ++environment) {
    for (const char* prefix : kPrefixes) {
      const char* at = *environment;
      while (*prefix != 0 && *at == *prefix) ++at, ++prefix;
      if (*prefix == 0) return true;
    }
  }
  return false;
}

// The code that the kernel maps into every process, for questions that need no system call.
class KernelCode {
 public:
  explicit KernelCode(const Elf64_Ehdr* header) {
    if (header == nullptr) return;
    const auto base = reinterpret_cast<Elf64_Addr>(header);
    const auto* const segments = reinterpret_cast<const Elf64_Phdr*>(base + header->e_phoff);
    const Elf64_Dyn* dynamic = nullptr;
    for (const Elf64_Phdr* at = segments; at != segments + header->e_phnum; ++at) {
      if (at->p_type == PT_LOAD) bias_ = base + at->p_offset - at->p_vaddr;
      if (at->p_type == PT_DYNAMIC) dynamic = reinterpret_cast<const Elf64_Dyn*>(base + at->p_offset);
    }
    for (; dynamic != nullptr && dynamic->d_tag != DT_NULL; ++dynamic) {
      const Elf64_Addr address = bias_ + dynamic->d_un.d_ptr;
      if (dynamic->d_tag == DT_STRTAB) names_ = reinterpret_cast<const char*>(address);
      if (dynamic->d_tag == DT_SYMTAB) symbols_ = reinterpret_cast<const Elf64_Sym*>(address);
      if (dynamic->d_tag == DT_GNU_HASH) hashes_ = reinterpret_cast<const uint32_t*>(address);
    }
  }

  // Null: it is not there, and the C library makes a system call instead.
  const void* find(const char* name) const {
    if (names_ == nullptr || symbols_ == nullptr || hashes_ == nullptr) return nullptr;
    uint32_t hash = 5381;
    for (const char* at = name; *at != 0; ++at) hash = hash * 33 + static_cast<uint8_t>(*at);
    const uint32_t buckets = hashes_[0], first = hashes_[1], filter_words = hashes_[2];
    const uint32_t* const bucket = hashes_ + 4 + filter_words * 2;
    uint32_t index = buckets == 0 ? 0 : bucket[hash % buckets];
    if (index < first) return nullptr;
    for (;; ++index) {
      const uint32_t found = bucket[buckets + index - first];
      if ((found | 1) == (hash | 1) && is_equal(names_ + symbols_[index].st_name, name))
        return reinterpret_cast<const void*>(bias_ + symbols_[index].st_value);
      if ((found & 1) != 0) return nullptr;
    }
  }

 private:
  static bool is_equal(const char* left, const char* right) {
    while (*left == *right && *left != 0) ++left, ++right;
    return *left == *right;
  }

  Elf64_Addr bias_ = 0;
  const char* names_ = nullptr;
  const Elf64_Sym* symbols_ = nullptr;
  const uint32_t* hashes_ = nullptr;
};

// What __libc_init_first does for a program that never loads a library. The C library gets ready for that in every static program:
// it asks the kernel for the program's path, the longest system call of a start, and makes lists of folders. Its conversions
// between character sets, which are what could load one, are reached by translated messages only, which need a locale.
void begin_without_loader(int argc, char** argv, char** environment) {
  __libc_argc = argc;
  __libc_argv = argv;
  environ = environment;
  const KernelCode kernel(_dl_sysinfo_dso);
  _dl_vdso_clock_gettime64 = kernel.find("__vdso_clock_gettime");
  _dl_vdso_gettimeofday = kernel.find("__vdso_gettimeofday");
  _dl_vdso_time = kernel.find("__vdso_time");
  _dl_vdso_getcpu = kernel.find("__vdso_getcpu");
  _dl_vdso_clock_getres_time64 = kernel.find("__vdso_clock_getres");
  for (const Elf64_Phdr* at = _dl_phdr; at != _dl_phdr + _dl_phnum; ++at) {
    if (at->p_type == PT_GNU_STACK) _dl_stack_flags = at->p_flags;
    if (at->p_type != PT_GNU_RELRO) continue;
    const Elf64_Addr page = getpagesize(), begin = at->p_vaddr & -page,
                     end = (at->p_vaddr + at->p_memsz) & -page;
    if (begin != end && mprotect(reinterpret_cast<void*>(begin), end - begin, PROT_READ) != 0) _exit(127);
  }
  __init_misc(argc, argv, environment);
}

void finish(void*) {
  for (auto at = __fini_array_end - __fini_array_start; at-- > 0;) __fini_array_start[at]();
  _fini();
}

}  // namespace

extern "C" [[noreturn, gnu::no_stack_protector]] int __libc_start_main(int (*main)(int, char**, char**),
                                                                       int argc, char** argv, void (*)(),
                                                                       void (*)(), void (*finish_linker)(),
                                                                       void* stack_end) {
  char** const environment = argv + argc + 1;
  populate_data();
  environ = environment;
  __libc_stack_end = stack_end;
  char** end = environment;
  while (*end != nullptr) ++end;
  _dl_aux_init(reinterpret_cast<Elf64_auxv_t*>(end + 1));
  const bool is_special = __libc_enable_secure != 0 || has_tunables(environment);
  if (is_special) __tunables_init(environment);
  _dl_relocate_static_pie();
  const Processor processor = ask_processor();
  relocate(processor);
  __libc_setup_tls();
  set_guards();
  note_processor(processor);
  if (finish_linker != nullptr)
    __cxa_atexit(reinterpret_cast<void (*)(void*)>(finish_linker), nullptr, nullptr);
  __libc_early_init(true);
  if (is_special)
    __libc_init_first(argc, argv, environment);
  else
    begin_without_loader(argc, argv, environment);
  __cxa_atexit(finish, nullptr, nullptr);
  if (__libc_enable_secure != 0) __libc_check_standard_fds();
  for (const Initializer* at = __preinit_array_start; at != __preinit_array_end; ++at) {
    (*at)(argc, argv, environment);
  }
  _init();
  for (const Initializer* at = __init_array_start; at != __init_array_end; ++at)
    (*at)(argc, argv, environment);
  _dl_debug_initialize(0, 0);
  std::exit(main(argc, argv, environment));
}
// NOLINTEND(bugprone-reserved-identifier,cppcoreguidelines-avoid-non-const-global-variables)
