// What a sink is told, in which order and with which operands; and what only bytes can show of the validator.
#include "engine/validate/function_validator.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "engine/decode/decode.h"
#include "engine/text/parse.h"
#include "engine/wasm/errors.h"
#include "engine/wasm/type_registry.h"

namespace {

using namespace wherry;
using validate::FunctionValidator;
using validate::ValidatorBuffers;

// Writes down every call with the numbers of the values it gets; results get new numbers.
struct TraceSink {
  struct Value {
    uint32_t number = 0;
  };
  struct Label {
    uint32_t number = 0;
  };
  using Operand = validate::Operand<TraceSink>;
  using Control = validate::Control<TraceSink>;
  using State = validate::FunctionState<TraceSink>;
  using Instruction = wasm::Instruction;
  using CanonType = wasm::CanonType;

  std::string trace;
  State* state = nullptr;
  uint32_t values = 0;
  uint32_t labels = 0;
  std::string fails_at;  // A line of the trace.
  bool has_failed = false;

  bool failed() const { return has_failed; }
  base::Error take_error() { return {wasm::ErrorCode::NotYetExecutable, 7, "as told"}; }

  void line(std::string text, const Operand* operands, size_t inputs) {
    if (text == fails_at) has_failed = true;
    for (size_t i = 0; i < inputs; ++i) text += " " + std::to_string(operands[i].value.number);
    trace += text + "\n";
  }
  void make(Operand* operands, size_t count) {
    for (size_t i = 0; i < count; ++i) operands[i].value.number = ++values;
  }
  void begin(State& at) {
    state = &at;
    trace = "begin " + std::to_string(at.locals.size()) + "\n";
    at.controls[0].label.number = 0;
    values = labels = 0;
  }
  void finish() { trace += "finish\n"; }
  void step(wasm::Op, uint64_t) {}
  void constant(const Instruction& at, Operand* operands) { simple(at, operands); }
  void unary(const Instruction& at, Operand* operands) { simple(at, operands); }
  void binary(const Instruction& at, Operand* operands) { simple(at, operands); }
  void simple(const Instruction& at, Operand* operands) {
    const wasm::OpInfo& row = wasm::info(at.op);
    line(std::string(row.text), operands, row.signature.param_count);
    make(operands, row.signature.result_count);
  }
  void memory_access(const Instruction& at, const wasm::MemoryType&, Operand* operands) {
    simple(at, operands);
  }
  void local_get(uint32_t index, Operand* result) {
    line("local.get " + std::to_string(index) + ":", result, 0);
    make(result, 1);
  }
  void local_set(uint32_t index, Operand* in) { line("local.set " + std::to_string(index) + ":", in, 1); }
  void local_tee(uint32_t index, Operand* in) { line("local.tee " + std::to_string(index) + ":", in, 1); }
  void global_get(uint32_t, Operand* result) { make(result, 1); }
  void global_set(uint32_t, Operand* in) { line("global.set", in, 1); }
  void drop(Operand* in) { line("drop", in, 1); }
  void select(wasm::ValType type, Operand* in) {
    line("select " + wasm::to_text(type) + ":", in, 3);
    make(in, 1);
  }
  void open(const char* what, Control& control, Operand* in) {
    control.label.number = ++labels;
    line(what + (" @" + std::to_string(labels)) + ":", in, control.params().size());
    make(in, control.params().size());
  }
  void block(Control& control, Operand* in) { open("block", control, in); }
  void loop(Control& control, Operand* in) { open("loop", control, in); }
  void if_(Control& control, Operand* in, Operand* condition) {
    line("condition", condition, 1);
    open("if", control, in);
  }
  void try_table(const Instruction&, Control& control, Operand* in) { open("try_table", control, in); }
  void else_(Control& control, Operand* in, bool falls_through) {
    line("else @" + std::to_string(control.label.number) + (falls_through ? " from" : " dead") + ":", in,
         falls_through ? control.results().size() : 0);
    make(in, control.params().size());
  }
  void end(Control& control, Operand* in, bool falls_through) {
    line("end @" + std::to_string(control.label.number) + (falls_through ? " from" : " dead") + ":", in,
         falls_through ? control.results().size() : 0);
    make(in, control.results().size());
  }
  void branch(const char* what, Control& target, Operand* in, size_t count) {
    line(what + (" @" + std::to_string(target.label.number)) + ":", in, count);
  }
  void br(uint32_t, Control& to, Operand* in) { branch("br", to, in, to.label_types().size()); }
  void br_if(uint32_t, Control& to, Operand* in) { branch("br_if", to, in, to.label_types().size() + 1); }
  void br_table(const Instruction& at, uint32_t arity, Operand* in) {
    line("br_table " + std::to_string(at.count) + ":", in, arity + 1);
  }
  void return_(Control& body, Operand* in) { branch("return", body, in, body.results().size()); }
  void unreachable() { line("unreachable", nullptr, 0); }
  void call(uint32_t func, const CanonType& type, Operand* in) {
    line("call " + std::to_string(func) + ":", in, type.func.params.size());
    make(in, type.func.results.size());
  }
  void call_indirect(const Instruction&, const CanonType& type, Operand* in) {
    line("call_indirect", in, type.func.params.size() + 1);
    make(in, type.func.results.size());
  }
  void call_ref(const Instruction&, const CanonType& type, Operand* in) {
    line("call_ref", in, type.func.params.size() + 1);
    make(in, type.func.results.size());
  }
  void return_call(uint32_t func, const CanonType& type, Operand* in) {
    line("return_call " + std::to_string(func) + ":", in, type.func.params.size());
  }
  void return_call_indirect(const Instruction&, const CanonType&, Operand*) {}
  void return_call_ref(const Instruction&, const CanonType&, Operand*) {}
  void ref_null(wasm::HeapType heap, Operand* result) {
    line("ref.null " + wasm::to_text(heap), nullptr, 0);
    make(result, 1);
  }
  void ref_func(uint32_t, Operand* result) { make(result, 1); }
  void ref_is_null(Operand* in) {
    line("ref.is_null", in, 1);
    make(in, 1);
  }
  void ref_as_non_null(Operand* in) { line("ref.as_non_null", in, 1); }
  void br_on_null(uint32_t, Control& to, Operand* in) {
    branch("br_on_null", to, in, to.label_types().size() + 1);
  }
  void br_on_non_null(uint32_t, Control& to, Operand* in) {
    branch("br_on_non_null", to, in, to.label_types().size());
  }
  void bulk(const Instruction& at, Operand* in, uint32_t params, uint32_t results) {
    line(std::string(wasm::info(at.op).text), in, params);
    make(in, results);
  }
  void special(const Instruction& at, Operand* in, uint32_t params, uint32_t results) {
    line(std::string(wasm::info(at.op).text), in, params);
    make(in, results);
  }
  void br_on_cast(const Instruction&, wasm::ValType, wasm::ValType, Control& to, Operand* in) {
    branch("br_on_cast", to, in, to.label_types().size());
  }
};

struct Typed {
  wasm::TypeRegistry registry;
  text::TextModule text;
  std::optional<validate::TypedModule> module;
};

void type(const std::string& source, Typed* out) {
  auto text = text::parse_module(base::as_bytes(source));
  if (!text) FAIL_CHECK(wasm::describe(text.error()));
  if (!text) return;
  out->text = std::move(*text);
  auto module = decode::decode(out->text.binary.span(), {wasm::Features::all()});
  if (!module) FAIL_CHECK(wasm::describe(module.error()));
  if (!module) return;
  auto typed = validate::type_module(std::move(*module), out->registry);
  if (!typed) FAIL_CHECK(wasm::describe(typed.error()));
  if (typed) out->module.emplace(std::move(*typed));
}

// The trace of the module's last function, or its error.
std::string trace(const std::string& source, const std::string& fails_at = {}) {
  Typed typed;
  type(source, &typed);
  if (!typed.module) return {};
  ValidatorBuffers<TraceSink> buffers;
  TraceSink sink;
  sink.fails_at = fails_at;
  FunctionValidator<TraceSink> validator(*typed.module, buffers, sink);
  const wasm::Module& module = typed.module->module;
  const wasm::FuncIndex last(static_cast<uint32_t>(module.funcs.size()) - 1);
  const auto valid = validator.run(last, module.body_bytes(last));
  return valid ? sink.trace : wasm::describe(valid.error());
}

}  // namespace

