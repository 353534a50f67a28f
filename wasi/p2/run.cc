// Running a program of WASI 0.2 from beginning to end. Older versions of the interface are found under the newest one's name.
#include "wherry/wasi_component.h"

namespace wherry::wasi {

Result<int32_t> run(StoreRef store, const ComponentInstance& instance) {
  using Run = Expected<void, void>();
  WHERRY_ASSIGN_OR_RETURN(const TypedComponentFunc<Run> start,
                          instance.typed<Run>(store, "wasi:cli/run@0.2.12", "run"));
  Result<Expected<void, void>> result = start.call(store);
  if (result) return result->ok() ? 0 : 1;
  if (const std::optional<int32_t> status = result.error().exit_code()) return *status;
  return std::move(result).error();
}

}  // namespace wherry::wasi
