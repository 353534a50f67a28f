"""What the sections of the benchmarks stand on: engines, building, spawning, kernels, and a place for what they find.

A section is a file bench/sections/NAME.py:

    \"\"\"How it is measured, in a paragraph: docs/benchmarks.md prints it above the section's tables.\"\"\"
    TITLE = "Vectors"         # heading
    ORDER = 40                # place among the sections
    NEEDS = ("guests",)       # optional; "guests": tools/guests runs first
    PEERS = ("wasmi",)        # optional: the peers that it compares with, if not all of ENGINES; `bench.engines` holds those found

    def measure(bench):
        ...
        return {...}          # optional: anything JSON can hold, for --json

`measure` is given a Bench and tells it what it found: `bench.table(...)`, `bench.goal(...)` for what the project promises, and
`bench.not_measured("what: why")` for what could not be had. Every figure stands beside a peer or native code of the same run:
commands that are compared go into one call of `bench.spawn`, which runs them in turn.

A group of kernels is a folder with a golden.txt: lines `kernel n result`, first with a small n (for tests), then with a large one
(for timing; the time of a kernel is the difference), or with two: the first of them is for interpreters in a quick run, so that they
have rounds enough. Lines that begin with `!` say how the group is built and run:

    ! flags -msimd128         more flags for wasm and native code
    ! native no               there is no native side
    ! options wasmtime -W gc=y          given to an engine after `run`
    ! without wasm3 no GC     the engine cannot run the group, and why

A kernel is KERNEL.c, exporting run(n), or KERNEL.wat (any module `wherry parse` reads) with the same export.
"""
import importlib.util
import math
import os
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
CACHE = Path(os.environ.get("WHERRY_CACHE") or Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "wherry")
BUILD = ROOT / "build" / "bench"
PEERS = ("wasmi", "wasm3", "wasmtime")
NO_WASI = {"wasm3"}  # built without WASI: kernels only
NATIVE_FLAGS = ["-std=c17", "-O2", "-Wall", "-Wextra", "-fno-builtin", "-fno-math-errno", "-ffp-contract=off", "-fno-vectorize",
                "-fno-slp-vectorize"]
WASM_FLAGS = ["--target=wasm32", "-ffreestanding", "-nostdlib", "-Wl,--no-entry", "-Wl,--export=run"]


def say(text):
    print(f"bench: {text}", flush=True)


def clang(name="clang"):
    found = next((c for c in (f"{name}-19", name) if shutil.which(c)), None)
    return found or sys.exit(f"bench: no {name}-19")


def p50(values):
    return statistics.median(values)


def paired(above, below):
    """The median of the ratios of what ran in the same round. Other work on the machine slows a whole round down, not one side of it:
    with seven other processes on two cores, two equal commands of 50 ms give 1.00 +- 0.005 in nine rounds, and up to 1.08 by their minima."""
    return p50([a / b for a, b in zip(above, below)])


def geomean(values):
    values = list(values)
    return math.exp(sum(map(math.log, values)) / len(values)) if values else float("nan")


def build(command, target, sources, after=()):
    """Makes target from sources with `command SOURCES -o TARGET AFTER` unless it is newer than all of them and the libraries in AFTER."""
    inputs = [*sources, *(a for a in after if not str(a).startswith("-")), __file__]
    if not target.exists() or target.stat().st_mtime < max(Path(i).stat().st_mtime for i in inputs):
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f"{target.name}.{os.getpid()}")
        subprocess.run([*map(str, command), *map(str, sources), "-o", str(fresh), *map(str, after)], check=True)
        fresh.replace(target)
    return target


def installed(name, command):
    """The command with its program as installing it leaves it: written anew, under build/bench/installed/NAME. A file that was written in
    large pieces lies in the system's cache in large pieces; what a linker wrote by its own means, or what was read back from a disk, lies
    there page by page, and then a short run takes up to a third longer, by nothing but luck."""
    program = Path(shutil.which(str(command[0])) or command[0])
    copy = BUILD / "installed" / name.replace(" ", "-") / program.name
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.unlink(missing_ok=True)
    shutil.copy(program, copy)
    return [copy, *command[1:]]


@dataclass
class Engine:
    """A program that runs modules. `options` stand behind `run`, so a variant of an engine is one more Engine."""
    name: str
    command: list
    options: list = field(default_factory=list)

    @property
    def has_wasi(self):
        return self.name not in NO_WASI

    def run(self, program, args=(), options=()):
        return [*self.command, "run", *self.options, *options, program, *args]

    def invoke(self, wasm, *args, function="run", options=()):
        return [*self.command, "run", *self.options, *options, "--invoke", function, wasm, *args]

    def variant(self, name, *options):
        return Engine(name, self.command, [*self.options, *options])

    def version(self):
        done = subprocess.run([*map(str, self.command), "--version"], capture_output=True, text=True, check=False)
        return next(iter(done.stdout.splitlines()), "version unknown")


