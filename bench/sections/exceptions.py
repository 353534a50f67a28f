"""`throw5`: an exception with an argument, thrown five calls below the function that catches it; `calls5` does the same calls and
returns. Their difference over the number of throws is what a throw to its catch costs, making the exception included. `guarded` is a loop
whose calls stand in a `try_table` that nothing is thrown from, over the same loop without it."""
from harness import paired

TITLE = "Exceptions"
ORDER = 55
PEERS = ("wasmtime",)


def measure(bench):
    group = bench.group("exceptions")
    times = bench.time_kernels(group, together=True)
    if not {"throw5", "calls5", "guarded", "unguarded"} <= set(times):
        return bench.not_measured("exceptions: --only leaves a kernel out")
    throws = bench.steps(group, "throw5")
    rows, cost = [], {}
    for name in bench.engines:
        if all(name in times[k] for k in ("throw5", "calls5", "guarded", "unguarded")):
            cost[name] = (times["throw5"][name] - times["calls5"][name]) * 1e3 / throws
            rows.append([name, f"{cost[name]:.3f} µs", f"{paired(times['guarded'].rounds[name], times['unguarded'].rounds[name]):.3f}"])
    bench.table("Exceptions: throw to catch across 5 frames; a loop with a try_table over one without",
                ["engine", "throw to catch", "with try_table/without"], rows)
    if "wherry" in cost:
        bench.goal("exceptions: throw to catch across 5 frames", cost["wherry"], at_most=0.5, unit="µs", digits=3)
    return times
