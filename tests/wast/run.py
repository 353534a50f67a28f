#!/usr/bin/env python3
"""Runs a test script in every mode that may not change its results.

  tests/wast/run.py [--compiler COMMAND] SCRIPT WHERRY [EMULATOR...]      SCRIPT: a .wast, or a .py that prints one

With a compiler, which is `wherryc` beside WHERRY if not given, compiled too: with both trap precisions, and not optimised; but for
scripts with functions so large that compiling takes minutes. A script with "exact" in its name looks at what a trap leaves behind,
and is not compiled with `values`, which do not promise that.

A script whose first line is `;; options: ...` is run with these options too.
"""
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from modes import MODES  # noqa: E402

COMPILED = {
    "compiled": "--trap-precision=values",
    "compiled, exact": "--trap-precision=exact",
    "compiled, not optimised": "--trap-precision=exact --optimization=0",
}


def main():
    arguments = sys.argv[1:]
    compiler = ""
    if arguments[0] == "--compiler":
        _, compiler, *arguments = arguments
    script, wherry, *emulator = arguments
    if not compiler and (Path(wherry).parent / "wherryc").exists():
        compiler = str(Path(wherry).parent / "wherryc")
    command = [*emulator, wherry, "wast"]
    title = Path(script).name
    compiled = COMPILED if compiler and "large" not in title else {}
    if "exact" in title:
        compiled = {name: options for name, options in compiled.items() if "=values" not in options}
    with tempfile.NamedTemporaryFile("w", suffix=".wast") as made:
        if script.endswith(".py"):
            subprocess.run([sys.executable, script], stdout=made, check=True)
            made.flush()
            script = made.name
        # A script may begin with options that it needs: ";; wherry wast -W threads".
        first = Path(script).read_text(errors="replace").partition("\n")[0]
        command += first.split()[3:] if first.startswith(";; wherry wast ") else []
        modes = MODES + [(name, ["--engine=aot", "--wherryc", f"{compiler} {options}"]) for name, options in compiled.items()]
        outputs = []
        for name, mode in modes:
            done = subprocess.run([*command, *mode, script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            outputs.append(done.stdout)
            if done.returncode != 0:
                sys.exit(f"{name}: status {done.returncode}\n{done.stdout[-4000:]}")
        if len(set(outputs)) != 1:
            sys.exit(f"modes do not agree: {outputs}")
        print(outputs[0], end="")


if __name__ == "__main__":
    main()
