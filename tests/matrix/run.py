#!/usr/bin/env python3
"""Pipes the table into the program: tests/matrix/run.py MATRIX [EMULATOR...] -- [ARGUMENTS of matrix...]"""
import subprocess
import sys
from pathlib import Path

if __name__ == "__main__":
    split = sys.argv.index("--")
    program, emulator, arguments = sys.argv[1], sys.argv[2:split], sys.argv[split + 1:]
    with subprocess.Popen([sys.executable, Path(__file__).with_name("table.py")], stdout=subprocess.PIPE) as table:
        done = subprocess.run([*emulator, program, *arguments], stdin=table.stdout)
        table.stdout.close()
    sys.exit(done.returncode or table.returncode)
