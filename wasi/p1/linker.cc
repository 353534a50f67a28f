// The functions as a linker's rows.
//
// A row is a constant of the program: name, signature, and an entry that finds the store's state and the caller's
// memory, makes a Call of them, and calls the function. Nothing is made for a function until a module imports it, so
// that a program that says hello pays for two of them.
#include "wherry/wasi.h"

#include <iterator>
#include <type_traits>

#include "wasi/p1/functions.h"
#include "wherry/caller.h"
#include "wherry/host.h"

namespace wherry::wasi {

namespace p1 {

namespace {

enum class Needs : bool { NoMemory, Memory };

// The parts of a Call that only the engine can give. Null, and `error` says why, if there are none.
State* find_state(Caller& caller, Needs needs, MemoryView& memory, bool& is_racing, Result<void>& error) {
  const Surroundings* surroundings = caller.data(kSurroundings);
  if (surroundings == nullptr) [[unlikely]] {
    error = Error::usage("the store has no WASI surroundings: call wasi::attach");
    return nullptr;
  }
  State* state = surroundings->state.get();
  if (needs == Needs::NoMemory) return state;
  Result<MemoryView> view = caller.racing_memory(is_racing);
  if (!view) [[unlikely]] {
    error = std::move(view).error();
    return nullptr;
  }
  memory = *view;
  return state;
}

// What the engine calls for `function`. One instantiation for each signature's length does little more than this.
template <auto Function, class Type = decltype(Function)>
struct Entry;
template <auto Function, class R, class... Params>
struct Entry<Function, R (*)(Call&, Params...)> {
  using Return = std::conditional_t<std::is_void_v<R>, Result<void>, Result<R>>;
  static Return run(Caller& caller, Params... params) {
    MemoryView memory;
    bool is_racing = false;
    Result<void> error;
    constexpr Needs kNeeds =
        std::is_void_v<R> ? Needs::NoMemory : Needs::Memory;  // proc_exit has no use for it.
    State* state = find_state(caller, kNeeds, memory, is_racing, error);
    if (state == nullptr) [[unlikely]] {
      return std::move(error).error();
    }
    std::unique_lock<std::mutex> lock;
    if (state->is_shared) [[unlikely]]
      lock = std::unique_lock(state->mutex);
    Call call{*state, memory, host::Patience(&caller, lock.owns_lock() ? &lock : nullptr), is_racing};
    if constexpr (std::is_void_v<R>) {
      Function(call, params...);
      return std::move(call.patience.failure);
    } else {
      const R result = Function(call, params...);
      if (!call.patience.failure.ok()) [[unlikely]] {
        return std::move(call.patience.failure).error();
      }
      return result;
    }
  }
};

constexpr HostFunctionEntry kPreview1[] = {
#define FUNCTION(name, unstable) host_function<&Entry<&name>::run>(#name),
#include "wasi/p1/functions.inc"
#undef FUNCTION
};

// A row without an entry would be a function that is there: such rows are left out below.
constexpr HostFunctionEntry kAbsent = {};
template <auto Function>
constexpr HostFunctionEntry unstable_row(std::string_view name) {
  if constexpr (std::is_null_pointer_v<decltype(Function)>) {
    return kAbsent;
  } else {
    return host_function<&Entry<Function>::run>(name);
  }
}

struct UnstableTable {
  static constexpr size_t kSize = std::size(kPreview1) - 1;  // without sock_accept
  HostFunctionEntry rows[kSize];
};

consteval UnstableTable make_unstable() {
#define NOT_THERE nullptr
#define FUNCTION(name, unstable) unstable_row<unstable>(#name),
  const HostFunctionEntry all[] = {
#include "wasi/p1/functions.inc"
  };
#undef FUNCTION
#undef NOT_THERE
  UnstableTable table;
  size_t size = 0;
  for (const HostFunctionEntry& row : all) {
    if (row.entry != nullptr) table.rows[size++] = row;
  }
  return table;
}

constexpr UnstableTable kUnstable = make_unstable();
static_assert(std::size(kPreview1) == 46 && !kUnstable.rows[UnstableTable::kSize - 1].name.empty());

}  // namespace
}  // namespace p1

Result<void> add_to_linker(Linker& linker) {
  WHERRY_RETURN_IF_ERROR(linker.define_functions("wasi_snapshot_preview1", p1::kPreview1));
  return linker.define_functions("wasi_unstable", p1::kUnstable.rows);
}

}  // namespace wherry::wasi
