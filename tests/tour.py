#!/usr/bin/env python3
"""Runs the tour of docs/components.md as a reader would.

  tests/tour.py WHERRY [LIBRARY]      LIBRARY: libwherry.a of the same build; without it, nothing is called from C++
  tests/tour.py --make FOLDER         only makes the two halves, for tools/guests; ends with 77 where the tools are not there

What stands behind `$ ` in the tour is run, in order, by one shell, and must print what stands below it; the files that it shows must be
those of examples/words. The making of the two halves, which needs Rust, pip and a network, is done once for each state of the
sources, into the cache. Where its tools are not there this is said, and only the files are compared.
"""
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORDS = ROOT / "examples" / "words"
CACHE = Path(os.environ.get("WHERRY_CACHE") or Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "wherry")
LEFT_OUT = 77
MADE = ("counter.wasm", "writer.wasm")
MAKING, USING = "### The two halves", "### One component"


def fail(text):
    sys.exit(f"tour: {text}")


def blocks(text):
    """(language, lines) of each fenced block."""
    return [(language, body.splitlines()) for language, body in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)]


def commands(text):
    """(command, expected output) of each `$ ` line."""
    found = []
    for language, lines in blocks(text):
        for line in lines if not language else ():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return [(command, "".join(line + "\n" for line in lines)) for command, lines in found]


def check_files(tour):
    shown = ["\n".join(lines) + "\n" for language, lines in blocks(tour) if language]
    names = ("words.wit", "words.py", "src/lib.rs", "words.cc")
    for name, text in zip(names, shown, strict=True):
        if (WORDS / name).read_text() != text:
            fail(f"docs/components.md does not show examples/words/{name} as it is")


def missing():
    for tool in ("cargo", "rustup", "pip3"):
        if not shutil.which(tool):
            return f"no {tool}"
    if "wasm32-wasip2" not in subprocess.run(["rustup", "target", "list", "--installed"], capture_output=True, text=True).stdout:
        return "rustup has no wasm32-wasip2"
    if os.uname().machine != "x86_64":
        return "componentize-py is pinned for x86_64 only"
    return None


def run(listed, folder, environment):
    for command, expected in listed:
        # `cd` is the shell's: the folder is given to it anyway.
        done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, text=True, errors="replace",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        if done.stdout != expected:
            fail(f"$ {command}\nprinted\n{done.stdout}\nexpected\n{expected}")
        print(f"passed: {command}", flush=True)


def make(making, environment):
    """The folder with the two halves; or why they cannot be made here."""
    digest = hashlib.sha256(making.encode())
    for name in ("words.wit", "Cargo.toml"):
        digest.update((WORDS / name).read_bytes())
    made = CACHE / "tour" / digest.hexdigest()[:16]
    made.mkdir(parents=True, exist_ok=True)
    with open(made / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if all((made / name).exists() for name in MADE):
            return made, None
        if reason := missing():
            return None, reason
        with tempfile.TemporaryDirectory(prefix="wherry-tour-") as scratch:
            folder = Path(scratch) / "words"
            shutil.copytree(WORDS, folder)
            run(commands(making), folder, environment)
            for name in MADE:
                shutil.copy(folder / name, made / f".{name}")
                (made / f".{name}").replace(made / name)
    return made, None


def main():
    text = (ROOT / "docs" / "components.md").read_text()
    tour = re.search(r"^## A tour\n.*?(?=^## )", text, re.M | re.S)[0]
    making, using = tour[tour.index(MAKING):tour.index(USING)], tour[tour.index(USING):]
    environment = dict(os.environ, WHERRY=str(ROOT), LC_ALL="C.UTF-8", PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_ROOT_USER_ACTION="ignore")
    made, reason = make(making, environment)
    if sys.argv[1] == "--make":
        if reason:
            print(reason)
            sys.exit(LEFT_OUT)
        for name in MADE:
            shutil.copy(made / name, Path(sys.argv[2]) / name)
        return
    check_files(tour)
    if reason:
        print(f"figure: tour of components: left out ({reason})")
        return
    library = Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else None
    environment["PATH"] = f"{Path(sys.argv[1]).resolve().parent}:{os.environ['PATH']}"
    listed = [(command.replace("$WHERRY/build/release/lib/libwherry.a", str(library)), expected)
              for command, expected in commands(using)]
    if library is None:
        listed = [item for item in listed if "clang++" not in item[0] and "$PWD" not in item[0]]
    with tempfile.TemporaryDirectory(prefix="wherry-tour-") as scratch:
        folder = Path(scratch) / "words"
        shutil.copytree(WORDS, folder)
        for name in MADE:
            shutil.copy(made / name, folder / name)
        run(listed, folder, environment)
    print(f"figure: tour of components: {len(listed)} commands print what docs/components.md says")


main()