class Compiled(Engine):
    """An engine that runs what it compiled before: each module once, kept in build/bench/compiled/NAME."""

    def __init__(self, name, command, compile_options=(), run_options=()):
        super().__init__(name, command, list(run_options))
        self.compile_options = list(compile_options)

    def artifact(self, wasm, options=()):
        wasm = Path(wasm).resolve()
        words = [*self.compile_options, *options]
        target = BUILD / "compiled" / self.name / ("-".join([*wasm.parts[-2:], *words]).replace("/", "_"))
        made_by = [p for p in (Path(self.command[0]), Path(self.command[0]).with_name("wherryc")) if p.exists()]
        if target.exists() and any(p.stat().st_mtime > target.stat().st_mtime for p in made_by):
            target.unlink()
        return build([*self.command, "compile", *words], target, [wasm])

    def run(self, program, args=(), options=()):
        return super().run(self.artifact(program, options), args)

    def invoke(self, wasm, *args, function="run", options=()):
        return super().invoke(self.artifact(wasm, options), *args, function=function)


def compiled_engines(bench, **variants):
    """name -> Compiled: "wherry aot", its `variants` (name=compile options), and Wasmtime with its code made before, if it is here."""
    found = {}
    if "wherry" in bench.all_engines:
        found["wherry aot"] = Compiled("wherry aot", bench.wherry, run_options=["--allow-precompiled"])
        for name, options in variants.items():
            found[name] = Compiled(name, bench.wherry, options, ["--allow-precompiled", *(o for o in options if not o.startswith("--"))])
    if "wasmtime" in bench.all_engines:
        found["wasmtime"] = Compiled("wasmtime", bench.all_engines["wasmtime"].command, run_options=["--allow-precompiled"])
    return found


def find_engines(wherry, names=PEERS):
    """name -> Engine, Wherry first; a peer that is not here is named, with how to get it."""
    found = {}
    if shutil.which(wherry[0]):
        found["wherry"] = Engine("wherry", wherry)
    else:
        say(f"no program {wherry[0]}: only the peers are measured")
    for name in names:
        place = shutil.which(name) or str(CACHE / "peers" / name)
        if os.access(place, os.X_OK):
            found[name] = Engine(name, [place])
        else:
            say(f"{name} is not here and is left out (tools/peers {name} gets it)")
    return found


class Group:
    """A folder of kernels and what its golden.txt says."""

    def __init__(self, folder, only=""):
        self.folder = folder
        self.name = folder.name
        self.flags, self.native, self.options, self.without = [], True, {}, {}
        self.kernels = {}  # name -> [(n, result) small, ..., (n, result) large]
        for line in (folder / "golden.txt").read_text().splitlines():
            words = line.split()
            if not words or line.startswith("#"):
                continue
            if words[0] != "!":
                name, n, result = words
                if only in name:
                    self.kernels.setdefault(name, []).append((n, result))
            elif words[1] == "flags":
                self.flags += words[2:]
            elif words[1] == "native":
                self.native = words[2] != "no"
            elif words[1] == "options":
                self.options.setdefault(words[2], []).extend(words[3:])
            elif words[1] == "without":
                self.without[words[2]] = " ".join(words[3:])
            else:
                sys.exit(f"bench: {folder / 'golden.txt'}: unknown word {words[1]}")

    def wasm(self, name, wherry):
        target = BUILD / "kernels" / self.name / f"{name}.wasm"
        text = self.folder / f"{name}.wat"
        if text.exists():
            return build([*wherry, "parse"], target, [text])
        return build([clang(), *NATIVE_FLAGS, *self.flags, *WASM_FLAGS], target, [self.folder / f"{name}.c"])

    def program(self, name, level=None):
        """The native side. `level`: words of options (such as -O3 -march=x86-64-v3) instead of those without the vectoriser."""
        driver = HERE / "kernels" / "driver.c"
        flags = NATIVE_FLAGS if level is None else [*(f for f in NATIVE_FLAGS if not f.startswith(("-O", "-fno-v", "-fno-slp"))), *level]
        place = BUILD / "kernels" / self.name / (name + "".join(level or ()))
        return build([clang(), *flags, *self.flags, "-static"], place, [self.folder / f"{name}.c", driver])

    def check(self, engine, wherry, row=0):
        """Compares results (row 0: the small n); returns the kernels for which the engine agrees."""
        good = set()
        for name, rows in self.kernels.items():
            n, want = rows[row]
            command = engine.invoke(self.wasm(name, wherry), n, options=self.options.get(engine.name, []))
            done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
            found = (done.stdout.split() or [""])[-1]  # wasmi tells the fuel first
            if found in (want, str(int(want) % 2**32)):
                good.add(name)
            else:
                say(f"WRONG {name}({n}) on {engine.name}: {found or done.stderr.strip()[-200:]!r}, expected {want}")
        return good


