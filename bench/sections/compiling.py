"""`wherry compile` of programs in C, Rust and Go: bytes of code section over the processor time of one thread. What two threads make of it is
compared with two processes of one thread each, which share nothing: the wall time of both together over twice the wall time with two threads. Beside
it, `wasmtime compile` (Cranelift, which optimises less) with one thread. And esbuild, the largest program here, with as many threads as there are
processors."""
import os
import time
import subprocess

from harness import BUILD, CACHE, geomean

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
        compile_one = [*bench.wherry, "compile", "--threads=1", program, "-o"]
        one = run([*compile_one, out])
        two = both = None
        if (os.cpu_count() or 1) >= 2:
            two = run([*bench.wherry, "compile", "--threads=2", program, "-o", out])
            both = run([*compile_one, out], [*compile_one, f"{out}.other"])
        peer = None
        if "wasmtime" in bench.engines:
            peer = run([*bench.engines["wasmtime"].command, "compile", "-C", "parallel-compilation=n", program, "-o", f"{out}.peer"])
        if one is None or (both is None) != (two is None):
            bench.not_measured(f"compiling {title}: it failed")
            continue
        figures[name] = {"kb": code_kb, "one": one, "two": two, "processes": both, "wasmtime": peer}
        rows.append([title, f"{code_kb:.0f} KB", f"{one[1]:.1f} s", f"{code_kb / one[1]:.0f} KB/s", f"{one[0] / two[0]:.2f}" if two else "-",
                     f"{both[0] / 2 / two[0]:.2f}" if two else "-", f"{code_kb / peer[1]:.0f} KB/s" if peer else "-"])
        bench.goal(f"compiling {title}: code section a second and core", code_kb / one[1], at_least=limit, unit="KB/s", digits=0)
    bench.table("Compiling: processor seconds of one thread; wall time of one thread over that of two; speed of two threads over two processes",
                ["program", "code section", "time", "rate", "two threads", "over processes", "wasmtime"], rows)
    compared = [f["processes"][0] / 2 / f["two"][0] for f in figures.values() if f["two"]]
    if compared:
        bench.goal("compiling: speed of two threads over two processes, geomean", geomean(compared), at_least=0.95)
    figures["esbuild"] = esbuild(bench, out)
    return figures


def esbuild(bench, out):
    program = CACHE / "guests" / "esbuild.wasm"
    if bench.quick or not program.exists():
        return bench.not_measured(f"compiling esbuild: {'not in a quick run' if bench.quick else 'it is not here'}")
    done = run([*bench.wherry, "compile", program, "-o", out])
    if done is None:
        return bench.not_measured("compiling esbuild: it failed")
    wall, _, peak = done
    bench.goal("compiling esbuild (19.9 MB), wall time", wall / 60, at_most=6, unit="minutes", digits=1)
    bench.goal("compiling esbuild, peak RSS of a process", peak, at_most=4, unit="GB", digits=1)
    return done


def run(*commands):
    """What it took until all of them, started together, have ended: seconds by the clock and of processors, and the largest peak RSS in
    GB. None if one failed."""
    start = time.monotonic()
    running = [subprocess.Popen([*map(str, c)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for c in commands]
    processor = peak = 0
    for process in running:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        processor += usage.ru_utime + usage.ru_stime
        peak = max(peak, usage.ru_maxrss / 1024 / 1024)
    wall = time.monotonic() - start
    return None if any(process.returncode != 0 for process in running) else (wall, processor, peak)


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
