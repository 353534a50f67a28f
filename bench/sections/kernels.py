"""Seventeen programs in C (`bench/kernels`), each compiled once for Wasm and once for the machine with the same flags (-O2, no
vectoriser on either side). A kernel's time is a process with a large n minus one with a small n, of interleaved runs, so that
start-up and compilation drop out; a ratio is the median over rounds of that within a round, of processor time. Every result is compared with `bench/kernels/golden.txt` first. `core` does the work of CoreMark
(lists, a matrix, a state machine, a CRC), and is compared with wasm3, the interpreter that publishes that number."""
from harness import PEERS, geomean

TITLE = "Kernels"
ORDER = 10


def measure(bench):
    times = bench.time_kernels(bench.group())
    names = [e for e in ("wherry", *PEERS) if e in bench.engines]
    against, over = bench.kernel_table("Kernels: time over native; last columns: how many times as fast as the peer wherry is", times,
                                       "native", names, [n for n in names if n != "wherry"])
    if against.get("wasmi"):
        bench.goal("kernels: geomean of the speed over wasmi", geomean(against["wasmi"]), at_least=2.1)
        bench.goal("kernels: the slowest over wasmi", min(against["wasmi"]), at_least=1.4)
    else:
        bench.not_measured("kernels against wasmi: it is not here")
    core = times.get("core", {})
    if "wasm3" in core and "wherry" in core:
        version = bench.engines["wasm3"].version()
        bench.goal(f"CoreMark-like kernel: speed over {version}", core.ratio("wasm3", "wherry"), at_least=2.2)
    elif "core" in times:
        bench.not_measured("CoreMark-like kernel against wasm3: it is not here")
    if over.get("wherry"):
        bench.goal("kernels: geomean of the time over native -O2", geomean(over["wherry"]), at_most=5.5)
    return times
