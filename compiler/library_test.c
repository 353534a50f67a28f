// libwherry-compiler.so, used from C.
//
//   library_test              checks the interface
//   library_test IN OUT       compiles a file, as wherryc does
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wherry/compiler.h"

#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) {                                                         \
      fprintf(stderr, "library_test.c:%d: failed: %s\n", __LINE__, #condition); \
      exit(1);                                                                  \
    }                                                                           \
  } while (0)

// (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
static const unsigned char kAdd[] = {0,    'a', 's',  'm', 1, 0, 0, 0,    1, 7,    1, 0x60, 2,   0x7f,
                                     0x7f, 1,   0x7f, 3,   2, 1, 0, 7,    7, 1,    3, 'a',  'd', 'd',
                                     0,    0,   10,   9,   1, 7, 0, 0x20, 0, 0x20, 1, 0x6a, 0x0b};

static void count(void* context, uint64_t done_bytes, uint64_t all_bytes) {
  CHECK(done_bytes <= all_bytes);
  ++*(int*)context;
}

static void check_outputs(void) {
  wherry_compiler* const compiler = wherry_compiler_new();
  CHECK(compiler != NULL);
  int told = 0;
  wherry_compiler_on_progress(compiler, count, &told);
  size_t size = 1;
  CHECK(wherry_compiler_output(compiler, 0, &size) == NULL && size == 0);
  CHECK(wherry_compiler_compile(compiler, kAdd, sizeof(kAdd)));
  CHECK(told == 1);
  const void* const artifact = wherry_compiler_output(compiler, 0, &size);
  CHECK(artifact != NULL && size > 4096 && memcmp(artifact, "\0wherry\n", 8) == 0);
  CHECK(wherry_compiler_output(compiler, 1, &size) == NULL);
  CHECK(wherry_compiler_left_out(compiler) == 0);

  CHECK(wherry_compiler_set(compiler, "emit", "llvm"));
  CHECK(wherry_compiler_compile(compiler, kAdd, sizeof(kAdd)));
  CHECK(strstr(wherry_compiler_output(compiler, 0, &size), "define ") != NULL);
  CHECK(wherry_compiler_set(compiler, "emit", "obj"));
  CHECK(wherry_compiler_compile(compiler, kAdd, sizeof(kAdd)));
  CHECK(memcmp(wherry_compiler_output(compiler, 0, &size),
               "\x7f"
               "ELF",
               4) == 0);
  CHECK(strstr(wherry_compiler_settings(compiler), "--trap-precision") != NULL);
  wherry_compiler_delete(compiler);
  wherry_compiler_delete(NULL);
}

static void check_errors(void) {
  wherry_compiler* const compiler = wherry_compiler_new();
  CHECK(!wherry_compiler_set(compiler, "colour", "red"));
  CHECK(strstr(wherry_compiler_error(compiler), "no setting 'colour'") != NULL);
  CHECK(!wherry_compiler_set(compiler, "trap-precision", "some"));
  CHECK(!wherry_compiler_set(compiler, "emit", "poetry"));
  CHECK(!wherry_compiler_compile(compiler, kAdd, 20));
  CHECK(strlen(wherry_compiler_error(compiler)) > 5);
  size_t size = 1;
  CHECK(wherry_compiler_output(compiler, 0, &size) == NULL);
  CHECK(wherry_compiler_compile(compiler, kAdd, sizeof(kAdd)));
  CHECK(strcmp(wherry_compiler_error(compiler), "") == 0);
  wherry_compiler_delete(compiler);
}

static void* compile_twice(void* artifact_size) {
  wherry_compiler* const compiler = wherry_compiler_new();
  for (int i = 0; i < 2; ++i) {
    CHECK(wherry_compiler_compile(compiler, kAdd, sizeof(kAdd)));
    wherry_compiler_output(compiler, 0, artifact_size);
  }
  wherry_compiler_delete(compiler);
  return NULL;
}

static void check_threads(void) {
  pthread_t threads[2];
  size_t sizes[2] = {0, 0};
  for (int i = 0; i < 2; ++i) CHECK(pthread_create(&threads[i], NULL, compile_twice, &sizes[i]) == 0);
  for (int i = 0; i < 2; ++i) pthread_join(threads[i], NULL);
  CHECK(sizes[0] > 4096 && sizes[0] == sizes[1]);
}

static int compile_file(const char* in, const char* out) {
  static unsigned char wasm[1 << 20];
  FILE* const input = fopen(in, "rb");
  FILE* const output = fopen(out, "wb");
  CHECK(input != NULL && output != NULL);
  const size_t wasm_size = fread(wasm, 1, sizeof(wasm), input);
  wherry_compiler* const compiler = wherry_compiler_new();
  CHECK(wherry_compiler_compile(compiler, wasm, wasm_size));
  size_t size = 0;
  const void* const artifact = wherry_compiler_output(compiler, 0, &size);
  CHECK(fwrite(artifact, 1, size, output) == size && fclose(output) == 0);
  wherry_compiler_delete(compiler);
  return 0;
}

int main(int argc, char** argv) {
  if (argc == 3) return compile_file(argv[1], argv[2]);
  check_outputs();
  check_errors();
  check_threads();
  return 0;
}
