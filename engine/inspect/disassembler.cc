// One instruction at a time, for traces and for slot code with its origin beside it: the text printer's own words, with
// the module's names for functions, globals and types. Locals and labels stay numbers, since their names cost a pass over
// the body.
#include "engine/inspect/disassembler.h"

#include "engine/base/byte_reader.h"
#include "engine/inspect/names.h"
#include "engine/text/print_context.h"
#include "engine/wasm/errors.h"
#include "engine/wasm/instruction.h"

namespace wherry::inspect {

namespace {

class Buffer final : public text::TextSink {
 public:
  bool write(std::string_view text) override {
    // br_table may have 100,000 labels: nobody reads them.
    constexpr size_t kMost = 400;
    if (text_.size() < kMost) text_.append(text.substr(0, kMost - text_.size()));
    return true;
  }
  void clear() { text_.clear(); }
  std::string_view text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

struct Disassembler::Impl {
  explicit Impl(const wasm::Module& of, text::Names with)
      : module(of), names(std::move(with)), options{.names = &names}, context(of, options, buffer) {}

  const wasm::Module& module;
  text::Names names;
  text::PrintOptions options;
  Buffer buffer;
  text::PrintContext context;
};

Disassembler::Disassembler(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Disassembler::~Disassembler() = default;

base::Result<std::unique_ptr<Disassembler>> Disassembler::create(const wasm::Module& module) {
  auto impl = std::make_unique<Impl>(module, WHERRY_TRY(read_names(module)));
  if (!impl->context.prepare()) return base::fail(wasm::ErrorCode::OutOfMemory);
  return std::unique_ptr<Disassembler>(new Disassembler(std::move(impl)));
}

std::string_view Disassembler::text(wasm::FuncIndex func, uint64_t offset) {
  impl_->buffer.clear();
  const base::ByteSpan body = impl_->module.body_bytes(func);
  const uint64_t begin = impl_->module.body(func).offset;
  if (offset < begin || offset - begin >= body.size()) return {};
  base::ByteReader reader(body.subspan(offset - begin), offset);
  wasm::Instruction instruction;
  if (!wasm::read_instruction(reader, impl_->module.features, &instruction)) return {};
  text::print_instruction(impl_->context, instruction, nullptr, nullptr);
  const wasm::Immediate immediate = wasm::info(instruction.op).immediate;
  if (immediate == wasm::Immediate::Block || immediate == wasm::Immediate::TryTable)
    text::print_block_operands(impl_->context, instruction, nullptr);
  impl_->context.out.flush();
  std::string_view text = impl_->buffer.text();
  while (text.starts_with(' ')) text.remove_prefix(1);
  return text;
}

}  // namespace wherry::inspect