TEST_CASE("a sink gets inputs and gives results in place") {
  CHECK(
      trace(R"((memory 1) (func (param i32 i32) (result i32)
      (i32.load (i32.add (local.get 0) (local.tee 1 (i32.const 4))))))") ==
      "begin 2\nlocal.get 0:\ni32.const\nlocal.tee 1: 2\ni32.add 1 2\ni32.load 3\nend @0 from: 4\nfinish\n");
}

TEST_CASE("a sink hears nothing of unreachable code but the ends of what it entered") {
  CHECK(trace(R"((func (result i32)
      (block (result i32) (br 0 (i32.const 1)) (drop) (block (nop) (drop (i32.const 2))) (i32.add))))") ==
        "begin 0\nblock @1:\ni32.const\nbr @1: 1\nend @1 dead:\nend @0 from: 2\nfinish\n");
}

TEST_CASE("an if with both arms tells where the second begins") {
  CHECK(trace(R"((func (param i32) (result i32) (i32.const 7) (local.get 0)
      (if (param i32) (result i32) (then (return)) (else (i32.eqz)))))") ==
        "begin 1\ni32.const\nlocal.get 0:\ncondition 2\nif @1: 1\nreturn @0: 3\nelse @1 dead:\ni32.eqz 4\n"
        "end @1 from: 5\nend @0 from: 6\nfinish\n");
}

