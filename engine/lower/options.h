#pragma once

namespace wherry::lower {

// How slot code is made. The optimisations never change what a program computes: each can be switched off, so that
// tests can compare. The rest follows from the engine's configuration.
struct Options {
  bool accumulators = true;         // Consume a value from the register it was left in.
  bool destination_folding = true;  // Let the producer write the local that local.set names.
  bool address_folding = true;      // Fold additions into loads and stores.
  bool compare_branch = true;       // Fuse a comparison with the branch on it.
  bool branch_table_index = true;   // Take the index of br_table from the register it is in.
  bool repeated_dispatch =
      true;                     // Look up where to go on at each branch to a loop that begins with br_table.
  bool joined_handlers = true;  // Run frequent sequences by one handler.
  bool near_headers = true;     // Return by handlers that know where the frame's header is.
  bool unread_locals = true;    // Do not clear locals that are written before they are read.
  bool pinned_locals = true;    // Mirror the two most used integer locals in registers.
  bool pinned_floats = true;    // The same for two f64 locals and a v128; needs pinned_locals.

  bool guard_pages = true;  // 32-bit accesses to memory 0 rely on its guard; otherwise `handlers` check them.
  bool fuel = false;        // Count fuel.
  bool nan_canonicalization = false;  // Let every NaN that an instruction makes be the canonical one.
  bool interruption = false;          // Look at the deadline where loops begin; calls do by themselves.

  // For observers; nothing of it is in code that was not asked for it.
  bool observe_calls = false;         // Tell of each entry and return.
  bool observe_instructions = false;  // Tell of each instruction.
  bool pause_at_returns =
      false;  // Look at the deadline before returns too, so that a sample is of the function it is in.
};

}  // namespace wherry::lower
