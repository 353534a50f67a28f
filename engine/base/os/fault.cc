// The handler of SIGSEGV and SIGBUS.
//
// It is installed the first time somebody needs it, stays in front of whatever was there, and passes on what is not its
// own: a program with a crash reporter, or a virtual machine with guard pages of its own, in the same process works
// as before. Deciding by the address alone would hide bugs of ours (a stray pointer into a guest's memory from C++
// code); deciding by the instruction alone would make a trap of a corrupted memory base.
//
// Going on elsewhere is done by changing the interrupted registers and returning from the handler, not by siglongjmp out
// of it: the signal mask needs no care, and the interpreter's state stays in its registers.
//
// Code comes and goes with the modules it belongs to, while a handler on another thread may be reading the list
// (slot_list.h). Each slot has a sequence number that is odd while somebody changes it: a reader that does not see the
// same even number before and after has met a slot that is changing, which cannot be the one that holds the instruction
// it looks for, since nobody unloads code that runs.
// Rejected: freeing nodes behind a grace period (a handler has no way to say that it is done but one more shared
// counter), and reading begin and end without the number (halves of two ranges may seem to hold any address).
//
// State of the process, because signals belong to it; constant-initialised.
#include "engine/base/os/fault.h"

#include <signal.h>

#include <atomic>
#include <cerrno>
#include <mutex>

#include "engine/base/os/fault_context.h"
#include "engine/base/os/file_mappings.h"
#include "engine/base/os/reservations.h"
#include "engine/base/os/slot_list.h"

namespace wherry::base {
namespace {

struct CodeSlot {
  std::atomic<uint32_t> sequence{0};  // Odd: changing.
  std::atomic<bool> is_frameless{false};
  std::atomic<uintptr_t> begin{0};  // 0: free.
  std::atomic<uintptr_t> end{0};
  std::atomic<uintptr_t> landing{0};
};

constinit SlotList<CodeSlot, 63> g_code;
constinit std::mutex g_changing;
constinit bool g_installed = false;  // Under the mutex.
// Written before our handler can run.
constinit struct sigaction g_former_segv{};
constinit struct sigaction g_former_bus{};

// False: the slot does not hold the instruction.
bool read_slot(const CodeSlot& slot, uintptr_t instruction, FaultingCode* out) {
  const uint32_t sequence = slot.sequence.load(std::memory_order_acquire);
  *out = {slot.begin.load(std::memory_order_relaxed), slot.end.load(std::memory_order_relaxed),
          slot.landing.load(std::memory_order_relaxed), slot.is_frameless.load(std::memory_order_relaxed)};
  std::atomic_thread_fence(std::memory_order_acquire);
  if (sequence % 2 != 0 || slot.sequence.load(std::memory_order_relaxed) != sequence) return false;
  return out->begin != 0 && instruction - out->begin < out->end - out->begin;
}

bool find_code(uintptr_t instruction, FaultingCode* out) {
  return g_code.find([&](const CodeSlot& slot) { return read_slot(slot, instruction, out); }) != nullptr;
}

// The slot that begins there; 0: a free one. Null: there is none. Under the mutex.
CodeSlot* find_slot(uintptr_t begin) {
  return g_code.find(
      [begin](const CodeSlot& it) { return it.begin.load(std::memory_order_relaxed) == begin; });
}

void write_slot(CodeSlot& slot, const FaultingCode& code) {
  const uint32_t sequence = slot.sequence.load(std::memory_order_relaxed);
  slot.sequence.store(sequence + 1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  slot.begin.store(code.begin, std::memory_order_relaxed);
  slot.end.store(code.end, std::memory_order_relaxed);
  slot.landing.store(code.landing, std::memory_order_relaxed);
  slot.is_frameless.store(code.is_frameless, std::memory_order_relaxed);
  slot.sequence.store(sequence + 2, std::memory_order_release);
}

// What would have happened without us. For the default action: it is put back and the instruction faults again, so that
// the process ends (and dumps) where the fault is.
void pass_on(int signal, siginfo_t* info, void* context) {
  const struct sigaction& former = signal == SIGBUS ? g_former_bus : g_former_segv;
  if ((former.sa_flags & SA_SIGINFO) != 0) {
    former.sa_sigaction(signal, info, context);
    return;
  }
  const bool was_sent = info->si_code <= 0;
  if (former.sa_handler == SIG_IGN && was_sent) return;
  if (former.sa_handler != SIG_DFL && former.sa_handler != SIG_IGN) {
    former.sa_handler(signal);
    return;
  }
  struct sigaction standard{};
  standard.sa_handler = SIG_DFL;
  sigaction(signal, &standard, nullptr);
  if (was_sent) raise(signal);  // Nothing would fault again.
}

void on_fault(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  FaultingCode code;
  if (info->si_code > 0 && find_code(faulting_instruction(context), &code) &&
      is_in_reservation(reinterpret_cast<uintptr_t>(info->si_addr))) {
    go_on_at(context, code.landing, !code.is_frameless);
  } else if (signal == SIGBUS && info->si_code > 0 &&
             replace_lost_page(reinterpret_cast<uintptr_t>(info->si_addr))) {
    // The read is tried again.
  } else {
    pass_on(signal, info, context);
  }
  errno = saved_errno;
}

}  // namespace

bool register_faulting_code(const FaultingCode& code) {
  const std::lock_guard lock(g_changing);
  CodeSlot* slot = find_slot(0);
  if (slot == nullptr) slot = g_code.append();
  if (slot == nullptr) return false;
  write_slot(*slot, code);
  return true;
}

void unregister_faulting_code(uintptr_t begin) {
  const std::lock_guard lock(g_changing);
  if (CodeSlot* const slot = find_slot(begin); slot != nullptr) write_slot(*slot, {0, 0, 0, false});
}

bool install_fault_handler() {
  const std::lock_guard lock(g_changing);
  if (g_installed) return true;
  struct sigaction ours{};
  ours.sa_sigaction = on_fault;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&ours.sa_mask);
  // The former ones are asked for first: a fault may come as soon as ours is there.
  if (sigaction(SIGSEGV, nullptr, &g_former_segv) != 0 || sigaction(SIGBUS, nullptr, &g_former_bus) != 0)
    return false;
  if (sigaction(SIGSEGV, &ours, nullptr) != 0) return false;
  if (sigaction(SIGBUS, &ours, nullptr) != 0) {
    sigaction(SIGSEGV, &g_former_segv, nullptr);
    return false;
  }
  g_installed = true;
  return true;
}

bool remove_fault_handler() {
  const std::lock_guard lock(g_changing);
  if (!g_installed) return true;
  struct sigaction segv{};
  struct sigaction bus{};
  sigaction(SIGSEGV, nullptr, &segv);
  sigaction(SIGBUS, nullptr, &bus);
  const auto is_ours = [](const struct sigaction& action) {
    return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == on_fault;
  };
  if (!is_ours(segv) || !is_ours(bus)) return false;
  sigaction(SIGSEGV, &g_former_segv, nullptr);
  sigaction(SIGBUS, &g_former_bus, nullptr);
  g_installed = false;
  return true;
}

}  // namespace wherry::base
