"""Six programs on vectors (`bench/kernels/simd`), each with a scalar twin that gives the same results: a saxpy over floats, a dot product of
16-bit numbers, a blur of a picture, Mandelbrot's set in pairs of doubles, base64 both ways, and a check of UTF-8. Both are compiled with
`-msimd128` and without the vectoriser, so the twin is what the source says. Times are taken as for the other kernels."""
from harness import Times, geomean, paired

TITLE = "Vectors"
ORDER = 30
PEERS = ("wasmi", "wasmtime")


def measure(bench):
    times = bench.time_kernels(bench.group("simd"), together=True)
    names = [e for e in ("wherry", *PEERS) if e in bench.engines]
    rows, over_wasmi, over_scalar = [], [], []
    for kernel in [k for k in times if not k.endswith("_scalar")]:
        row, scalar = times[kernel], times.get(f"{kernel}_scalar", Times())
        cells = [kernel]
        for name in names:
            cells.append(f"{paired(scalar.rounds[name], row.rounds[name]):.2f}" if name in row and name in scalar else "-")
        if "wherry" in row and "wherry" in scalar:
            over_scalar.append(paired(scalar.rounds["wherry"], row.rounds["wherry"]))
        if "wherry" in row and "wasmi" in row:
            over_wasmi.append(row.ratio("wasmi", "wherry"))
            cells.append(f"{over_wasmi[-1]:.2f}")
        else:
            cells.append("-")
        rows.append(cells)
    bench.table("Vectors: speed over the scalar twin on the same engine; last column: speed over wasmi on vectors",
                ["kernel", *names, "over wasmi"], rows)
    if over_wasmi:
        bench.goal("vectors: geomean of the speed over wasmi", geomean(over_wasmi), at_least=2)
        bench.goal("vectors: the slowest over wasmi", min(over_wasmi), at_least=2)
    else:
        bench.not_measured("vectors against wasmi: it is not here")
    if over_scalar:
        bench.goal("vectors: the slowest over its scalar twin", min(over_scalar), at_least=1)
    return times
