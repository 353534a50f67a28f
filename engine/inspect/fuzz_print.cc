// Any bytes: whatever decodes is printed, and what was printed parses to something that prints the same again. objdump goes over
// the same bytes.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "engine/inspect/binary.h"
#include "engine/inspect/objdump.h"
#include "engine/inspect/text.h"
#include "engine/text/string_sink.h"

using namespace wherry;

constexpr size_t kMostText = size_t{4} << 20;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const base::ByteSpan bytes(data, size);
  text::StringSink listing(kMostText);
  (void)inspect::objdump("fuzz", bytes, {.funcs = true}, listing);
  text::StringSink first(kMostText);
  if (!inspect::print(bytes, {}, first)) return 0;
  const base::Result<text::TextModule> parsed = text::parse_module(base::as_bytes(first.text));
  if (!parsed) {
    std::fprintf(stderr, "%s\n%s\n", first.text.c_str(),
                 text::describe_text_error(base::as_bytes(first.text), parsed.error(), "printed").c_str());
    std::abort();
  }
  text::StringSink second(kMostText), third(kMostText);
  if (!inspect::print(parsed->binary, {}, second)) std::abort();
  const base::Result<text::TextModule> again = text::parse_module(base::as_bytes(second.text));
  if (!again || !inspect::print(again->binary, {}, third) || second.text != third.text) std::abort();
  return 0;
}
