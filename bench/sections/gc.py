"""Programs that make objects, against Wasmtime's compiled code with its default collector: binary trees and linked lists, made, walked
and lost, and loops over arrays. `run(n)` at two sizes, so that neither start-up nor compiling counts. Pauses: the longest of a run
(`-O gc-stats`) in which 100 MB live (`bench/pauses/heap.wat`: trees, one list, a graph in an array), the least of some runs, for others' work
on the machine only makes one longer."""
import re
import subprocess

from harness import HERE, geomean

TITLE = "Garbage collection"
ORDER = 45
PEERS = ("wasmtime",)
NODES = 32767 * 199  # That trees makes between its sizes.
SHAPES = {"trees": "3,054 trees of 1,023 nodes", "list": "a list of 3,125,000", "graph": "2,500,000 nodes, each behind two others anywhere"}


def measure(bench):
    if "wherry" not in bench.engines:
        return bench.not_measured("gc: no wherry")
    group = bench.group("gc")
    times = bench.time_kernels(group)
    against, _ = bench.kernel_table("Objects: time, and the peer's over ours", times, "wherry", [], ["wasmtime"])
    rows = {kernel: row.ratio("wasmtime", "wherry") for kernel, row in times.items() if {"wasmtime", "wherry"} <= row.keys()}
    if "trees" in times and "wherry" in times["trees"]:
        bench.goal("trees: a node made and counted", times["trees"]["wherry"] * 1e6 / NODES, at_most=45, unit="ns", digits=1)
    if rows.keys() >= {"trees", "list"}:
        bench.goal("trees and lists, wasmtime's time over ours", geomean([rows["trees"], rows["list"]]), at_least=0.6)
    if rows.keys() >= {"sieve", "sum"}:
        bench.goal("array loops, wasmtime's time over ours", geomean([rows["sieve"], rows["sum"]]), at_least=0.2)
    return {"times": times, "wasmtime over wherry": against, "pauses": pauses(bench)}


def pauses(bench):
    rows, found = [], {}
    for shape, title in SHAPES.items():
        command = bench.engines["wherry"].invoke(HERE / "pauses" / "heap.wat", function=shape, options=["-O", "gc-stats"])
        longest, live = [], "?"
        for _ in range(3 if bench.quick else 9):
            done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
            said = re.search(r"([\d.]+) MiB live .* ([\d.]+) ms at most", done.stdout + done.stderr)
            if not said:
                bench.not_measured(f"pause, {shape}: {(done.stderr or done.stdout).strip()[:200]}")
                return found
            live = said[1]
            longest.append(float(said[2]))
        found[shape] = min(longest)
        rows.append([title, f"{live} MiB", f"{min(longest):.1f} ms", f"{sorted(longest)[len(longest) // 2]:.1f} ms"])
    bench.table("Longest pause of a collection: 100 MB live", ["heap", "live at the end", "least of the runs", "median"], rows)
    bench.goal("pause with 100 MB live, the longest of these", max(found.values()), at_most=60, unit="ms", digits=1)
    return found
