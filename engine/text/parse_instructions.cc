// Instructions (core spec 6.5), plain and folded, written as they are read.
//
// A folded instruction `(op imm operand*)` comes after its operands, so its bytes wait in `pending_` until its
// parenthesis closes; all that is open is a Frame on a stack of our own. Text may nest a million parentheses:
// recursion would need a limit that the format has not, and would be three functions deep for each level.
//
// The condition of a folded `if` is read before the label comes into scope, as the abbreviation in 6.5.3 says.
#include "engine/text/module_parser.h"
#include "engine/text/op_table.h"

namespace wherry::text {

using wasm::ErrorCode;
using wasm::Op;

namespace {

constexpr uint8_t kElse = 0x05;
constexpr uint8_t kEnd = 0x0b;

bool is_block(Op op) { return op == Op::Block || op == Op::Loop || op == Op::If || op == Op::TryTable; }

// Operands of these must be folded.
template <class Kind>
bool holds_folded_only(Kind kind) {
  return kind == Kind::Plain || kind == Kind::IfCondition || kind == Kind::ThenDone;
}

}  // namespace

// ---- expressions and bodies

// `instr*` up to the parenthesis that encloses it, and an `end`.
bool ModuleParser::parse_expression(ByteBuffer* out) {
  body_.clear();
  body_positions_.clear();
  locals_.clear();
  if (!parse_instructions(false)) return false;
  body_.u8(kEnd);
  out->append(body_.span());
  out->require(body_.ok() && pending_.ok());
  return true;
}

bool ModuleParser::parse_folded_expression(ByteBuffer* out) {
  body_.clear();
  body_positions_.clear();
  locals_.clear();
  if (!at(TokenKind::LeftParen)) return unexpected("an instruction in parentheses");
  if (!parse_instructions(true)) return false;
  body_.u8(kEnd);
  out->append(body_.span());
  out->require(body_.ok() && pending_.ok());
  return true;
}

bool ModuleParser::parse_body() {
  in_func_ = true;
  block_count_ = 0;
  if (!parse_instructions(false)) return false;
  in_func_ = false;
  if (hint_ != kNoHint) {
    return fail(ErrorCode::MisplacedAnnotation, hint_offset_,
                "@metadata.code.branch_hint at the end of a function");
  }
  body_.u8(kEnd);
  return true;
}

bool ModuleParser::parse_instructions(bool single_folded) {
  while (true) {
    switch (token().kind) {
      case TokenKind::LeftParen:
        if (!parse_folded_instruction()) return false;
        break;
      case TokenKind::RightParen:
        if (frames_.empty()) return true;
        if (!parse_close()) return false;
        if (single_folded && frames_.empty()) return true;
        break;
      case TokenKind::Keyword:
        if (!parse_plain_instruction()) return false;
        break;
      case TokenKind::Annotation:
        if (!at_annotation("metadata.code.branch_hint")) return unexpected("an instruction");
        if (!parse_branch_hint()) return false;
        break;
      default: return unexpected("an instruction or ')'");
    }
  }
}

bool ModuleParser::find_instruction(const Token& keyword, Op* op) {
  const std::string_view name = text(keyword);
  if (const std::optional<Op> found = find_op(name)) {
    *op = *found;
    return true;
  }
  if (is_legacy_op(name))
    return fail(ErrorCode::LegacyExceptions, keyword.offset, "found " + quoted(keyword));
  // Words that the grammar has elsewhere: mostly clauses in the wrong order.
  for (const std::string_view word :
       {"type", "param", "result", "local", "import", "export", "then", "catch_ref", "item"}) {
    if (name == word) {
      return fail(ErrorCode::UnexpectedToken, keyword.offset,
                  "found " + quoted(keyword) + ", expected an instruction");
    }
  }
  return fail(ErrorCode::UnknownOperator, keyword.offset, quoted(keyword));
}

uint8_t ModuleParser::take_hint() {
  const uint8_t hint = hint_;
  hint_ = kNoHint;
  return hint;
}

// Called where an instruction's first byte is about to be written.
bool ModuleParser::begin_instruction(uint8_t hint, uint32_t text_offset) {
  if (hint != kNoHint) {
    hints_.u64(body_.size());
    hints_.u8(1);
    hints_.u8(hint);
    ++hint_count_;
  }
  if (!options_.positions || !in_func_) return true;
  return body_positions_.push_back({static_cast<uint32_t>(body_.size()), text_offset}) || out_of_memory();
}

bool ModuleParser::emit_pending(const Frame& frame) {
  if (!begin_instruction(frame.hint, frame.text_offset)) return false;
  body_.append(pending_.from(frame.pending_begin));
  pending_.truncate(frame.pending_begin);
  return true;
}

// ---- labels

bool ModuleParser::push_label(const Frame& frame) {
  Label label;
  const std::string_view name = frame.label;
  if (in_func_) names_.add(NameSection::IndirectMap::Label, block_count_++, frame.label_name);
  if (!name.empty()) {
    const auto next = static_cast<uint32_t>(innermost_label_.size());
    switch (label_names_.insert(name, next)) {
      case NameMap::Insertion::OutOfMemory: return out_of_memory();
      case NameMap::Insertion::Duplicate: label.name = *label_names_.find(name); break;
      case NameMap::Insertion::Done:
        label.name = next;
        if (!innermost_label_.push_back(kNoName)) return out_of_memory();
        break;
    }
    label.shadowed = innermost_label_[label.name];
    innermost_label_[label.name] = static_cast<uint32_t>(labels_.size());
  }
  return labels_.push_back(label) || out_of_memory();
}

void ModuleParser::pop_label() {
  const Label& label = labels_.back();
  if (label.name != kNoName) innermost_label_[label.name] = label.shadowed;
  labels_.pop_back();
}

bool ModuleParser::push_frame(const Frame& frame) { return frames_.push_back(frame) || out_of_memory(); }

// ---- plain instructions

bool ModuleParser::parse_plain_instruction() {
  if (!frames_.empty() && holds_folded_only(frames_.back().kind)) {
    Op op;
    return find_instruction(token(), &op) && unexpected("an instruction in parentheses or ')'");
  }
  if (at_keyword("end")) return parse_end();
  if (at_keyword("else")) return parse_else();
  if (at_keyword("then")) return unexpected("an instruction");
  const Token keyword = token();
  Op op;
  if (!find_instruction(keyword, &op)) return false;
  if (is_block(op)) return parse_block_start(op, false);
  advance();
  return begin_instruction(take_hint(), keyword.offset) && parse_operator(op, &body_);
}

// At the keyword of a block. A folded `if` leaves its bytes in `pending_`.
bool ModuleParser::parse_block_start(Op op, bool is_folded) {
  Frame frame;
  frame.kind = is_folded ? FrameKind::FoldedBlock : FrameKind::Block;
  frame.is_if = op == Op::If;
  frame.text_offset = token().offset;
  frame.hint = take_hint();
  frame.pending_begin = static_cast<uint32_t>(pending_.size());
  advance();
  Binding binding;
  if (at(TokenKind::Identifier)) {
    if (!read_identifier(token(), &frame.label)) return false;
    binding.name = frame.label;
    advance();
  }
  if (!parse_name_annotation(&binding)) return false;
  frame.label_name = binding.name;
  const bool waits = is_folded && op == Op::If;
  ByteBuffer* const out = waits ? &pending_ : &body_;
  if (!waits && !begin_instruction(frame.hint, frame.text_offset)) return false;
  out->opcode(wasm::info(op).code);
  if (!parse_block_type(out)) return false;
  if (op == Op::TryTable && !parse_catches(out)) return false;
  if (waits) frame.kind = FrameKind::IfCondition;
  return push_frame(frame) && (waits || push_label(frame));
}

// What may follow `else` and `end`: the label once more.
bool ModuleParser::parse_label_repetition(const Frame& frame) {
  if (!at(TokenKind::Identifier)) return true;
  std::string_view name;
  if (!read_identifier(token(), &name)) return false;
  if (name != frame.label) {
    return fail(ErrorCode::MismatchingLabel, token().offset,
                "found " + quoted(token()) +
                    (frame.label.empty() ? ", but the block has no label"
                                         : ", expected '$" + std::string(frame.label) + "'"));
  }
  advance();
  return true;
}

bool ModuleParser::parse_end() {
  if (frames_.empty() || frames_.back().kind != FrameKind::Block) return unexpected("an instruction or ')'");
  const Frame frame = frames_.back();
  if (!begin_instruction(take_hint(), token().offset)) return false;
  advance();
  if (!parse_label_repetition(frame)) return false;
  body_.u8(kEnd);
  frames_.pop_back();
  pop_label();
  return true;
}

bool ModuleParser::parse_else() {
  if (frames_.empty() || frames_.back().kind != FrameKind::Block || !frames_.back().is_if) {
    return unexpected("an instruction");
  }
  frames_.back().is_if = false;
  if (!begin_instruction(take_hint(), token().offset)) return false;
  advance();
  body_.u8(kElse);
  return parse_label_repetition(frames_.back());
}

// ---- folded instructions

bool ModuleParser::parse_folded_instruction() {
  if (peek().kind != TokenKind::Keyword) {
    if (peek().kind == TokenKind::LeftParen || peek().kind == TokenKind::RightParen) advance();
    return unexpected("an instruction");
  }
  const std::string_view keyword = text(peek());
  if (keyword == "then") return parse_then();
  if (keyword == "else") return parse_folded_else();
  if (!frames_.empty() && frames_.back().kind == FrameKind::ThenDone) return unexpected("'(else' or ')'");
  advance();
  const Token opcode = token();
  Op op;
  if (keyword == "end") return unexpected("an instruction");
  if (!find_instruction(opcode, &op)) return false;
  if (is_block(op)) return parse_block_start(op, true);
  advance();
  Frame frame;
  frame.kind = FrameKind::Plain;
  frame.text_offset = opcode.offset;
  frame.hint = take_hint();
  frame.pending_begin = static_cast<uint32_t>(pending_.size());
  return parse_operator(op, &pending_) && push_frame(frame);
}

// The condition of an `if` is read: the instruction itself comes, and its label into scope.
bool ModuleParser::parse_then() {
  if (frames_.empty() || frames_.back().kind != FrameKind::IfCondition) return unexpected("an instruction");
  advance();
  advance();
  Frame& frame = frames_.back();
  frame.kind = FrameKind::Then;
  return emit_pending(frame) && push_label(frame);
}

bool ModuleParser::parse_folded_else() {
  if (frames_.empty() || frames_.back().kind != FrameKind::ThenDone) return unexpected("an instruction");
  advance();
  if (!begin_instruction(kNoHint, token().offset)) return false;
  advance();
  body_.u8(kElse);
  frames_.back().kind = FrameKind::Else;
  return true;
}

// At a parenthesis that closes something of ours.
bool ModuleParser::parse_close() {
  if (hint_ != kNoHint) {
    return fail(ErrorCode::MisplacedAnnotation, hint_offset_,
                "@metadata.code.branch_hint without an instruction");
  }
  Frame& frame = frames_.back();
  switch (frame.kind) {
    case FrameKind::Block: return unexpected("'end'");
    case FrameKind::IfCondition: return unexpected("'(then'");
    case FrameKind::Plain:
      if (!emit_pending(frame)) return false;
      frames_.pop_back();
      break;
    case FrameKind::Then: frame.kind = FrameKind::ThenDone; break;
    case FrameKind::Else:
      advance();
      if (!at(TokenKind::RightParen)) return unexpected("')' of the if");
      [[fallthrough]];
    case FrameKind::FoldedBlock:
    case FrameKind::ThenDone:
      if (!begin_instruction(kNoHint, token().offset)) return false;
      body_.u8(kEnd);
      frames_.pop_back();
      pop_label();
      break;
  }
  advance();
  return true;
}

}  // namespace wherry::text
