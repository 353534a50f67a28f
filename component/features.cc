// The table of features, and the names of sorts and primitive types: each closed set in one place.
#include "component/features.h"

#include "component/component.h"
#include "engine/wasm/errors.h"

namespace wherry::component {

std::optional<Feature> find_feature(std::string_view key) {
  for (uint32_t i = 0; i < kFeatureCount; ++i) {
    if (kFeatureRows[i].key == key) return static_cast<Feature>(i);
  }
  return std::nullopt;
}

base::Failure feature_disabled(Feature feature, std::string_view form, uint64_t offset) {
  std::string detail(kFeatureRows[static_cast<uint32_t>(feature)].key);
  detail += ", needed by ";
  detail += form;
  return base::fail(wasm::ErrorCode::FeatureDisabled, offset, std::move(detail));
}

std::string_view sort_name(Sort sort) {
  constexpr std::string_view kNames[kSortCount] = {
      "core func",     "core table", "core memory", "core global", "core tag",  "core type", "core module",
      "core instance", "func",       "value",       "type",        "component", "instance"};
  return kNames[static_cast<uint32_t>(sort)];
}

namespace {

struct PrimRow {
  Prim prim;
  std::string_view name;
};

constexpr PrimRow kPrims[] = {{Prim::Bool, "bool"},     {Prim::S8, "s8"},
                              {Prim::U8, "u8"},         {Prim::S16, "s16"},
                              {Prim::U16, "u16"},       {Prim::S32, "s32"},
                              {Prim::U32, "u32"},       {Prim::S64, "s64"},
                              {Prim::U64, "u64"},       {Prim::F32, "f32"},
                              {Prim::F64, "f64"},       {Prim::Char, "char"},
                              {Prim::String, "string"}, {Prim::ErrorContext, "error-context"}};

}  // namespace

std::string_view prim_name(Prim prim) {
  for (const PrimRow& row : kPrims) {
    if (row.prim == prim) return row.name;
  }
  return "?";
}

bool find_prim(std::string_view name, Prim* prim) {
  for (const PrimRow& row : kPrims) {
    if (row.name != name) continue;
    *prim = row.prim;
    return true;
  }
  return false;
}

}  // namespace wherry::component
