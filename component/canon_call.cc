// One side of a call between a guest and whoever is on the other side: its memory, its realloc, its strings.
//
// A memory never moves, so that an address in it stays good when realloc grows it; only its size is asked for anew. A guest's realloc
// may do anything but call out (may_leave is 0 meanwhile), and its answer is believed only as far as it was checked.
#include <algorithm>
#include <cstring>
#include <new>

#include "component/canon_call.h"
#include "engine/canon/strings.h"

namespace wherry {

using component::CallScope;
using component::reallocate;
using component::SourceString;

namespace detail {

bool CanonCall::fail(TrapCode code) { return fail(Error::trap(code)); }
bool CanonCall::fail(Error error) {
  if (error_.ok()) error_ = std::move(error);
  return false;
}
Error CanonCall::take_error() {
  return error_.ok() ? Error::usage("a component call failed without a reason") : std::move(error_).error();
}

bool CanonCall::charge(uint64_t bytes) {
  const uint64_t most = store_.limits().host_call_bytes;
  if (bytes > most || charged_ > most - bytes) [[unlikely]]
    return fail(TrapCode::HostCallBudget);
  charged_ += bytes;
  return true;
}

CallScope* CanonCallAccess::open_scope(CanonCall& call) {
  if (call.has_scope_) return static_cast<CallScope*>(call.scope_);
  auto* const made = new (std::nothrow) CallScope;
  if (made == nullptr) {
    (void)call.fail(Error::out_of_memory());
    return nullptr;
  }
  call.scope_ = made;
  call.has_scope_ = true;
  return made;
}

void CanonCall::return_borrows() {
  CallScope& scope = *static_cast<CallScope*>(scope_);
  for (const CallScope::Lend& lend : scope.lends) {
    component::HandleTable& table =
        lend.instance == nullptr ? options_->store->host_handles : lend.instance->handles;
    if (component::Handle* const handle = table.find(lend.handle)) --handle->lends;
  }
  scope.lends = {};
  has_borrows_ = false;
}

// After a call that failed, handles of borrows may be left in the callee's table: they must not point here any more.
void CanonCall::close() {
  CanonCallAccess::forget_host_borrows(*this);
  if (has_borrows_) return_borrows();
  auto* const scope = static_cast<CallScope*>(scope_);
  if (scope->borrows != 0 && scope->callee != nullptr) {
    for (component::Handle& handle : scope->callee->handles.entries()) {
      if (handle.scope == scope) handle.scope = nullptr;
    }
  }
  component::drop_host_handles(options_->store, scope->host_owns.span());
  delete scope;
}

// ---- memory

uint8_t* CanonCall::find(uint32_t address, uint64_t size, uint32_t align, TrapCode beyond) {
  if ((address & (align - 1)) != 0) [[unlikely]] {
    (void)fail(TrapCode::UnalignedPointer);
    return nullptr;
  }
  const Result<MemoryView> memory = options_->memory.view(store_);
  if (!memory) {
    (void)fail(memory.error().clone());
    return nullptr;
  }
  uint8_t* const found = memory->at(address, size);
  if (found == nullptr) (void)fail(beyond);
  return found;
}

uint8_t* CanonCall::range(uint32_t address, uint64_t size, uint32_t align) {
  return find(address, size, align, TrapCode::PointerOutOfBounds);
}

uint8_t* CanonCall::elements(uint32_t address, uint32_t count, uint32_t element_size, uint32_t align) {
  const uint64_t size = uint64_t{count} * element_size;
  if (size > canon::kMaxBytes) [[unlikely]] {
    (void)fail(TrapCode::ListTooLong);
    return nullptr;
  }
  return find(address, size, align, TrapCode::ListOutOfBounds);
}

bool CanonCall::allocate(uint64_t size, uint32_t align, uint32_t* address, uint8_t** bytes) {
  if (size > ~uint32_t{0}) return fail(TrapCode::ListTooLong);
  return reallocate(*this, 0, 0, align, static_cast<uint32_t>(size), address, bytes);
}

// ---- strings of the host

// A view takes no memory but time, and a list may name the same 256 MB millions of times: this many bytes that are looked at
// count as one that is kept.
constexpr uint32_t kBytesLookedAt = 16;

bool CanonCall::lift_string(uint32_t address, uint32_t length, std::string_view* text) {
  SourceString string;
  if (!component::find_string(*this, address, length, &string)) return false;
  if (string.form == SourceString::Form::Utf8) {
    *text = std::string_view(reinterpret_cast<const char*>(string.bytes), string.units);
    return charge(string.units / kBytesLookedAt);
  }
  const bool is_wide = string.form == SourceString::Form::Utf16;
  const uint64_t most = uint64_t{string.units} * (is_wide ? 3 : 2);
  CallScope* const scope = CanonCallAccess::open_scope(*this);
  if (scope == nullptr || !charge(most)) return false;
  std::unique_ptr<char[]> made(new (std::nothrow) char[most + 1]);
  if (made == nullptr) return fail(Error::out_of_memory());
  auto* const to = reinterpret_cast<uint8_t*>(made.get());
  const size_t size = is_wide ? canon::utf16_to_utf8(string.bytes, string.units, to)
                              : canon::latin1_to_utf8({string.bytes, string.units}, to);
  *text = std::string_view(made.get(), size);
  return scope->scratch.push_back(std::move(made)) || fail(Error::out_of_memory());
}

bool CanonCall::lower_string(std::string_view text, uint32_t* address, uint32_t* length) {
  if (text.size() > canon::kMaxBytes) return fail(TrapCode::StringTooLong);
  SourceString string;
  string.bytes = reinterpret_cast<const uint8_t*>(text.data());
  string.units = static_cast<uint32_t>(text.size());
  if (canon::check_utf8({string.bytes, text.size()}) != canon::Utf8::Valid) {
    return fail(Error::usage("a string of the host's that is no UTF-8"));
  }
  return component::store_string(*this, string, address, length);
}

}  // namespace detail

namespace component {

bool pay(CanonCall& call, uint64_t units) {
  const StoreRef store = call.store();
  if (!store.engine().config().fuel) return true;
  const Result<uint64_t> left = store.fuel();
  if (!left) return call.fail(left.error().clone());
  if (Result<void> paid = store.set_fuel(*left - std::min(units, *left)); !paid)
    return call.fail(std::move(paid).error());
  return units <= *left || call.fail(TrapCode::OutOfFuel);
}

Error as_trap(Error error) {
  if (error.kind() != ErrorKind::Exception) return error;
  Trap trap;
  if (error.trap() != nullptr) trap = *error.trap();
  trap.code = TrapCode::UncaughtException;
  return Error::trap(std::move(trap));
}

bool call_core(CanonCall& call, Func func, void* object, uint64_t* slots) {
  Result<void> called = detail::call_slots(call.store(), func, object, slots);
  return called.ok() || call.fail(as_trap(std::move(called).error()));
}

// On a thread of its own, as the specification has it: without the caller's context.
bool reallocate(CanonCall& call, uint32_t old_address, uint32_t old_size, uint32_t align, uint32_t size,
                uint32_t* address, uint8_t** bytes) {
  const detail::CanonOptions& options = options_of(call);
  if (options.realloc_object == nullptr)
    return call.fail(Error::usage("a canonical function without realloc"));
  uint64_t slots[4] = {old_address, old_size, align, size};
  RtInstance& instance = *options.instance;
  *instance.may_leave = 0;
  const uint64_t context[2] = {instance.context[0], instance.context[1]};
  instance.context[0] = instance.context[1] = 0;
  if (!call_core(call, options.realloc, options.realloc_object, slots)) return false;
  instance.context[0] = context[0];
  instance.context[1] = context[1];
  *instance.may_leave = 1;
  *address = static_cast<uint32_t>(slots[0]);
  if ((*address & (align - 1)) != 0) return call.fail(TrapCode::ReallocUnaligned);
  const Result<MemoryView> memory = options.memory.view(call.store());
  if (!memory) return call.fail(memory.error().clone());
  *bytes = memory->at(*address, size);
  return *bytes != nullptr || call.fail(TrapCode::ReallocOutOfBounds);
}

// ---- strings (CanonicalABI.md, load_string_from_range and store_string_into_range)

namespace {

bool check_utf8(CanonCall& call, const SourceString& string) {
  const canon::Utf8 found = canon::check_utf8({string.bytes, string.units});
  if (found == canon::Utf8::Valid) return true;
  if (found == canon::Utf8::Invalid) return call.fail(TrapCode::InvalidUtf8);
  Trap trap;
  trap.code = TrapCode::InvalidUtf8;
  trap.message = "incomplete utf-8 byte sequence";
  return call.fail(Error::trap(std::move(trap)));
}

// Where a string lies, in bounds; not looked at.
bool locate_string(CanonCall& call, uint32_t address, uint32_t length, SourceString* string) {
  constexpr uint32_t kTag = 1u << 31;
  const Encoding encoding = options_of(call).encoding;
  string->units = length;
  string->is_tagged = encoding == Encoding::Latin1Utf16;
  switch (encoding) {
    case Encoding::Utf8: string->form = SourceString::Form::Utf8; break;
    case Encoding::Utf16: string->form = SourceString::Form::Utf16; break;
    case Encoding::Latin1Utf16:
      string->form = (length & kTag) != 0 ? SourceString::Form::Utf16 : SourceString::Form::Latin1;
      string->units = length & ~kTag;
      break;
  }
  const uint64_t size = uint64_t{string->units} * (string->form == SourceString::Form::Utf16 ? 2 : 1);
  if (size > canon::kMaxBytes) return call.fail(TrapCode::StringTooLong);
  if (encoding != Encoding::Utf8 && (address & 1) != 0) return call.fail(TrapCode::UnalignedPointer);
  const Result<MemoryView> memory = options_of(call).memory.view(call.store());
  if (!memory) return call.fail(memory.error().clone());
  string->bytes = memory->at(address, size);
  if (string->bytes == nullptr) return call.fail(TrapCode::StringOutOfBounds);
  return true;
}

}  // namespace

bool find_string(CanonCall& call, uint32_t address, uint32_t length, SourceString* string) {
  if (!locate_string(call, address, length, string)) return false;
  if (string->form == SourceString::Form::Utf16) {
    return canon::is_utf16(string->bytes, string->units) || call.fail(TrapCode::InvalidUtf16);
  }
  return string->form == SourceString::Form::Latin1 || check_utf8(call, *string);
}
namespace {

constexpr uint32_t kUtf16Tag = 1u << 31;

// Writes one string; the steps are those of the functions of the same names in CanonicalABI.md.
class StringWriter {
 public:
  StringWriter(CanonCall& call, const SourceString& from, uint32_t* address, uint32_t* length)
      : call_(call), from_(from), address_(address), length_(length) {}

