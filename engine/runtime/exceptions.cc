// Who catches an exception: one frame's share of the search (core spec 4.4.8, the rules of "handler").
//
// A place in code is looked up by its address: the function by binary search in its module's list, under the module's
// lock, then the scope by binary search in the function's regions. Programs throw from and through few places over and
// over, so the last ones are kept in a small table of the store, where finding one costs a comparison; that is most of what
// makes a throw across five frames take a tenth of a microsecond (docs/rationale.md).
//
// A guest can write a million clauses around a throw. Each is looked at once a throw, innermost first, as the rules
// demand; they cost fuel, and the deadline is looked at (builtins.cc). Nothing is looked at twice: a catch_all ends the
// search, and frames that an exception has passed are gone.
#include "engine/runtime/exceptions.h"

#include <new>

#include "engine/abi/heap.h"
#include "engine/runtime/store.h"

namespace wherry::runtime {

const CatchSite& Store::find_site(abi::Context* context, const abi::Cell* cell, CatchSite* scratch) {
  if (catch_sites_ == nullptr) catch_sites_.reset(new (std::nothrow) CatchSites);
  CatchSite& place = catch_sites_ != nullptr ? catch_sites_->at(cell) : *scratch;
  if (place.cell == cell) [[likely]]
    return place;
  abi::CodeProvider* const provider = Instance::of(context)->shape().code;
  const abi::CodeSite site = provider->find(provider, cell);
  place = {cell, site, abi::CatchScope::kNone};
  if (site.catches != nullptr) place.scope = site.catches->scope_at(static_cast<uint32_t>(cell - site.begin));
  return place;
}

uint32_t Store::find_catch(abi::Context* context, const abi::Cell* cell, abi::Ref exception,
                           abi::Catch* out) {
  CatchSite scratch;
  const CatchSite& place = find_site(context, cell, &scratch);
  *out = {place.site, nullptr};
  if (place.scope == abi::CatchScope::kNone) return 0;
  const Instance& instance = *Instance::of(context);
  const void* const thrown = reinterpret_cast<const abi::ExceptionObject*>(exception)->tag;
  const abi::CatchTable& table = *place.site.catches;
  uint32_t looked_at = 0;
  for (uint32_t scope = place.scope; scope != abi::CatchScope::kNone; scope = table.scopes[scope].outer) {
    const abi::CatchScope& clauses = table.scopes[scope];
    for (uint32_t i = 0; i < clauses.clause_count; ++i) {
      const abi::CatchClause& clause = table.clauses[clauses.first_clause + i];
      ++looked_at;
      if (clause.tag != abi::CatchClause::kAnyTag && instance.tag(clause.tag) != thrown) continue;
      out->clause = &clause;
      return looked_at;
    }
  }
  return looked_at;
}

}  // namespace wherry::runtime
