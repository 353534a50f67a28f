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
// State of the process, because signals belong to it; constant-initialised.
#include "engine/base/os/fault.h"

#include <signal.h>

#include <atomic>
#include <cerrno>
#include <mutex>
#include <new>

#include "engine/base/os/fault_context.h"
#include "engine/base/os/file_mappings.h"
#include "engine/base/os/reservations.h"

namespace wherry::base {
namespace {

struct CodeNode {
  FaultingCode code;
  const CodeNode* next;
};

constinit std::atomic<const CodeNode*> g_code{nullptr};
constinit std::mutex g_changing;
constinit bool g_installed = false;  // Under the mutex.
// Written before our handler can run.
constinit struct sigaction g_former_segv{};
constinit struct sigaction g_former_bus{};

const FaultingCode* find_code(uintptr_t instruction) {
  for (const CodeNode* node = g_code.load(std::memory_order_acquire); node != nullptr; node = node->next) {
    if (instruction - node->code.begin < node->code.end - node->code.begin) return &node->code;
  }
  return nullptr;
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
  const FaultingCode* code = find_code(faulting_instruction(context));
  if (info->si_code > 0 && code != nullptr && is_in_reservation(reinterpret_cast<uintptr_t>(info->si_addr))) {
    go_on_at(context, code->landing, !code->is_frameless);
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
  const CodeNode* first = g_code.load(std::memory_order_relaxed);
  auto* node = new (std::nothrow) CodeNode{code, first};
  if (node == nullptr) return false;
  g_code.store(node, std::memory_order_release);
  return true;
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
