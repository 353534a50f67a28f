"""Where compiled code meets the runtime, against Wasmtime's compiled code: the kernels of "Exceptions" with calls through a table, so that nothing
is inlined, and of "Garbage collection", compiled before;
calls between host and guest as in "Crossings", the guest compiled; and loading of compiled files in a process (`bench/artifacts.cc`), least
of many, with the page faults of one load beside it: a file of any size is to be loaded in 30 µs and what its faults take, of which
the table says how much a fault of a mapped file takes here."""
import subprocess

from harness import BUILD, CACHE, build, compiled_engines, geomean, paired

TITLE = "Compiled code and the runtime"
ORDER = 105
NEEDS = ("guests",)
PEERS = ("wasmtime",)
CROSSINGS = (("host_to_guest_typed", "host to guest, compiled, (i32, i32) -> i32, typed"), ("host_to_guest_nothing", "host to guest, compiled, () -> ()"),
             ("host_to_guest_checked", "host to guest, compiled, (i32, i32) -> i32, checked"), ("guest_to_host_typed", "guest to host, compiled, (i32, i32) -> i32, typed"))


def measure(bench):
    engines = compiled_engines(bench)
    if "wherry aot" not in engines:
        return bench.not_measured("compiled code and the runtime: the program is not here")
    return {"exceptions": exceptions(bench, engines), "gc": objects(bench, engines), "crossings": crossings(bench, engines["wherry aot"]),
            "loading": loading(bench, engines["wherry aot"])}


def exceptions(bench, engines):
    group = bench.group("exceptions_indirect")
    times = bench.time_kernels(group, list(engines.values()), bench.rounds_for_percents, together=True, at_once=True)
    if not {"throw5", "calls5", "guarded", "unguarded"} <= set(times):
        return bench.not_measured("compiled exceptions: --only leaves a kernel out")
    throws = bench.steps(group, "throw5")
    rows, found = [], {}
    for name in engines:
        if all(name in times[k] for k in ("throw5", "calls5", "guarded", "unguarded")):
            found[name] = ((times["throw5"][name] - times["calls5"][name]) * 1e3 / throws, paired(times["guarded"].rounds[name], times["unguarded"].rounds[name]))
            rows.append([name, f"{found[name][0]:.3f} µs", f"{found[name][1]:.3f}"])
    bench.table("Compiled exceptions: throw to catch across 5 frames; a loop with a try_table over one without",
                ["engine", "throw to catch", "with try_table/without"], rows)
    if "wherry aot" in found:
        bench.goal("compiled exceptions: throw to catch across 5 frames", found["wherry aot"][0], at_most=0.3, unit="µs", digits=3)
        bench.goal("compiled exceptions: a try_table that does not throw", found["wherry aot"][1], at_most=1.03)
    return found


def objects(bench, engines):
    times = bench.time_kernels(bench.group("gc"), list(engines.values()))
    bench.kernel_table("Compiled objects: time, and the peer's over ours", times, "wherry aot", [], ["wasmtime"], subject="wherry aot")
    rows = {k: row.ratio("wasmtime", "wherry aot") for k, row in times.items() if {"wasmtime", "wherry aot"} <= row.keys()}
    if rows.keys() >= {"trees", "list"}:
        bench.goal("compiled trees and lists, wasmtime's time over ours", geomean([rows["trees"], rows["list"]]), at_least=1)
    if rows.keys() >= {"sieve", "sum"}:
        bench.goal("compiled array loops, wasmtime's time over ours", geomean([rows["sieve"], rows["sum"]]), at_least=1)
    return times


def crossings(bench, engine):
    program = bench.program("calls")
    text = BUILD / "calls.wat"
    text.write_bytes(subprocess.run([str(program), "--module"], capture_output=True, check=True).stdout)
    artifact = engine.artifact(build([*bench.wherry, "parse"], BUILD / "calls.wasm", [text]))
    peer = CACHE / "peers" / "wasmtime-python" / "wasmtime" / "linux-x86_64" / "_libwasmtime.so"
    command = [program, *(["--quick"] if bench.quick else []), "--compiled", artifact, *([peer] if peer.exists() else [])]
    found = bench.figures_inside(command)
    if found is None:
        return None
    rows = []
    for name, title in CROSSINGS:
        ours, theirs = found[name]["wherry"], found[name].get("wasmtime")
        rows.append([title, f"{ours:.1f} ns", f"{theirs:.1f} ns" if theirs else "-", f"{ours / theirs:.2f}" if theirs else "-"])
        if theirs and name.endswith("_typed"):
            bench.goal(f"{title}: over wasmtime", ours / theirs, at_most=1)
    bench.table("Calls across the boundary of compiled code", ["call", "wherry", "wasmtime", "wherry/wasmtime"], rows)
    return found


def loading(bench, engine):
    program = bench.program("artifacts")
    guests = CACHE / "guests"
    names = ["c/hello", "micropython", "quickjs"] + ([] if bench.quick else ["go", "esbuild"])
    rows, found = [], {}
    for name in names:
        if not (guests / f"{name}.wasm").exists():
            bench.not_measured(f"loading {name}, compiled: it is not here")
            continue
        # How well the code is made is nothing to a load.
        artifact = engine.artifact(guests / f"{name}.wasm", ["-O", "opt-level=0"] if name in ("go", "esbuild") else [])
        done = subprocess.run([str(program), str(artifact)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            bench.not_measured(f"loading {name}, compiled: {done.stderr.strip()}")
            continue
        _, size, least, median, faults = done.stdout.rsplit(maxsplit=4)  # The path may have blanks.
        found[name] = float(least)
        rows.append([name, f"{int(size) / 1e6:.1f} MB", f"{float(least):.1f} µs", f"{float(median):.1f} µs", faults])
    bench.table("Loading a compiled file: least, median, page faults", ["program", "file", "least", "median", "faults"], rows)
    if found:
        bench.goal("loading a compiled file of any size, page faults included", max(found.values()), at_most=30, unit="µs", digits=1)
    return found
