"""Programs that make objects, against Wasmtime's compiled code with its default collector: binary trees and linked lists, made, walked
and lost, and loops over arrays. `run(n)` at two sizes, so that neither start-up nor compiling counts."""
from harness import geomean

TITLE = "Garbage collection"
ORDER = 45
PEERS = ("wasmtime",)
NODES = 32767 * 199  # That trees makes between its sizes.


def measure(bench):
    if "wherry" not in bench.engines:
        return bench.not_measured("gc: no wherry")
    group = bench.group("gc")
    times = bench.time_kernels(group)
    against, _ = bench.kernel_table("Objects: time, and the peer's over ours", times, "wherry", [], ["wasmtime"])
    rows = {kernel: row["wasmtime"] / row["wherry"] for kernel, row in times.items() if {"wasmtime", "wherry"} <= row.keys()}
    if "trees" in times and "wherry" in times["trees"]:
        bench.goal("trees: a node made and counted", times["trees"]["wherry"] * 1e6 / NODES, at_most=45, unit="ns", digits=1)
    if rows.keys() >= {"trees", "list"}:
        bench.goal("trees and lists, wasmtime's time over ours", geomean([rows["trees"], rows["list"]]), at_least=0.6)
    if rows.keys() >= {"sieve", "sum"}:
        bench.goal("array loops, wasmtime's time over ours", geomean([rows["sieve"], rows["sum"]]), at_least=0.2)
    return {"times": times, "wasmtime over wherry": against}
