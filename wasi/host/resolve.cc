// What needs no name service: addresses written as text, and the look of a name. Names of other scripts are converted before
// anything else looks at them: what is asked about, checked and sent is one name. Conversion can make an address out of a
// name ("１.２.３.４"), which is one then, as it is to browsers.
#include "wasi/host/resolve.h"

#include "wasi/host/idna.h"

namespace wherry::wasi::host {

namespace {

// The answer that the question held.
class Literal final : public NameLookup {
 public:
  explicit Literal(const IpAddress& address) : address_(address) {}

  SocketError next(IpAddress& out, bool& found) override {
    out = address_;
    found = !is_told_;
    is_told_ = true;
    return SocketError::None;
  }
  Interest interest() override { return Interest::ready(); }

 private:
  IpAddress address_;
  bool is_told_ = false;
};

bool is_label_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
  for (char c : label) {
    if (!is_label_character(c)) return false;
  }
  return true;
}

bool is_ascii_name(std::string_view text) {
  for (char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

}  // namespace

bool is_host_name(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > 253) return false;
  bool is_number = true;  // What ends in a number is an address, or none.
  while (true) {
    const size_t dot = text.find('.');
    const std::string_view label = text.substr(0, dot);
    if (!is_label(label)) return false;
    is_number = label.find_first_not_of("0123456789") == label.npos;
    if (dot == text.npos) return !is_number;
    text.remove_prefix(dot + 1);
  }
}

SocketError NameLookup::start(Ref<Network> network, std::string_view name, Ref<NameLookup>& out) {
  AsciiName converted;
  if (!is_ascii_name(name)) {
    if (const SocketError error = to_ascii_name(name, converted); error != SocketError::None) return error;
    name = converted.view();
  }
  IpAddress address;
  std::string_view literal = name;
  const bool is_bracketed = literal.size() > 2 && literal.front() == '[' && literal.back() == ']';
  if (is_bracketed) literal = literal.substr(1, literal.size() - 2);
  const bool is_literal = parse_ip(literal, address) && (address.is_v6 || !is_bracketed);
  if (!is_literal && !is_host_name(name)) return SocketError::InvalidArgument;
  if (!network->name_lookup) return SocketError::PermanentResolverFailure;
  if (!is_literal) return detail::ask(std::move(network), name, out);
  out = make_ref<Literal>(address);
  return out ? SocketError::None : SocketError::OutOfMemory;
}

}  // namespace wherry::wasi::host
