#include "compiler/serve.h"

#include "engine/base/bytes.h"
#include "engine/base/os/descriptor.h"
#include "engine/base/vector.h"

namespace wherry::compiler {

namespace {

bool answer(int out, uint32_t status, base::ByteSpan bytes) {
  const uint32_t head[] = {status, static_cast<uint32_t>(bytes.size())};
  return base::write_all(out, head, sizeof(head)) && base::write_all(out, bytes.data(), bytes.size());
}

bool compile_one(int out, base::ByteSpan wasm, wherry_compiler* compiler) {
  if (!wherry_compiler_compile(compiler, wasm.data(), wasm.size()))
    return answer(out, 1, base::as_bytes(wherry_compiler_error(compiler)));
  size_t size_bytes = 0;
  const auto* const bytes = static_cast<const uint8_t*>(wherry_compiler_output(compiler, 0, &size_bytes));
  if (size_bytes > UINT32_MAX) return answer(out, 1, base::as_bytes("the artifact is too large"));
  return answer(out, 0, {bytes, size_bytes});
}

}  // namespace

bool serve(int in, int out, wherry_compiler* compiler) {
  for (;;) {
    uint32_t size_bytes = 0;
    const size_t count = base::read_all(in, &size_bytes, sizeof(size_bytes));
    if (count == 0) return true;
    base::Vector<uint8_t> wasm;
    if (count != sizeof(size_bytes) || !wasm.resize(size_bytes)) return false;
    if (base::read_all(in, wasm.data(), size_bytes) != size_bytes) return false;
    if (!compile_one(out, wasm, compiler)) return false;
  }
}

}  // namespace wherry::compiler
