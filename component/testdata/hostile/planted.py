#!/usr/bin/env python3
"""Takes away the guards of plants.txt one at a time, and says which of them no test misses.

  component/testdata/hostile/planted.py BUILD [--only SUBSTRING] [--jobs N]

BUILD is a build folder in which wherry_component_test has been built. The files are compiled once, with every guard behind a
switch; WHERRY_PLANT then says which one is away.
"""
import argparse
import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
SECONDS = 100

# What is tried first, and last, as it takes longest. Each test in a process of its own.
FIRST = ["handles are what", "what may not be called", "pointers of spilled", "values that lie", "what a guest makes the host keep", "a small value",
         "values of the host", "what realloc answers"]
LAST = "values of every type"


def read_plants():
    file, plants = None, []
    for line in (HERE / "plants.txt").read_text().splitlines():
        if not line or line[0] == ";":
            continue
        if " ~~ " not in line:
            file = line
            continue
        number, (guard, instead) = 1, line.split(" ~~ ")
        if match := re.match(r"\[(\d)\] (.*)", guard):
            number, guard = int(match[1]), match[2]
        plants.append((file, number, guard, instead))
    return plants


def plant(text, plants):
    """The text with the guards (number, nth, guard, instead) behind switches. All that stand at one place go into one expression."""
    places = {}
    for number, nth, guard, instead in plants:
        found = [m.start() for m in re.finditer(re.escape(guard), text)]
        if len(found) < nth:
            sys.exit(f"no such guard any more: {guard}")
        places.setdefault((found[nth - 1], guard), []).append((number, instead))
    for (at, guard), switches in sorted(places.items(), reverse=True):
        made = f"({guard})"
        for number, instead in switches:
            made = f"(wherry_plant({number}) ? ({instead}) : {made})"
        text = text[:at] + made + text[at + len(guard):]
    return text


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    build = options.build.resolve()
    folder = build / "planted"
    folder.mkdir(exist_ok=True)
    plants = read_plants()
    commands = {os.path.relpath(e["file"], ROOT): e["command"] for e in json.loads((build / "compile_commands.json").read_text())}
    switch = folder / "switch.h"
    switch.write_text("int wherry_plant(int number);\n")
    source = folder / "switch.cc"
    source.write_text('#include <cstdlib>\nint wherry_plant(int number) {\n  static const int wanted = std::getenv("WHERRY_PLANT") ? '
                      'std::atoi(std::getenv("WHERRY_PLANT")) : -1;\n  return wanted == number;\n}\n')
    objects = []
    files = list(dict.fromkeys(p[0] for p in plants))
    for file in files + [None]:
        command = commands[file or files[0]]
        words = shlex.split(command)
        made = source if file is None else folder / file.replace("/", "_")
        if file is not None:
            mine = [(i, nth, guard, instead) for i, (f, nth, guard, instead) in enumerate(plants) if f == file]
            text = plant((ROOT / file).read_text(), mine)
            if made.exists() and made.read_text() == text and Path(f"{made}.o").exists():
                objects.append(f"{made}.o")
                continue
            made.write_text(text)
        words[words.index("-o") + 1] = str(made) + ".o"
        words[words.index("-c") + 1] = str(made)
        subprocess.run([*words, "-w", "-include", str(switch)], cwd=build, check=True)
        objects.append(str(made) + ".o")
    link = subprocess.run(["ninja", "-t", "commands", "-s", "bin/wherry_component_test"], cwd=build, check=True, capture_output=True,
                          text=True).stdout
    program = folder / "test"
    link = link.replace(" -o bin/wherry_component_test", f" {' '.join(objects)} -o {program}")
    subprocess.run(link, cwd=build, check=True, shell=True)

    listed = subprocess.run([program, "--list-test-names-only"], capture_output=True, text=True, check=False).stdout.splitlines()
    rank = lambda name: next((i for i, first in enumerate(FIRST) if name.startswith(first)), 99 if name.startswith(LAST) else 50)
    tests = [re.sub(r"([,\[\]])", r"\\\1", name) for name in sorted(filter(None, listed), key=rank)]

    def is_red(number, tests):
        for test in tests:
            try:
                done = subprocess.run([program, test], env={**os.environ, "WHERRY_PLANT": str(number)}, timeout=SECONDS,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            except subprocess.TimeoutExpired:
                return test
            if done.returncode != 0:
                return test
        return None

    for test in list(tests):
        if is_red(-1, [test]):
            print(f"red without any plant: {test}")
            tests.remove(test)
    chosen = [i for i, p in enumerate(plants) if options.only in " ".join(map(str, p))]
    survivors = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for number, red in zip(chosen, pool.map(lambda number: is_red(number, tests), chosen)):
            file, nth, guard, instead = plants[number]
            print(f"{number:4} {'red  ' if red else 'GREEN'} {file} [{nth}] {guard} ~~ {instead}" + (f"   {red}" if red else ""), flush=True)
            survivors += red is None
    print(f"{len(chosen)} guards, {survivors} of them missed by no test")
    return 1 if survivors else 0


sys.exit(main())
