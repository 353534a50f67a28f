// A byte-code loop: a stack machine with a switch (br_table), running a nested loop with array accesses.
// n = outer iterations of the interpreted program.
#include <stdint.h>

enum { Push, Load, Store, Add, Sub, Mul, And, Xor, Shl, Shr, Less, Jump, JumpIfZero, Get, Put, Dup, Halt };

// x = outer counter (0), i = inner counter (1), h = hash (2)
static const uint8_t program[] = {
    /* 0*/ Push, 0,  Store, 1,                          // i = 0
    /* 4*/ Load, 1,  Push,  200, Less, JumpIfZero, 51,  // while (i < 200) {
    /*11*/ Load, 2,  Push,  5,   Shl,  Load,       2,     Add,  Load, 1,   Xor,
    Store,       2,                                                              // h = ((h << 5) + h) ^ i
    /*24*/ Load, 1,  Push,  63,  And,  Dup,        Get,   Load, 2,    Xor, Put,  // mem[i & 63] ^= h
    /*35*/ Load, 2,  Push,  3,   Shr,  Load,       1,     Mul,  Load, 2,   Sub,
    Store,       2,                                           // h = (h >> 3) * i - h
    /*48*/ Jump, 60, Halt,                                    // goto next
    /*51*/ Load, 0,  Push,  1,   Sub,  Dup,        Store, 0,  // } --x
    /*59*/ Halt,
    /*60*/ Load, 1,  Push,  1,   Add,  Store,      1,     Jump, 4,
};
static uint32_t stack[64], locals[8], memory[64];

static void interpret(void) {
  const uint8_t* pc = program;
  uint32_t* sp = stack;
  for (;;) {
    switch (*pc++) {
      case Push: *sp++ = *pc++; break;
      case Load: *sp++ = locals[*pc++]; break;
      case Store: locals[*pc++] = *--sp; break;
      case Add:
        --sp;
        sp[-1] += sp[0];
        break;
      case Sub:
        --sp;
        sp[-1] -= sp[0];
        break;
      case Mul:
        --sp;
        sp[-1] *= sp[0];
        break;
      case And:
        --sp;
        sp[-1] &= sp[0];
        break;
      case Xor:
        --sp;
        sp[-1] ^= sp[0];
        break;
      case Shl:
        --sp;
        sp[-1] <<= sp[0] & 31;
        break;
      case Shr:
        --sp;
        sp[-1] >>= sp[0] & 31;
        break;
      case Less:
        --sp;
        sp[-1] = sp[-1] < sp[0];
        break;
      case Jump: pc = program + *pc; break;
      case JumpIfZero: pc = *--sp ? pc + 1 : program + *pc; break;
      case Get: sp[-1] = memory[sp[-1] & 63]; break;
      case Put:
        sp -= 2;
        memory[sp[0] & 63] = sp[1];
        break;
      case Dup:
        sp[0] = sp[-1];
        ++sp;
        break;
      default: return;
    }
  }
}

uint32_t run(uint32_t n) {
  for (uint32_t i = 0; i < 64; ++i) memory[i] = i;
  locals[0] = n;
  locals[2] = 5381;
  while (locals[0]) {
    locals[2] ^= locals[0] * 2654435761u;
    interpret();
  }
  uint32_t sum = locals[2];
  for (uint32_t i = 0; i < 64; ++i) sum = sum * 31 + memory[i];
  return sum;
}
