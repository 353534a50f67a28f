// Running a program of preview 1 from beginning to end.
#include "wherry/wasi.h"

namespace wherry::wasi {

Result<int32_t> run(StoreRef store, const Instance& instance) {
  WHERRY_ASSIGN_OR_RETURN(const TypedFunc<void()> start, instance.typed<void()>(store, "_start"));
  Result<void> result = start.call(store);
  if (result) return 0;
  if (const std::optional<int32_t> status = result.error().exit_code()) return *status;
  return std::move(result).error();
}

}  // namespace wherry::wasi
