#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wherry/value.h"

namespace wherry::matrix {

// A row of the instruction table whose operands and results are numbers. Letters: I i32, L i64, F f32, D f64, V v128.
struct Instruction {
  std::string_view name;
  uint32_t code = 0;
  std::string_view immediate;  // The table's kind: None, Lane4, Shuffle, ...
  std::string_view operands;
  std::string_view results;
};

// All of them, in the order of the table; also those of which nothing is expected yet.
std::span<const Instruction> instructions();

// Where an operand comes from.
enum class Source : uint8_t { Local, Computed, Memory, Call, Global, Constant };
inline constexpr uint32_t kSources = 5;  // Without constants.

// What becomes of the result. Own: it is written over the first operand, which is of the same type, and read twice.
enum class Sink : uint8_t { Return, Local, Tee, Own, Memory, If, BranchIf, Select, Eqz };

// Whether the locals of the operands are among the function's most used, so that they are kept in registers.
enum class Heat : uint8_t { Even, Hot, Cold };

// One way to write an instruction with its operands; a function of a module.
struct Form {
  std::vector<Source> sources;
  Sink sink = Sink::Return;
  Heat heat = Heat::Even;
  bool same = false;            // All operands are parameter 0: for rows whose operands are equal.
  std::vector<V128> constants;  // Values of constant operands; others are not looked at.
  bool is_for_one_row = false;
};

std::string describe(const Form& form);

// The forms that fit any row.
std::vector<Form> general_forms(const Instruction& instruction);

// The forms with constants that fit a row with these operands only.
std::vector<Form> constant_forms(const Instruction& instruction, std::span<const V128> operands);

// A module with a function for each form, exported by number: "0", "1", ... `immediate` holds the bytes of the immediate.
std::vector<uint8_t> module_of(const Instruction& instruction, std::span<const uint8_t> immediate,
                               std::span<const Form> forms);

}  // namespace wherry::matrix
