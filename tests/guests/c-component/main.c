// A component in C without the libc's system calls: the functions of its world (world.wit) are imported and exported by the names
// that wit-bindgen's bindings use, with values laid out as the canonical ABI has them in memory.
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

typedef struct {
  char* at;
  size_t size;
} Text;

typedef struct {
  Text* at;
  size_t count;
} Texts;

typedef struct {
  struct {
    Text name, value;
  }* at;
  size_t count;
} Pairs;

// result<_, stream-error>
typedef struct {
  uint8_t is_error;
  uint8_t kind __attribute__((aligned(4)));
  int32_t error;
} Written;

// result<list<u8>, stream-error>
typedef struct {
  uint8_t is_error;
  union {
    Text bytes;
    struct {
      uint8_t kind;
      int32_t error;
    };
  };
} Read;

IMPORT("wasi:cli/environment@0.2.4", "get-arguments") void get_arguments(Texts* out);
IMPORT("wasi:cli/environment@0.2.4", "get-environment") void get_environment(Pairs* out);
IMPORT("wasi:cli/stdin@0.2.4", "get-stdin") int32_t get_stdin(void);
IMPORT("wasi:cli/stdout@0.2.4", "get-stdout") int32_t get_stdout(void);
IMPORT("wasi:io/streams@0.2.4", "[method]input-stream.blocking-read")
void blocking_read(int32_t stream, uint64_t size, Read* out);
IMPORT("wasi:io/streams@0.2.4", "[method]output-stream.blocking-write-and-flush")
void blocking_write(int32_t stream, const char* at, size_t size, Written* out);
IMPORT("wasi:io/streams@0.2.4", "[resource-drop]input-stream") void drop_input(int32_t stream);
IMPORT("wasi:io/streams@0.2.4", "[resource-drop]output-stream") void drop_output(int32_t stream);
IMPORT("wasi:io/error@0.2.4", "[resource-drop]error") void drop_error(int32_t error);

EXPORT("cabi_realloc") void* cabi_realloc(void* old, size_t old_size, size_t align, size_t size) {
  (void)old_size;
  if (size == 0) return (void*)align;
  void* const made = realloc(old, size);
  if (made == NULL) __builtin_trap();
  return made;
}

static int constructed;
__attribute__((constructor)) static void construct(void) { constructed = 42; }

static int32_t out;

static void put(const char* at, size_t size) {
  while (size > 0) {
    const size_t piece = size < 4096 ? size : 4096;
    Written written;
    blocking_write(out, at, piece, &written);
    if (written.is_error) {
      if (written.kind == 0) drop_error(written.error);
      __builtin_trap();
    }
    at += piece;
    size -= piece;
  }
}
static void say(const char* text) { put(text, strlen(text)); }

static void say_number(unsigned number) {
  char digits[12];
  size_t at = sizeof digits;
  do digits[--at] = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  put(digits + at, sizeof digits - at);
}

static void surroundings(const Texts* arguments) {
  for (size_t i = 1; i < arguments->count; ++i) {
    put(arguments->at[i].at, arguments->at[i].size);
    say(i + 1 == arguments->count ? "\n" : ", ");
  }
  Pairs variables;
  get_environment(&variables);
  for (size_t i = 0; i < variables.count; ++i) {
    put(variables.at[i].name.at, variables.at[i].name.size);
    say("=");
    put(variables.at[i].value.at, variables.at[i].value.size);
    say("\n");
  }
}

// Standard input in capitals.
static void upper(void) {
  const int32_t in = get_stdin();
  for (;;) {
    Read got;
    blocking_read(in, 7, &got);
    if (got.is_error) {
      if (got.kind == 0) drop_error(got.error);
      break;
    }
    for (size_t i = 0; i < got.bytes.size; ++i)
      got.bytes.at[i] = (char)toupper((unsigned char)got.bytes.at[i]);
    put(got.bytes.at, got.bytes.size);
    if (got.bytes.size > 0) free(got.bytes.at);
  }
  drop_input(in);
}

// Memory that grows: a megabyte, checked, piece by piece.
static void work(void) {
  enum { kPieces = 64, kSize = 16384 };
  unsigned char* pieces[kPieces];
  unsigned sum = 0;
  for (int i = 0; i < kPieces; ++i) memset(pieces[i] = malloc(kSize), i, kSize);
  for (int i = 0; i < kPieces; ++i) {
    for (int j = 0; j < kSize; ++j) sum += pieces[i][j];
    free(pieces[i]);
  }
  say_number(sum);
  say("\n");
}

EXPORT("wasi:cli/run@0.2.4#run") int32_t run(void) {
  Texts arguments;
  get_arguments(&arguments);
  out = get_stdout();
  const Text word = arguments.count > 1 ? arguments.at[1] : (Text){"hello", 5};
  int32_t status = 0;
  if (word.size == 5 && memcmp(word.at, "hello", 5) == 0) {
    say("Hello from C, constructed ");
    say_number((unsigned)constructed);
    say("\n");
  } else if (word.size == 12 && memcmp(word.at, "surroundings", 12) == 0) {
    surroundings(&arguments);
  } else if (word.size == 5 && memcmp(word.at, "upper", 5) == 0) {
    upper();
  } else if (word.size == 4 && memcmp(word.at, "work", 4) == 0) {
    work();
  } else {
    say("what?\n");
    status = 1;
  }
  drop_output(out);
  return status;
}

// ---- the resource

typedef struct {
  Text text;
} Counter;

IMPORT("[export]guest:c-program/words", "[resource-new]counter") int32_t new_counter(Counter* counter);

EXPORT("guest:c-program/words#[constructor]counter") int32_t make_counter(char* at, size_t size) {
  Counter* const counter = malloc(sizeof *counter);
  counter->text = (Text){at, size};
  return new_counter(counter);
}

EXPORT("guest:c-program/words#[dtor]counter") void drop_counter(Counter* counter) {
  if (counter->text.size > 0) free(counter->text.at);
  free(counter);
}

static const char* next_word(const Counter* counter, const char* at, size_t* size) {
  const char* const end = counter->text.at + counter->text.size;
  while (at < end && isspace((unsigned char)*at)) ++at;
  const char* to = at;
  while (to < end && !isspace((unsigned char)*to)) ++to;
  *size = (size_t)(to - at);
  return at;
}

EXPORT("guest:c-program/words#[method]counter.words") uint32_t count_words(const Counter* counter) {
  uint32_t count = 0;
  size_t size;
  for (const char* at = next_word(counter, counter->text.at, &size); size > 0;
       at = next_word(counter, at + size, &size)) {
    ++count;
  }
  return count;
}

// option<string>
typedef struct {
  uint8_t is_some;
  Text text;
} MaybeText;

EXPORT("guest:c-program/words#[method]counter.longest") MaybeText* find_longest(const Counter* counter) {
  MaybeText* const found = calloc(1, sizeof *found);
  size_t size;
  for (const char* at = next_word(counter, counter->text.at, &size); size > 0;
       at = next_word(counter, at + size, &size)) {
    if (size > found->text.size) *found = (MaybeText){1, {(char*)at, size}};
  }
  return found;
}

EXPORT("cabi_post_guest:c-program/words#[method]counter.longest") void after_longest(MaybeText* found) {
  free(found);
}
