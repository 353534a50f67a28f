"""Programs that people use, from spawn to exit, and their peak RSS: esbuild (19.9 MB), a Go program, QuickJS embedded through the C++
API. All engines run in turn; Wasmtime has its code cache filled first, as have all the file cache."""
import os
import subprocess
import time

from harness import CACHE, ROOT, p50

TITLE = "Real loads"
ORDER = 70
NEEDS = ("guests",)


def measure(bench):
    rounds = 3 if bench.quick else 7
    guests = CACHE / "guests"
    entry = ROOT / "tests" / "guests" / "data" / "project" / "src" / "main.ts"
    bundle = ["--bundle", "--minify", "--define:DEBUG=false", "--loader:.css=text", "--log-level=error"]
    # The whole tree is granted, as it is: wasmi's option cannot give a directory another name.
    loads = [
        ("esbuild --version", "esbuild", [], ["--version"]),
        ("esbuild, bundle and minify", "esbuild", ["--dir", "/"], [str(entry), *bundle]),
        ("Go, hello", "go", [], ["hello"]),
        ("Go, JSON round trip", "go", [], ["roundtrip", "40"]),
    ]
    rows, figures = [], {}
    engines = [e for e in bench.engines.values() if e.has_wasi]
    for title, guest, options, args in loads:
        program = guests / f"{guest}.wasm"
        if not program.exists():
            bench.not_measured(f"{title}: {guest} is not here (tools/guests gets it)")
            continue
        commands = {e.name: e.run(program, args, options) for e in engines}
        bench.spawn(1, commands)  # fills file and code caches
        results = bench.spawn(rounds, commands)
        figures[title] = {e: (p50(r["ms"]), max(r["rss"]) / 1024) for e, r in results.items()}
        rows.append(row(title, figures[title], engines))
    script = ROOT / "tests" / "guests" / "quickjs" / "bench.js"
    quickjs = ROOT / "build" / "bin" / "wherry-quickjs"
    if script.exists() and os.access(quickjs, os.X_OK) and (guests / "quickjs.wasm").exists():
        title = "QuickJS, benchmark"
        results = bench.spawn(rounds, {"wherry": [quickjs, guests / "quickjs.wasm", script]})
        figures[title] = {e: (p50(r["ms"]), max(r["rss"]) / 1024) for e, r in results.items()}
        rows.append(row(title, figures[title], engines))
    else:
        bench.not_measured("QuickJS, benchmark: its embedding program or the guest is not here")
    bench.table(f"Real loads: spawn to exit (p50 of {rounds}) and peak RSS; wasmtime from its code cache",
                ["load", *(e.name for e in engines), "wherry/wasmi", "wherry/wasmtime"], rows)
    goals(bench, figures.get("esbuild --version", {}))
    anonymous(bench, guests, figures)
    return figures


def peak_anonymous_mb(command):
    """The most of RssAnon in /proc/PID/status, looked at every half millisecond: what is not a mapped file."""
    peak_kb = 0
    with subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            try:
                with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
                    peak_kb = max([peak_kb, *(int(line.split()[1]) for line in status if line.startswith("RssAnon"))])
            except OSError:
                break
            time.sleep(0.0005)
    return peak_kb / 1024


def anonymous(bench, guests, figures):
    engine = bench.engines.get("wherry")
    if engine is None:
        return
    rows = []
    for title, guest, args in (("esbuild --version", "esbuild", ["--version"]), ("Go, hello", "go", ["hello"])):
        if title in figures:
            mb = max(peak_anonymous_mb(engine.run(guests / f"{guest}.wasm", args, [])) for _ in range(3))
            rows.append([title, f"{mb:.1f} MB"])
            if guest == "esbuild":
                bench.goal("esbuild --version, anonymous memory", mb, at_most=20, unit="MB", digits=1)
    bench.table("Anonymous memory at most, wherry", ["load", "RssAnon"], rows)


def row(title, figures, engines):
    cells = [title]
    for engine in engines:
        time_ms, rss = figures.get(engine.name, (None, None))
        cells.append(f"{time_ms:.0f} ms, {rss:.0f} MB" if time_ms is not None else "-")
    for peer in ("wasmi", "wasmtime"):
        both = "wherry" in figures and peer in figures
        cells.append(f"{figures['wherry'][0] / figures[peer][0]:.2f}" if both else "-")
    return cells


def goals(bench, version):
    if "wherry" not in version:
        return
    for peer, limit, name in (("wasmi", 0.45, "wasmi"), ("wasmtime", 1, "wasmtime from a warm cache")):
        if peer in version:
            bench.goal(f"esbuild --version, time over {name}", version["wherry"][0] / version[peer][0], at_most=limit)
    bench.goal("esbuild --version, peak RSS", version["wherry"][1], at_most=45, unit="MB", digits=0)
