#pragma once

#include <cstdint>
#include <span>

#include "engine/abi/context.h"

// Where functions catch exceptions: tables beside the code, which nothing reads until something is thrown.
namespace wherry::abi {

// What one clause of a try_table catches, and where its label is.
struct CatchClause {
  uint32_t target = 0;  // The label's first word, from the function's first cell.
  uint32_t tag = 0;     // Index in the module; kAnyTag for catch_all.
  uint16_t slot = 0;    // Where the label's values begin: the exception's arguments, then its reference.
  bool with_arguments = false;
  bool with_reference = false;

  static constexpr uint32_t kAnyTag = ~uint32_t{0};
};

// The clauses of one try_table with some, in order.
struct CatchScope {
  uint32_t outer = 0;  // The scope around it; kNone.
  uint32_t first_clause = 0;
  uint32_t clause_count = 0;

  static constexpr uint32_t kNone = ~uint32_t{0};
};

// From this word on, up to the next region, instructions that can throw (calls that come back, throw, throw_ref) are
// inside of `scope`, or of none. Before the first region they are in none.
struct CatchRegion {
  uint32_t word = 0;
  uint32_t scope = CatchScope::kNone;
};

// All of one function. Lives as long as its code.
struct CatchTable {
  std::span<const CatchRegion> regions;  // Ascending by word.
  std::span<const CatchScope> scopes;
  std::span<const CatchClause> clauses;

  // The innermost scope around the instruction that has `word`.
  uint32_t scope_at(uint32_t word) const {
    size_t low = 0;
    size_t high = regions.size();  // The first region behind `word` is in low..high.
    while (low < high) {
      const size_t middle = (low + high) / 2;
      if (regions[middle].word <= word) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low == 0 ? CatchScope::kNone : regions[low - 1].scope;
  }
};

// What is known of a place in prepared code.
struct CodeSite {
  const FuncCode* code = nullptr;
  const Cell* begin = nullptr;          // The function's first cell.
  const CatchTable* catches = nullptr;  // Null: it catches nothing anywhere.
};

// What Builtins::find_catch says of one frame.
struct Catch {
  CodeSite site;                        // Of the frame's code.
  const CatchClause* clause = nullptr;  // Null: the exception goes on to the caller.
};

}  // namespace wherry::abi
