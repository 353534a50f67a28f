#!/usr/bin/env python3
"""The program as a user meets it: a transcript of command lines with what they print and how they end.

  cli/program_test.py WHERRY [EMULATOR...]      BLESS=1 rewrites the transcript

testdata/session.txt holds files (`--- name`, then their content; `--- name hex` for bytes) and commands (`$ COMMAND`, what it
prints on both outputs, `=> STATUS`). Commands run by sh in a folder of their own with the files in it; `wherry` is the program
to be tested. What depends on the build is written as it is in the transcript and replaced in the output: see NEUTRAL.
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TRANSCRIPT = Path(__file__).resolve().parent / "testdata" / "session.txt"
NEUTRAL = [(re.compile(r"\((x86_64|aarch64), interpreter: [a-z ]+"), "(CPU, interpreter: KIND")]
PATIENCE = int(os.environ.get("WHERRY_PATIENCE", "1"))  # Limits are multiplied by it: cmake/wherry.cmake.


def write_file(folder, name, lines):
    path = folder / name.split()[0]
    if name.endswith(" hex"):
        path.write_bytes(bytes.fromhex("".join(line.split("#")[0] for line in lines)))
    else:
        path.write_text("".join(line + "\n" for line in lines))


def run(command, folder, environment):
    done = subprocess.run(["sh", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL, timeout=60 * PATIENCE,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = done.stdout.decode(errors="backslashreplace")
    for pattern, neutral in NEUTRAL:
        text = pattern.sub(neutral, text)
    if text and not text.endswith("\n"):
        text += "\n%\n"  # No newline at the end.
    return text, done.returncode


def main():
    program = [os.path.abspath(sys.argv[1])]
    emulator = sys.argv[2:]
    out, problems, number = [], 0, 0
    with tempfile.TemporaryDirectory(prefix="wherry-cli-") as scratch:
        folder = Path(scratch) / "here"
        tools = Path(scratch) / "bin"
        folder.mkdir()
        tools.mkdir()
        script = tools / "wherry"
        script.write_text("#!/bin/sh\nexec " + " ".join([*emulator, *program]) + ' "$@"\n')
        script.chmod(0o755)
        environment = {"PATH": f"{tools}:/usr/bin:/bin", "LC_ALL": "C", "GIVEN": "from outside"}
        lines = TRANSCRIPT.read_text().splitlines()
        at = 0
        while at < len(lines):
            line = lines[at]
            out.append(line)
            at += 1
            if line.startswith("--- "):
                begin = at
                while at < len(lines) and not lines[at].startswith(("--- ", "$ ")):
                    at += 1
                out += lines[begin:at]
                write_file(folder, line[4:], lines[begin:at])
            elif line.startswith("$ "):
                number += 1
                begin = at
                while at < len(lines) and not lines[at].startswith("=> "):
                    at += 1
                expected = "".join(text + "\n" for text in lines[begin:at])
                status = lines[at] if at < len(lines) else ""
                at += 1
                text, code = run(line[2:], folder, environment)
                out += text.splitlines() + [f"=> {code}"]
                if (text, f"=> {code}") != (expected, status):
                    problems += 1
                    print(f"{line}\nfound:\n{text}=> {code}\nexpected:\n{expected}{status}\n")
    if os.environ.get("BLESS"):
        TRANSCRIPT.write_text("".join(line + "\n" for line in out))
        problems = 0
    print(f"{number} commands, {problems} differ")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