TEST_CASE("an if whose condition is dead is not told") {
  CHECK(trace("(func (unreachable) (if (i32.const 1) (then (nop)) (else (nop))))") ==
        "begin 0\nunreachable\nend @0 dead:\nfinish\n");
}

TEST_CASE("branches carry their values, and br_if keeps them") {
  CHECK(trace(R"((func (param i32) (result i32)
      (block $l (result i32) (br_table $l $l (br_if $l (i32.const 1) (local.get 0)) (local.get 0)))))") ==
        "begin 1\nblock @1:\ni32.const\nlocal.get 0:\nbr_if @1: 1 2\nlocal.get 0:\nbr_table 1: 1 3\n"
        "end @1 dead:\nend @0 from: 4\nfinish\n");
}

TEST_CASE("calls overlay their arguments with more results than that") {
  CHECK(trace(R"((func $f (param i32) (result i64 f32 f64) (unreachable))
      (func (drop (drop (call $f (i32.const 1)))) (drop)))") ==
        "begin 0\ni32.const\ncall 0: 1\ndrop 4\ndrop 3\ndrop 2\nend @0 from:\nfinish\n");
  CHECK(trace("(func $f (param i32) (result i32) (return_call $f (local.get 0)))") ==
        "begin 1\nlocal.get 0:\nreturn_call 0: 1\nend @0 dead:\nfinish\n");
}

TEST_CASE("references, aggregates and exceptions reach the sink") {
  CHECK(
      trace(R"((type $s (struct (field i32) (field i64))) (tag $t (param i32))
      (func (block (result i32) (try_table (catch $t 0)
        (drop (struct.new $s (i32.const 1) (i64.const 2)))
        (throw $t (i32.const 3))) (i32.const 4)) (drop)))") ==
      "begin 0\nblock @1:\ntry_table @2:\ni32.const\ni64.const\nstruct.new 1 2\ndrop 3\ni32.const\nthrow 4\n"
      "end @2 dead:\ni32.const\nend @1 from: 5\ndrop 6\nend @0 from:\nfinish\n");
  CHECK(trace("(func (param funcref) (block (br_on_null 0 (local.get 0)) (drop)))") ==
        "begin 1\nblock @1:\nlocal.get 0:\nbr_on_null @1: 1\ndrop 1\nend @1 from:\nend @0 from:\nfinish\n");
}

TEST_CASE("a sink's error ends the validation") {
  CHECK(trace("(func (nop) (drop (i32.const 1)) (unreachable))", "drop") ==
        "instruction cannot be executed yet: as told at offset 0x7");
}

TEST_CASE("unreachable code assumes what it lacks and keeps what it knows") {
  const auto is_valid = [](const char* source) { return trace(source).starts_with("begin"); };
  CHECK(is_valid("(func (result i32) (unreachable) (i32.add (i32.const 1)))"));
  CHECK(is_valid("(func (result i64) (unreachable) (select) (i64.const 1) (i32.const 1) (select))"));
  CHECK_FALSE(
      is_valid("(func (result i64) (unreachable) (f32.const 1) (i64.const 1) (i32.const 1) (select))"));
  CHECK(is_valid("(func (unreachable) (ref.as_non_null) (drop (ref.is_null)))"));
  CHECK(is_valid("(type $t (func)) (func (unreachable) (ref.as_non_null) (call_ref $t))"));
  CHECK_FALSE(is_valid("(func (result i32) (unreachable) (ref.as_non_null))"));
  CHECK(is_valid("(type $a (array i8)) (func (unreachable) (i32.const 1) (drop (array.new_fixed $a 9999)))"));
  CHECK_FALSE(
      is_valid("(type $a (array i8)) (func (unreachable) (i64.const 1) (drop (array.new_fixed $a 9999)))"));
}

TEST_CASE("buffers serve one function after the other") {
  Typed typed;
  type(R"((func (param i32) (local i64 f32) (local (ref func)) (block (drop (local.get 1))))
          (func (local (ref func)) (drop (local.get 0)))
          (func (result i32) (local i32) (local.get 0) (local.get 0) (i32.add)))",
       &typed);
  REQUIRE(typed.module);
  const wasm::Module& module = typed.module->module;
  ValidatorBuffers<validate::NullSink> buffers;
  validate::NullSink sink;
  for (int round = 0; round < 2; ++round) {
    FunctionValidator<validate::NullSink> validator(*typed.module, buffers, sink);
    CHECK(validator.run(wasm::FuncIndex(0), module.body_bytes(wasm::FuncIndex(0))).has_value());
    CHECK_FALSE(validator.run(wasm::FuncIndex(1), module.body_bytes(wasm::FuncIndex(1))).has_value());
    CHECK(validator.run(wasm::FuncIndex(2), module.body_bytes(wasm::FuncIndex(2))).has_value());
  }
}