def groups(only=""):
    """The groups of kernels: bench/kernels itself, and its folders."""
    folders = [HERE / "kernels", *sorted(p.parent for p in (HERE / "kernels").glob("*/golden.txt"))]
    return [Group(folder, only) for folder in folders]


class Spawner:
    """Runs commands in turn through bench/spawn and gathers what it measured."""

    def __init__(self):
        self.program = build([clang(), "-O2", "-std=gnu17", "-static"], BUILD / "spawn", [HERE / "spawn.c"])

    def __call__(self, rounds, commands, allowed=(0,), env=None, *, at_once=False):
        """commands: name -> argv. Returns name -> {"ms", "cpu": [milliseconds], "rss": [KiB]}; a command that fails is reported
        and left out. `at_once`: those of a round run at the same time, on one processor, for their "cpu" only."""
        names = list(commands)
        argv = [str(self.program), str(rounds), *(["-o"] if at_once else [])]
        for name in names:
            argv += ["--", *map(str, commands[name])]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env)
        if done.returncode != 0:
            sys.exit(f"bench: {done.stderr.strip()}")
        results = {name: {"ms": [], "rss": [], "cpu": []} for name in names}
        bad = {}
        for line in done.stdout.splitlines():
            index, ns, rss, user, system, code = map(int, line.split())
            if code not in allowed:
                bad[names[index]] = code
            results[names[index]]["ms"].append(ns / 1e6)
            results[names[index]]["rss"].append(rss)
            results[names[index]]["cpu"].append((user + system) / 1e3)
        for name, code in bad.items():
            say(f"{name} ended with {code} on {' '.join(map(str, commands[name][-3:]))}; left out of this row")
            del results[name]
        return results


class Times(dict):
    """name -> milliseconds of one kernel, and `rounds`: name -> those of each round. Two names are compared by `ratio`."""

    def __init__(self):
        super().__init__()
        self.rounds = {}

    def add(self, name, milliseconds):
        self[name] = p50(milliseconds)
        self.rounds[name] = milliseconds

    def ratio(self, above, below):
        return paired(self.rounds[above], self.rounds[below])


@dataclass
class Table:
    title: str
    header: list
    rows: list
    right: bool = True  # all columns but the first are figures

    def text(self):
        rows = [list(map(str, row)) for row in [self.header, *self.rows]]
        widths = [max(len(row[i]) for row in rows) for i in range(len(self.header))]
        lines = []
        for number, row in enumerate(rows):
            cells = [c.rjust(w) if self.right and i else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths))]
            lines.append("| " + " | ".join(cells) + " |")
            if number == 0:
                rule = ("-" * (w + 1) + (":" if self.right and i else "-") for i, w in enumerate(widths))
                lines.append("|" + "|".join(rule) + "|")
        return "\n".join(lines)