  bool to_utf8() {
    if (from_.form == SourceString::Form::Utf8) return copy(1);
    const bool is_wide = from_.form == SourceString::Form::Utf16;
    const uint32_t units = from_.units;
    if (!grow(0, 1, units)) return false;
    const size_t ascii =
        is_wide ? canon::ascii_prefix16(from_.bytes, units) : canon::ascii_prefix({from_.bytes, units});
    put(ascii, is_wide);
    if (ascii == units) return done(units);
    const uint32_t most = units * (is_wide ? 3 : 2);
    if (!grow(units, 1, most)) return false;
    const size_t rest = is_wide ? canon::utf16_to_utf8(from_.bytes + 2 * ascii, units - ascii, bytes_ + ascii)
                                : canon::latin1_to_utf8({from_.bytes + ascii, units - ascii}, bytes_ + ascii);
    return shrink(most, 1, static_cast<uint32_t>(ascii + rest)) && done(static_cast<uint32_t>(ascii + rest));
  }

  bool to_utf16() {
    const uint32_t most = 2 * from_.units;
    if (from_.form == SourceString::Form::Utf16) return copy(2);
    if (!grow(0, 2, most)) return false;
    if (from_.form == SourceString::Form::Latin1) {
      (void)canon::latin1_to_utf16({from_.bytes, from_.units}, bytes_);
      return done(from_.units);
    }
    const auto size = static_cast<uint32_t>(canon::utf8_to_utf16({from_.bytes, from_.units}, bytes_));
    return shrink(most, 2, size) && done(size / 2);
  }

