#pragma once

#include <cstdint>
#include <vector>

#include "engine/wasm/instruction.h"
#include "engine/wasm/module.h"

namespace wherry::compiler {

// A body of more is left to the interpreter: about 2 MB of ordinary code.
inline constexpr uint64_t kMostWeight = 1'000'000;

// How much work a function's body makes: about how many instructions and phi entries LLVM gets for it. Everything that decides
// how a function is compiled goes by this number, so that it is the same on every machine.
//
// Told of the instructions of one body after the other, in order. They need not be valid.
class Scales {
 public:
  explicit Scales(const wasm::Module& module) : module_(module) {}

  void begin_body();
  void add(const wasm::Instruction& instruction);
  // Of what was added since begin_body(); what goes on is not looked at any more once it exceeds kMostWeight.
  uint64_t weight() const { return weight_; }

 private:
  struct Construct {
    uint64_t serial;
    uint64_t branches;  // To its label.
    uint64_t sets;      // Locals that are set inside, each once.
    uint32_t arity;     // Values that a branch to its label carries.
    bool is_loop;
    bool is_if;  // Until its `else`: the condition's other way leads to the label.
  };

  void open(const wasm::Instruction& instruction);
  void close();
  void branch_to(uint64_t depth);
  void set_local(uint32_t index);
  uint32_t arity_of(const wasm::Instruction& instruction) const;

  const wasm::Module& module_;
  std::vector<Construct> constructs_;
  std::vector<uint64_t>
      last_sets_;        // By local: serial_ when it was set last, in this body or an earlier one.
  uint64_t serial_ = 0;  // Constructs seen in all bodies.
  uint64_t weight_ = 0;
};

}  // namespace wherry::compiler
