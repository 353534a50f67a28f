// A command line for wasm3's library, enough for the kernels: `wasm3 run --invoke NAME FILE N` prints what NAME(N) returns.
// The registry's package of wasm3 holds the library alone; tools/peers compiles it together with this file.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wasm3.h"

static int fail(const char* what, const char* why) {
  fprintf(stderr, "wasm3: %s: %s\n", what, why);
  return 1;
}

int main(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], "--version") == 0) return printf("wasm3 " M3_VERSION "\n"), 0;
  if (argc != 6 || strcmp(argv[1], "run") != 0 || strcmp(argv[2], "--invoke") != 0) {
    return fail("usage", "wasm3 run --invoke NAME FILE N");
  }
  FILE* file = fopen(argv[4], "rb");
  if (!file) return fail(argv[4], "cannot be opened");
  static uint8_t bytes[1 << 20];
  uint32_t size = (uint32_t)fread(bytes, 1, sizeof bytes, file);
  fclose(file);

  IM3Environment environment = m3_NewEnvironment();
  IM3Runtime runtime = m3_NewRuntime(environment, 1 << 20, NULL);
  IM3Module module;
  IM3Function function;
  M3Result error = m3_ParseModule(environment, &module, bytes, size);
  if (!error) error = m3_LoadModule(runtime, module);
  if (!error) error = m3_FindFunction(&function, runtime, argv[3]);
  if (error) return fail(argv[4], error);
  uint32_t n = (uint32_t)strtoul(argv[5], NULL, 10);
  error = m3_CallV(function, n);
  uint32_t result = 0;
  if (!error) error = m3_GetResultsV(function, &result);
  if (error) return fail(argv[3], error);
  printf("%" PRId32 "\n", (int32_t)result);
  return 0;
}