class Bench:
    """Given to a section. Attributes: engines (name -> Engine), wherry (its argv), spawn, quick, only, rounds, and rounds_for_percents for what is
    to show a few percent."""

    def __init__(self, wherry, *, quick=False, only="", rounds=None):
        self.wherry = wherry
        self.quick, self.only = quick, only
        self.rounds = rounds or (5 if quick else 9)
        self.rounds_for_percents = max(self.rounds, 11)
        self.all_engines = find_engines(wherry)
        self.engines = self.all_engines
        self.spawn = Spawner()
        self.tables, self.goals, self.missing = [], [], []

    # What a section found.

    def table(self, title, header, rows):
        """Prints the table and keeps it for docs/benchmarks.md. Ratios say in their column's head what is over what."""
        table = Table(title, header, rows)
        self.tables.append(table)
        print(f"\n{title}\n\n{table.text()}\n", flush=True)

    def goal(self, text, found, *, at_most=None, at_least=None, unit="x", digits=2):
        """A promise beside the figure of this run. `text` says what, the limit is added to it."""
        limit = at_most if at_least is None else at_least
        good = found <= limit if at_least is None else found >= limit
        word = "at most" if at_least is None else "at least"
        self.goals.append([f"{text}: {word} {limit:g} {unit}", f"{found:.{digits}f} {unit}", "met" if good else "NOT MET"])

    def not_measured(self, text):
        say(f"not measured: {text}")
        self.missing.append(text)

    # Helpers for measuring.

    def group(self, name=""):
        """A group of kernels: a folder of bench/kernels, or that folder itself."""
        return Group(HERE / "kernels" / name, self.only)

    def program(self, name):
        """A program that measures from inside of a process. How it is made and what it is linked with, bench/CMakeLists.txt says."""
        done = subprocess.run([str(ROOT / "dev"), "build", "release", name], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"bench: {done.stderr.strip()}")
        return ROOT / "build" / "release" / "bin" / name

    def figures_inside(self, command, processes=5):
        """What a program that measures from inside of a process prints, lines `what who number ...`: what -> who -> the median of several
        processes. Where things lie in a process can decide calls of nanoseconds: one took 11.3 in nine of ten processes, 15.6 in the
        tenth. None, and said to be not measured, if it fails."""
        found = {}
        for _ in range(processes):
            done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                return self.not_measured(f"{Path(command[0]).name}: {done.stderr.strip()}")
            for line in done.stdout.splitlines():
                what, who, number, *_ = line.split()
                found.setdefault(what, {}).setdefault(who, []).append(float(number))
        return {what: {who: p50(numbers) for who, numbers in by.items()} for what, by in found.items()}

    def steps(self, group, kernel):
        """large n - small n, as time_kernels takes them if it is not told otherwise."""
        sizes = [int(n) for n, _ in group.kernels[kernel]]
        return sizes[1 if self.quick else -1] - sizes[0]

    def time_kernels(self, group, engines=None, rounds=None, level=None, *, short=None, together=False,
                     at_once=False):
        """kernel -> Times: processor milliseconds of run(large) - run(small); "native" among the names if the group has a native side.
        `engines`: list of Engine (default: all that the group runs on). `level`: how the native side is compiled, as for
        Group.program. `short`: a smaller large n, where there is one (default: in a quick run). `together`: all kernels in each round, for
        sections that compare kernels. `at_once`: the runs of a round run at the same time, for sections that are to show a few percent.
        Wrong results leave an engine out of that row."""
        engines = list(self.engines.values()) if engines is None else engines
        engines = [e for e in engines if e.name not in group.without]
        agreed = {e.name: group.check(e, self.wherry) for e in engines}
        which = 1 if (self.quick if short is None else short) else -1
        commands, columns = {}, {}
        for kernel, sizes in group.kernels.items():
            commands[kernel] = mine = {}
            columns[kernel] = [*(["native"] if group.native else []), *(e.name for e in engines if kernel in agreed[e.name])]
            for size, (n, _) in (("small", sizes[0]), ("large", sizes[which])):
                if group.native:
                    mine[kernel, "native", size] = [group.program(kernel, level), n]
                for engine in engines:
                    if kernel in agreed[engine.name]:
                        options = group.options.get(engine.name, [])
                        mine[kernel, engine.name, size] = engine.invoke(group.wasm(kernel, self.wherry), n, options=options)
        turns = [dict(item for mine in commands.values() for item in mine.items())] if together else commands.values()
        results = {}
        for turn in filter(None, turns):
            results |= self.spawn(rounds or self.rounds, turn, at_once=at_once)
        times = {}
        for kernel, names in columns.items():
            times[kernel] = row = Times()
            for name in names:
                small, large = results.get((kernel, name, "small")), results.get((kernel, name, "large"))
                if small and large:
                    start = p50(small["cpu"])
                    row.add(name, [max(ms - start, 0.001) for ms in large["cpu"]])
            say(f"{kernel}: " + ", ".join(f"{e} {t:.0f} ms" for e, t in row.items()))
        return times

    def kernel_table(self, title, times, base, names, versus, subject="wherry"):
        """Rows of kernels: the time of `base`, each of `names` over base, each of `versus` over `subject`; the geomeans last.
        Returns peer -> [ratios] and name -> [ratios over base]."""
        names = [n for n in names if any(n in row for row in times.values())]
        versus = [p for p in versus if any(p in row and subject in row for row in times.values())]
        over, against = {n: [] for n in names}, {p: [] for p in versus}
        rows = []
        for kernel, row in times.items():
            cells = [kernel, f"{row[base]:.0f} ms" if base in row else "-"]
            for kept, above, below in ([(over[n], n, base) for n in names] + [(against[p], p, subject) for p in versus]):
                if above in row and below in row:
                    kept.append(row.ratio(above, below))
                    cells.append(f"{kept[-1]:.2f}")
                else:
                    cells.append("-")
            rows.append(cells)
        rows.append(["geomean", ""] + [f"{geomean(r):.2f}" for r in [*over.values(), *against.values()]])
        self.table(title, ["kernel", base, *(f"{n}/{base}" for n in names), *(f"{p}/{subject}" for p in versus)], rows)
        return against, over


def sections():
    """name -> module, in their order."""
    found = {}
    for path in (HERE / "sections").glob("*.py"):
        spec = importlib.util.spec_from_file_location(f"section_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found[path.stem] = module
    return dict(sorted(found.items(), key=lambda item: (item[1].ORDER, item[0])))