  bool to_latin1_or_utf16() {
    if (from_.is_tagged) return from_.form == SourceString::Form::Latin1 ? copy(2) : from_probably_utf16();
    const bool is_wide = from_.form == SourceString::Form::Utf16;
    const uint32_t units = from_.units;
    if (!grow(0, 2, units)) return false;
    size_t used = 0;
    const auto narrow =
        static_cast<uint32_t>(is_wide ? canon::utf16_to_latin1(from_.bytes, units, bytes_, &used)
                                      : canon::utf8_to_latin1({from_.bytes, units}, bytes_, &used));
    if (used == units) return shrink(units, 2, narrow) && done(narrow);
    const uint32_t most = 2 * units;
    if (!grow(units, 2, most)) return false;
    for (uint32_t i = narrow; i-- > 0;) {
      bytes_[2 * i] = bytes_[i];
      bytes_[2 * i + 1] = 0;
    }
    size_t rest = 0;
    uint8_t* const to = bytes_ + 2 * size_t{narrow};
    if (is_wide) {
      rest = 2 * (units - used);
      std::memcpy(to, from_.bytes + 2 * used, rest);
    } else {
      rest = canon::utf8_to_utf16({from_.bytes + used, units - used}, to);
    }
    const auto size = static_cast<uint32_t>(2 * size_t{narrow} + rest);
    return shrink(most, 2, size) && done((size / 2) | kUtf16Tag);
  }

