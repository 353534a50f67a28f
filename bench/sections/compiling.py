"""`wherry compile` of programs in C, Rust and Go: bytes of code section over the processor time of one thread, and what two threads make of it. Beside
it, `wasmtime compile` (Cranelift, which optimises less) with one thread."""
import os
import time
import subprocess
import resource

from harness import BUILD, CACHE

TITLE = "Compiling"
ORDER = 120
NEEDS = ("guests",)
PEERS = ("wasmtime",)


def measure(bench):
    if "wherry" not in bench.engines:
        return bench.not_measured("compiling: the program is not here")
    out = BUILD / "compiled" / "rate.wherry"
    out.parent.mkdir(parents=True, exist_ok=True)
    rows, figures = [], {}
    for title, name, limit in (("C (MicroPython)", "micropython", 40), ("C (QuickJS)", "quickjs", 40), ("Rust", "rust", 40), ("Go", "go", 25)):
        program = CACHE / "guests" / f"{name}.wasm"
        if not program.exists() or (bench.quick and name == "go"):
            bench.not_measured(f"compiling {title}: {'not in a quick run' if program.exists() else 'it is not here'}")
            continue
        code_kb = code_section_bytes(program.read_bytes()) / 1000
        one = run([*bench.wherry, "compile", "--threads=1", program, "-o", out])
        two = run([*bench.wherry, "compile", "--threads=2", program, "-o", out]) if (os.cpu_count() or 1) >= 2 else None
        peer = None
        if "wasmtime" in bench.engines:
            peer = run([*bench.engines["wasmtime"].command, "compile", "-C", "parallel-compilation=n", program, "-o", f"{out}.peer"])
        if one is None:
            bench.not_measured(f"compiling {title}: it failed")
            continue
        figures[name] = {"kb": code_kb, "one": one, "two": two, "wasmtime": peer}
        rows.append([title, f"{code_kb:.0f} KB", f"{one[1]:.1f} s", f"{code_kb / one[1]:.0f} KB/s", f"{one[0] / two[0]:.2f}" if two else "-",
                     f"{code_kb / peer[1]:.0f} KB/s" if peer else "-"])
        bench.goal(f"compiling {title}: code section a second and core", code_kb / one[1], at_least=limit, unit="KB/s", digits=0)
    bench.table("Compiling: processor seconds of one thread; wall time of one thread over that of two", ["program", "code section", "time",
                "rate", "two threads", "wasmtime"], rows)
    return figures


def run(command):
    """(wall, processor) seconds; None if it failed."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run([*map(str, command)], capture_output=True, check=False)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - start
    if done.returncode != 0:
        return None
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def code_section_bytes(wasm):
    at = 8
    while at < len(wasm):
        section, at = wasm[at], at + 1
        size = shift = 0
        while True:
            byte, at = wasm[at], at + 1
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        if section == 10:
            return size
        at += size
    return 0
