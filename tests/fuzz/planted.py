#!/usr/bin/env python3
"""Runs the differential fuzzer on engines with one wrong handler each, or with wrong compilers, and says how long it takes to notice.

  tests/fuzz/planted.py FUZZ_PLANTED [--seconds N] [--modules N] [--plants N,N...] [--trap] [--peer NAME=COMMAND]...
  tests/fuzz/planted.py FUZZ_DIFFERENTIAL --compiler WHERRYC_PLANTED [...]

Prints a line a plant: its number, the modules until the first difference, the seconds it took, and what differed. The exit code is 1 if
one was not found within the seconds (default 300) or the modules. Plants are described in tests/fuzz/plants.cc, and in
compiler_plants.cc. A peer whose program is not there is left out with a message; without any that was asked for nothing is run. With
--trap the handlers trap instead of being wrong, which says how soon programs get to them at all.
"""
import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--modules", type=int, default=0)
    parser.add_argument("--plants", default="")
    parser.add_argument("--trap", action="store_true")
    parser.add_argument("--peer", action="append", default=[])
    parser.add_argument("--compiler")
    args, rest = parser.parse_known_args()  # The others are for the fuzzer.
    numbers = [int(n) for n in args.plants.split(",")] if args.plants else range(6 if args.compiler else 15)
    there = []
    for peer in args.peer:
        name, _, command = peer.partition("=")
        command = os.path.expanduser(command)
        if os.access(command.split()[0], os.X_OK):
            there += ["--peer", f"{name}={command}"]
        else:
            print(f"without {peer}: `tools/peers fuzz-peers` builds it")
    if args.peer and not there:
        print("skipped: no peer is there")
        return 0
    peers = rest + there
    if args.compiler:
        peers += ["--compiler", args.compiler]
    missed, slowest, before = 0, 0, 0
    for number in numbers:
        with tempfile.TemporaryDirectory() as folder:
            started = time.monotonic()
            done = subprocess.run([args.program, "--seconds", str(args.seconds), "--modules", str(args.modules),
                                   "--max-findings", "1", "--no-minimizing",
                                   "--keep", folder, *peers], env=os.environ | {"WHERRY_PLANT": f"{number},trap" if args.trap else str(number)}, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            took = time.monotonic() - started
        used, before = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - before, sum(
            resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
        what = re.search(r"^planted: (.*)", done.stdout, re.M)
        found = re.search(r"^finding in \S+: (.*)", done.stdout, re.M)
        modules = re.findall(r"^seed \d+: (\d+) modules", done.stdout, re.M)
        if not found:
            missed += 1
        slowest = max(slowest, took)
        print(f"{number:2} {what[1] if what else 'nothing planted'}: "
              f"{'found' if found else 'NOT FOUND'} after {modules[-1] if modules else '?'} modules, {took:.1f} s, {used:.1f} s of processor time"
              f"{': ' + found[1][:120] if found else ''}", flush=True)
    print(f"figure: planted faults: {len(numbers) - missed} of {len(numbers)} found, the last after {slowest:.1f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
