#!/usr/bin/env python3
"""Modules of another maker through the differential fuzzer: `wasm-tools smith`, with all finished features.

  tests/fuzz/smith.py FUZZ_DIFFERENTIAL COUNT [--seed N] [--wasm-tools PATH] [ARGUMENTS of fuzz_differential...]

Programs of its own that run need a generator of their own (generate.h); these are here because their maker has other
habits: odd sections, types, segments, and every instruction of GC and exceptions. NaNs are made canonical, so that bits are
comparable.
"""
import argparse
import random
import subprocess
import sys
import tempfile
from pathlib import Path

OPTIONS = ["--canonicalize-nans", "true", "--export-everything", "true", "--ensure-termination", "--max-memory32-bytes", "1000000",
           "--max-memory64-bytes", "1000000", "--max-table-elements", "1000", "--max-imports", "5", "--min-funcs", "2", "--max-memories",
           "2", "--memory64-enabled", "true", "--gc-enabled", "true", "--exceptions-enabled", "true", "--simd-enabled", "true",
           "--relaxed-simd-enabled", "false", "--tail-call-enabled", "true", "--threads-enabled", "false",
           "--wide-arithmetic-enabled", "true", "--extended-const-enabled", "true"]
BATCH = 200


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--wasm-tools", default="wasm-tools")
    args, rest = parser.parse_known_args()
    numbers, status = random.Random(args.seed), 0
    for start in range(0, args.count, BATCH):
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for number in range(start, min(start + BATCH, args.count)):
                path = Path(folder) / f"{args.seed}-{number}.wasm"
                made = subprocess.run([args.wasm_tools, "smith", *OPTIONS, "-o", path], input=numbers.randbytes(4000),
                                      stderr=subprocess.DEVNULL)
                if made.returncode == 0:
                    files.append(path)
            done = subprocess.run([args.program, *rest, "--files", *files], stderr=subprocess.PIPE, text=True)
            lines = done.stderr.splitlines()
            print("\n".join(line for line in lines if "finding in" in line or "outvoted peer in" in line or line is lines[-1]),
                  flush=True)
            status |= done.returncode
    return 1 if status else 0


if __name__ == "__main__":
    sys.exit(main())
