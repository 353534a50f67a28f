// As the reference interpreter has it (spec/interpreter/host/spectest.ml).
#include "cli/spectest.h"

#include "wherry/wherry.h"

namespace wherry::cli {

namespace {

constexpr std::string_view kModule = "spectest";

Result<void> define_functions(Linker& linker) {
  WHERRY_RETURN_IF_ERROR(linker.func(kModule, "print", []() {}));
  WHERRY_RETURN_IF_ERROR(linker.func(kModule, "print_i32", [](int32_t) {}));
  WHERRY_RETURN_IF_ERROR(linker.func(kModule, "print_i64", [](int64_t) {}));
  WHERRY_RETURN_IF_ERROR(linker.func(kModule, "print_f32", [](float) {}));
  WHERRY_RETURN_IF_ERROR(linker.func(kModule, "print_f64", [](double) {}));
  WHERRY_RETURN_IF_ERROR(linker.func(kModule, "print_i32_f32", [](int32_t, float) {}));
  return linker.func(kModule, "print_f64_f64", [](double, double) {});
}

Result<void> define_global(Linker& linker, StoreRef store, std::string_view name, const Val& value) {
  WHERRY_ASSIGN_OR_RETURN(const Global global, Global::create(store, {.content = value.type()}, value));
  return linker.define(store, kModule, name, global);
}

Result<void> define_table(Linker& linker, StoreRef store, std::string_view name, AddressType address) {
  const TableType type{.element = ValType::funcref(), .limits = {10, 20}, .address = address};
  WHERRY_ASSIGN_OR_RETURN(const Table table, Table::create(store, type, Val(Func())));
  return linker.define(store, kModule, name, table);
}

Result<void> define_memory(Linker& linker, StoreRef store, std::string_view name, bool shared) {
  WHERRY_ASSIGN_OR_RETURN(const Memory memory, Memory::create(store, {.limits = {1, 2}, .shared = shared}));
  return linker.define(store, kModule, name, memory);
}

}  // namespace

Result<void> define_spectest(Linker& linker, StoreRef store, bool threads) {
  WHERRY_RETURN_IF_ERROR(define_functions(linker));
  WHERRY_RETURN_IF_ERROR(define_global(linker, store, "global_i32", Val(int32_t{666})));
  WHERRY_RETURN_IF_ERROR(define_global(linker, store, "global_i64", Val(int64_t{666})));
  WHERRY_RETURN_IF_ERROR(define_global(linker, store, "global_f32", Val(666.6f)));
  WHERRY_RETURN_IF_ERROR(define_global(linker, store, "global_f64", Val(666.6)));
  WHERRY_RETURN_IF_ERROR(define_table(linker, store, "table", AddressType::I32));
  WHERRY_RETURN_IF_ERROR(define_table(linker, store, "table64", AddressType::I64));
  WHERRY_RETURN_IF_ERROR(define_memory(linker, store, "memory", false));
  if (threads) return define_memory(linker, store, "shared_memory", true);
  return {};
}

}  // namespace wherry::cli