 private:
  bool done(uint32_t length) {
    *length_ = length;
    return true;
  }
  // The first call of realloc has nothing to give back.
  bool grow(uint32_t old_size, uint32_t align, uint32_t size) {
    return reallocate(call_, old_size == 0 ? 0 : *address_, old_size, align, size, address_, &bytes_);
  }
  bool shrink(uint32_t old_size, uint32_t align, uint32_t size) {
    return size >= old_size || reallocate(call_, *address_, old_size, align, size, address_, &bytes_);
  }
  bool copy(uint32_t align) {
    const uint32_t size = from_.byte_length();
    if (!grow(0, align, size)) return false;
    if (size != 0) std::memcpy(bytes_, from_.bytes, size);
    return done(from_.units);
  }
  void put(size_t ascii, bool is_wide) {
    if (!is_wide) {
      if (ascii != 0) std::memcpy(bytes_, from_.bytes, ascii);
      return;
    }
    for (size_t i = 0; i < ascii; ++i) bytes_[i] = from_.bytes[2 * i];
  }
  bool from_probably_utf16() {
    const uint32_t units = from_.units;
    const uint32_t size = 2 * units;
    if (!grow(0, 2, size)) return false;
    if (size != 0) std::memcpy(bytes_, from_.bytes, size);
    bool is_narrow = true;
    for (uint32_t i = 0; i < units; ++i) is_narrow = is_narrow && from_.bytes[2 * i + 1] == 0;
    if (!is_narrow) return done(units | kUtf16Tag);
    for (uint32_t i = 0; i < units; ++i) bytes_[i] = bytes_[2 * i];
    return reallocate(call_, *address_, size, 1, units, address_, &bytes_) && done(units);
  }

  CanonCall& call_;
  const SourceString& from_;
  uint32_t* address_;
  uint32_t* length_;
  uint8_t* bytes_ = nullptr;
};

}  // namespace

// A string that is no UTF-8 has been copied before the trap, which nobody will see.
bool copy_utf8(CanonCall& from, uint32_t address, uint32_t length, CanonCall& to, uint32_t* to_address) {
  SourceString found;
  uint8_t* bytes = nullptr;
  if (!locate_string(from, address, length, &found) || !pay(from, fuel_for_bytes(length)) ||
      !reallocate(to, 0, 0, 1, length, to_address, &bytes)) {
    return false;
  }
  if (canon::copy_utf8({found.bytes, length}, bytes)) return true;
  found.bytes = bytes;  // As it was when it was looked at.
  return check_utf8(from, found);
}

bool store_string(CanonCall& call, const SourceString& from, uint32_t* address, uint32_t* length) {
  StringWriter writer(call, from, address, length);
  switch (options_of(call).encoding) {
    case Encoding::Utf8: return writer.to_utf8();
    case Encoding::Utf16: return writer.to_utf16();
    case Encoding::Latin1Utf16: break;
  }
  return writer.to_latin1_or_utf16();
}

}  // namespace component

}  // namespace wherry
