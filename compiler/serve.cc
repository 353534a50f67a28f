#include "compiler/serve.h"

#include <cerrno>
#include <cstring>

#include <unistd.h>

#include "engine/wasm/errors.h"

namespace wherry::compiler {

namespace {

// How much there was before the end of the input.
size_t read_all(int file, uint8_t* to, size_t size_bytes) {
  size_t done = 0;
  while (done < size_bytes) {
    const ssize_t count = read(file, to + done, size_bytes - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<size_t>(count);
  }
  return done;
}

bool write_all(int file, base::ByteSpan bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(count));
  }
  return true;
}

bool answer(int out, uint32_t status, base::ByteSpan bytes) {
  const uint32_t head[] = {status, static_cast<uint32_t>(bytes.size())};
  return write_all(out, {reinterpret_cast<const uint8_t*>(head), sizeof(head)}) && write_all(out, bytes);
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
    const size_t count = read_all(in, reinterpret_cast<uint8_t*>(&size_bytes), sizeof(size_bytes));
    if (count == 0) return true;
    base::Vector<uint8_t> wasm;
    if (count != sizeof(size_bytes) || !wasm.resize(size_bytes)) return false;
    if (read_all(in, wasm.data(), size_bytes) != size_bytes) return false;
    if (!compile_one(out, wasm, settings)) return false;
  }
}

}  // namespace wherry::compiler
