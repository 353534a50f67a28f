// Binary trees of depth 12 from a bump allocator of our own: made, walked, mirrored, dropped. n = trees.
#include <stdint.h>

enum { kDepth = 12 };
typedef struct Tree {
  struct Tree *left, *right;
  uint32_t value;
} Tree;

static Tree heap[1 << (kDepth + 1)];
static uint32_t used;

static Tree* make(uint32_t depth, uint32_t value) {
  Tree* tree = &heap[used++];
  tree->value = value;
  if (depth == 0) {
    tree->left = tree->right = 0;
    return tree;
  }
  tree->left = make(depth - 1, value * 2 + 1);
  tree->right = make(depth - 1, value * 3 + 2);
  return tree;
}

static uint32_t check(const Tree* tree) {
  if (!tree->left) return tree->value;
  return check(tree->left) * 3 - check(tree->right) + tree->value;
}

static void mirror(Tree* tree) {
  if (!tree->left) return;
  Tree* left = tree->left;
  tree->left = tree->right;
  tree->right = left;
  mirror(tree->left);
  mirror(tree->right);
}

uint32_t run(uint32_t n) {
  uint32_t sum = 0;
  for (uint32_t i = 0; i < n; ++i) {
    used = 0;
    Tree* tree = make(kDepth, i);
    sum = sum * 31 + check(tree);
    mirror(tree);
    sum = sum * 31 + check(tree);
  }
  return sum;
}
