// Calls through function pointers (call_indirect) of changing targets: a small expression tree and a pipeline
// of filters. n = passes.
#include <stdint.h>

typedef struct Expr Expr;
typedef uint32_t (*Eval)(const Expr*, uint32_t);
struct Expr {
  Eval eval;
  const Expr *left, *right;
  uint32_t value;
};
typedef uint32_t (*Filter)(uint32_t);

static uint32_t eval_constant(const Expr* e, uint32_t x) { return e->value + (x & 0); }
static uint32_t eval_variable(const Expr* e, uint32_t x) { return x ^ e->value; }
static uint32_t eval_add(const Expr* e, uint32_t x) {
  return e->left->eval(e->left, x) + e->right->eval(e->right, x);
}
static uint32_t eval_mul(const Expr* e, uint32_t x) {
  return e->left->eval(e->left, x) * e->right->eval(e->right, x);
}
static uint32_t eval_if(const Expr* e, uint32_t x) {
  return (x & e->value) ? e->left->eval(e->left, x) : e->right->eval(e->right, x);
}

static uint32_t filter_shift(uint32_t x) { return x ^ (x >> 15); }
static uint32_t filter_mul(uint32_t x) { return x * 0x85ebca6bu; }
static uint32_t filter_add(uint32_t x) { return x + 0x1b873593u; }
static uint32_t filter_swap(uint32_t x) { return (x << 16) | (x >> 16); }

static const Expr x0 = {eval_variable, 0, 0, 0}, x1 = {eval_variable, 0, 0, 0x5a5a};
static const Expr c0 = {eval_constant, 0, 0, 3}, c1 = {eval_constant, 0, 0, 77};
static const Expr add0 = {eval_add, &x0, &c1, 0}, mul0 = {eval_mul, &x1, &c0, 0};
static const Expr if0 = {eval_if, &add0, &mul0, 2}, add1 = {eval_add, &mul0, &x0, 0};
static const Expr if1 = {eval_if, &if0, &add1, 1}, mul1 = {eval_mul, &if0, &if1, 0};
static const Expr root = {eval_add, &mul1, &if1, 0};

static Filter filters[8] = {filter_shift, filter_mul,   filter_add,  filter_swap,
                            filter_mul,   filter_shift, filter_swap, filter_add};

uint32_t run(uint32_t n) {
  const Expr* volatile entry = &root;
  uint32_t x = 1, sum = 0;
  for (uint32_t i = 0; i < n; ++i) {
    const Expr* e = entry;
    sum = sum * 31 + e->eval(e, x);
    for (uint32_t j = 0; j < 8; ++j) x = filters[(j + (x & 1)) & 7](x);
    Filter first = filters[0];
    for (uint32_t j = 0; j < 7; ++j) filters[j] = filters[j + 1];
    filters[7] = first;
  }
  return sum ^ x;
}
