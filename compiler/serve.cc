#include "compiler/serve.h"

#include "engine/base/os/descriptor.h"
#include "engine/wasm/errors.h"

namespace wherry::compiler {

namespace {

bool answer(int out, uint32_t status, base::ByteSpan bytes) {
  const uint32_t head[] = {status, static_cast<uint32_t>(bytes.size())};
  return base::write_all(out, head, sizeof(head)) && base::write_all(out, bytes.data(), bytes.size());
}

bool compile_one(int out, base::ByteSpan wasm, const CompileSettings& settings) {
  const auto artifact = compile(wasm, settings);
  if (!artifact) return answer(out, 1, base::as_bytes(wasm::describe(artifact.error())));
  if (artifact->size() > UINT32_MAX) return answer(out, 1, base::as_bytes("the artifact is too large"));
  return answer(out, 0, artifact->span());
}

}  // namespace

bool serve(int in, int out, const CompileSettings& settings) {
  for (;;) {
    uint32_t size_bytes = 0;
    const size_t count = base::read_all(in, &size_bytes, sizeof(size_bytes));
    if (count == 0) return true;
    base::Vector<uint8_t> wasm;
    if (count != sizeof(size_bytes) || !wasm.resize(size_bytes)) return false;
    if (base::read_all(in, wasm.data(), size_bytes) != size_bytes) return false;
    if (!compile_one(out, wasm, settings)) return false;
  }
}

}  // namespace wherry::compiler
