#!/usr/bin/env python3
"""Compiles the C++ in docs/embedding.md against include/.

  tests/docs_code.py COMPILER

The blocks stand in one function, in their order, as later ones use what earlier ones made; what they take for granted stands in front.
"""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BEFORE = """#include "wherry/wherry.h"
#include "wherry/shared_memory.h"
#include "wherry/wasi.h"
using namespace wherry;
struct Clock { int64_t now_ns() const { return 0; } };
Result<void> all(const Clock& clock) {
"""
AFTER = "  (void)answer;\n  (void)status;\n  (void)woken;\n  return {};\n}\n"

blocks = re.findall(r"^```cpp\n(.*?)^```$", (ROOT / "docs" / "embedding.md").read_text(), re.M | re.S)
done = subprocess.run([sys.argv[1], "-std=c++20", "-fsyntax-only", "-Wall", "-I", str(ROOT / "include"), "-x", "c++", "-"],
                      input=BEFORE + "".join(blocks) + AFTER, text=True, capture_output=True)
print(done.stderr, end="")
print(f"{len(blocks)} blocks of docs/embedding.md {'compile' if done.returncode == 0 else 'do not compile'}")
sys.exit(done.returncode or len(blocks) == 0)
