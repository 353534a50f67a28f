"""The kernels with fuel (one unit an instruction, prepaid for each straight piece of code) and with a deadline (looked at by calls and
where loops begin), neither of which is ever reached, over the same kernels without. `wherry run` checks nothing that it was not asked for, so
"without" has no checks at all. The peers' columns are their own metered runs over their plain ones: wasmi's and Wasmtime's fuel, Wasmtime's
epochs (`-W timeout`). The runs of a round run at once, on one processor that changes between them every few milliseconds; each figure is
the median over rounds of the ratio within a round."""
from harness import geomean

TITLE = "Metered runs"
ORDER = 20
PEERS = ("wasmi", "wasmtime")
FUEL = str(10**15)


def measure(bench):
    plain = bench.engines.get("wherry")
    if not plain:
        return bench.not_measured("metered runs: no wherry")
    engines, peers, pairs = [plain], [], []
    for title, options in (("fuel", ("-W", f"fuel={FUEL}")), ("deadline", ("-W", "timeout=24h"))):
        engines.append(plain.variant(f"wherry, {title}", *options))
        pairs.append((f"wherry, {title}", "wherry"))
    meters = {"wasmi": [("fuel", ("--fuel", FUEL))],
              "wasmtime": [("fuel", ("-W", f"fuel={FUEL}")), ("deadline", ("-W", "timeout=86400s"))]}
    for peer, ways in meters.items():
        if peer not in bench.engines:
            bench.not_measured(f"metered runs of {peer}: it is not here")
            continue
        peers.append(bench.engines[peer])
        for title, options in ways:
            peers.append(bench.engines[peer].variant(f"{peer}, {title}", *options))
            pairs.append((f"{peer}, {title}", peer))
    group = bench.group()
    group.native = False
    times = bench.time_kernels(group, engines, bench.rounds_for_percents, at_once=True)
    for kernel, row in bench.time_kernels(group, peers, 3 if bench.quick else None, at_once=True).items():
        for name, rounds in row.rounds.items():
            times[kernel].add(name, rounds)
    rows, ratios = [], {pair: [] for pair in pairs}
    for kernel, row in times.items():
        cells = [kernel]
        for metered, unmetered in pairs:
            if metered in row and unmetered in row:
                ratios[metered, unmetered].append(row.ratio(metered, unmetered))
                cells.append(f"{ratios[metered, unmetered][-1]:.3f}")
            else:
                cells.append("-")
        rows.append(cells)
    rows.append(["geomean", *(f"{geomean(ratios[pair]):.3f}" for pair in pairs)])
    bench.table("Metered runs: time over the same engine's plain run", ["kernel", *(metered for metered, _ in pairs)], rows)
    for title, limit in (("fuel", 8), ("deadline", 3)):
        cost = (geomean(ratios[f"wherry, {title}", "wherry"]) - 1) * 100
        bench.goal(f"metered runs: cost of {title}, geomean", cost, at_most=limit, unit="%", digits=1)
    return times
