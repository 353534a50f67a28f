// Printing WAVE, without anything that a reader could take for something else: a `%` in front of names that are words of WAVE, escapes
// for what a terminal would obey, no fields that are `none`.
//
// Numbers are printed by <charconv>: the shortest text that is the same number again, without a locale.
#include "component/wave.h"

#include <charconv>
#include <cmath>

#include "engine/base/utf8.h"

namespace wherry::component {

namespace {

bool is_wave_keyword(std::string_view word) {
  for (const std::string_view keyword : {"true", "false", "inf", "nan", "some", "none", "ok", "err"}) {
    if (word == keyword) return true;
  }
  return false;
}

class Writer {
 public:
  std::string take() { return std::move(out_); }

  void value(const ComponentVal& value, ComponentType type) {
    const ComponentKind kind = type.is_empty() ? ComponentKind::ErrorContext : type.kind();
    if (value.kind() != kind) {
      out_ += "<?>";
      return;
    }
    switch (kind) {
      case ComponentKind::Bool: out_ += value.get<bool>() ? "true" : "false"; return;
      case ComponentKind::S8:
      case ComponentKind::S16:
      case ComponentKind::S32:
      case ComponentKind::S64: out_ += std::to_string(static_cast<int64_t>(value.integer())); return;
      case ComponentKind::U8:
      case ComponentKind::U16:
      case ComponentKind::U32:
      case ComponentKind::U64: out_ += std::to_string(value.integer()); return;
      case ComponentKind::F32: return number(value.get<float>());
      case ComponentKind::F64: return number(value.get<double>());
      case ComponentKind::Char: return literal('\'', character(value));
      case ComponentKind::String: return literal('"', value.text());
      case ComponentKind::List:
      case ComponentKind::FixedList: return list(value, type);
      case ComponentKind::Map: return map(value, type);
      case ComponentKind::Record: return record(value, type);
      case ComponentKind::Tuple: return tuple(value, type);
      case ComponentKind::Variant: return variant(value, type);
      case ComponentKind::Enum: return name(type, value.index());
      case ComponentKind::Option: return payload(value, value.index() == 0 ? "none" : "some", type.first());
      case ComponentKind::Result: return result(value, type);
      case ComponentKind::Flags: return flags(value, type);
      default: break;
    }
    out_ += '<';
    out_ += wherry::to_string(kind);
    out_ += '>';
  }

 private:
  template <class T>
  void number(T number) {
    if (std::isnan(number)) {
      out_ += "nan";
      return;
    }
    char digits[64];
    const auto written = std::to_chars(digits, digits + sizeof digits, number);
    out_.append(digits, written.ptr);
  }

  static std::string character(const ComponentVal& value) {
    char bytes[4];
    return {bytes, base::put_utf8(static_cast<uint32_t>(value.get<char32_t>()), bytes)};
  }

  void escape(uint8_t control) {
    static constexpr char kDigits[] = "0123456789abcdef";
    out_ += "\\u{";
    if (control >= 16) out_ += kDigits[control >> 4];
    out_ += kDigits[control & 15];
    out_ += '}';
  }

  void literal(char quote, std::string_view text) {
    out_ += quote;
    for (size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      const auto byte = static_cast<uint8_t>(c);
      if (c == quote || c == '\\') {
        out_ += '\\';
        out_ += c;
      } else if (c == '\n') {
        out_ += "\\n";
      } else if (c == '\t') {
        out_ += "\\t";
      } else if (c == '\r') {
        out_ += "\\r";
      } else if (byte < 0x20 || byte == 0x7f) {
        escape(byte);
      } else if (byte == 0xc2 && i + 1 < text.size() && static_cast<uint8_t>(text[i + 1]) < 0xa0) {
        escape(static_cast<uint8_t>(text[++i]));  // U+0080 to U+009F are controls of terminals, too.
      } else {
        out_ += c;
      }
    }
    out_ += quote;
  }

  void word(std::string_view name) {
    if (is_wave_keyword(name)) out_ += '%';
    out_ += name;
  }
  void name(ComponentType type, size_t index) {
    if (index >= type.count()) {
      out_ += "<?>";
      return;
    }
    word(type.name(index));
  }

  void payload(const ComponentVal& value, std::string_view word, ComponentType type) {
    out_ += word;
    if (value.payload() == nullptr) return;
    out_ += '(';
    this->value(*value.payload(), type);
    out_ += ')';
  }
  void result(const ComponentVal& value, ComponentType type) {
    const bool is_error = value.index() != 0;
    payload(value, is_error ? "err" : "ok", is_error ? type.second() : type.first());
  }
  void variant(const ComponentVal& value, ComponentType type) {
    name(type, value.index());
    if (value.payload() != nullptr) payload(value, {}, type.type(value.index()));
  }

  void list(const ComponentVal& value, ComponentType type) {
    out_ += '[';
    for (size_t i = 0; i < value.items().size(); ++i) {
      if (i > 0) out_ += ", ";
      this->value(value.items()[i], type.first());
    }
    out_ += ']';
  }
  void map(const ComponentVal& value, ComponentType type) {
    out_ += '[';
    bool is_first = true;
    for (const ComponentVal& entry : value.items()) {
      if (!is_first) out_ += ", ";
      is_first = false;
      if (entry.items().size() != 2) {
        out_ += "<?>";
        continue;
      }
      out_ += '(';
      this->value(entry.items()[0], type.first());
      out_ += ", ";
      this->value(entry.items()[1], type.second());
      out_ += ')';
    }
    out_ += ']';
  }
  void tuple(const ComponentVal& value, ComponentType type) {
    out_ += '(';
    for (size_t i = 0; i < value.items().size(); ++i) {
      if (i > 0) out_ += ", ";
      this->value(value.items()[i], type.type(i));
    }
    out_ += ')';
  }
  // Fields that are `none` are left out, as they may be when it is read.
  void record(const ComponentVal& value, ComponentType type) {
    bool is_first = true;
    out_ += '{';
    for (size_t i = 0; i < value.items().size(); ++i) {
      const ComponentVal& field = value.items()[i];
      if (field.kind() == ComponentKind::Option && field.index() == 0) continue;
      if (!is_first) out_ += ", ";
      is_first = false;
      name(type, i);
      out_ += ": ";
      this->value(field, type.type(i));
    }
    out_ += is_first ? ":}" : "}";
  }
  void flags(const ComponentVal& value, ComponentType type) {
    bool is_first = true;
    out_ += '{';
    for (size_t i = 0; i < type.count() && i < 32; ++i) {
      if ((value.bits() >> i & 1) == 0) continue;
      if (!is_first) out_ += ", ";
      is_first = false;
      word(type.name(i));
    }
    out_ += '}';
  }

  std::string out_;
};

}  // namespace

std::string print_wave(const ComponentVal& value, ComponentType type) {
  Writer writer;
  writer.value(value, type);
  return writer.take();
}

}  // namespace wherry::component
