"""What each optimisation of the interpreter is worth: the kernels with one switch of `-O` off (`-O accumulators=n` and so on), over the same
kernels with all of them on. The switches are those of `wherry run -O help`; without signals-based traps every access is checked.
1.00 says that a kernel does not use the optimisation."""
import re

from harness import ROOT, geomean

TITLE = "What each optimisation is worth"
ORDER = 30
PEERS = ()
NOT_SPEED = ("lazy-validation", "validation-threads", "gc-stress", "gc-stats")


def switches():
    rows = re.findall(r'KEY\(\w+, Optimize, "([\w-]+)", Bool,', (ROOT / "cli" / "options.inc").read_text())
    return [name for name in rows if name not in NOT_SPEED]


def measure(bench):
    plain = bench.engines.get("wherry")
    if not plain:
        return bench.not_measured("ablation: no wherry")
    names = switches()
    engines = [plain, *(plain.variant(name, "-O", f"{name}=n") for name in names)]
    engines.append(plain.variant("all off", "-O", ",".join(f"{name}=n" for name in names)))
    group = bench.group()
    group.native = False
    times = bench.time_kernels(group, engines, 3 if bench.quick else None)
    columns = [e.name for e in engines[1:]]
    rows, ratios = [], {name: [] for name in columns}
    for kernel, row in times.items():
        cells = [kernel]
        for name in columns:
            ratios[name].append(row.ratio(name, "wherry"))
            cells.append(f"{ratios[name][-1]:.2f}")
        rows.append(cells)
    rows.append(["geomean", *(f"{geomean(ratios[name]):.2f}" for name in columns)])
    bench.table("Ablation: time with one optimisation off, over all on", ["kernel", *columns], rows)
    return times
