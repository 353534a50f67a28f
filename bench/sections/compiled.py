"""What `wherry compile` makes, against native code of the same source and processor level (`clang -O2 -march=x86-64-v3`, vectoriser on) and against
Wasmtime's compiled code. The Wasm side is compiled without vectors, so every vector instruction in it is this compiler's own finding. The runs of
a round run at once, on one processor, for what a deadline costs is a few percent: on a busy machine four measurements of `trees` gave 1.05 to 1.08
so, and 1.02 to 1.18 in turn. Nothing is compiled while a clock runs. The scalar twins of the vector programs stand beside `clang -O3`."""
from harness import compiled_engines, geomean

TITLE = "Compiled code"
ORDER = 100
PEERS = ("wasmtime",)
LEVEL = "-march=x86-64-v3"


def measure(bench):
    engines = compiled_engines(bench, exact=["--trap-precision=exact"], deadline=["-W", "timeout=1h"])
    if "wherry aot" not in engines:
        return bench.not_measured("compiled code: the program is not here")
    names = list(engines)
    times = bench.time_kernels(bench.group(), list(engines.values()), bench.rounds_for_percents, ["-O2", LEVEL], short=False, at_once=True)
    against, over = bench.kernel_table("Compiled kernels: time over native -O2; last column: how many times as fast as Wasmtime it is", times, "native",
                                       names, [n for n in names if n == "wasmtime"], subject="wherry aot")
    goals(bench, times, against, over)
    vectors = vector_kernels(bench, {n: engines[n] for n in ("wherry aot", "wasmtime") if n in engines})
    return {"kernels": times, "vectors": vectors}


def goals(bench, times, against, over):
    if over.get("wherry aot"):
        bench.goal("compiled kernels: geomean of the time over native -O2", geomean(over["wherry aot"]), at_most=1.05)
        bench.goal("compiled kernels: the slowest over native -O2", max(over["wherry aot"]), at_most=1.35)
        for name, limit in (("exact", 1.3), ("deadline", 1.02)):
            if over.get(name):
                bench.goal(f"compiled kernels: {name} over the default", geomean(row.ratio(name, "wherry aot") for row in times.values() if {name, "wherry aot"} <= row.keys()), at_most=limit)
    if against.get("wasmtime"):
        bench.goal("compiled kernels: geomean of the speed over Wasmtime", geomean(against["wasmtime"]), at_least=1.2)
    else:
        bench.not_measured("compiled kernels against Wasmtime: it is not here")


def vector_kernels(bench, engines):
    group = bench.group("simd")
    group.flags, group.native = [], True
    group.kernels = {k: v for k, v in group.kernels.items() if k.endswith("_scalar")}
    times = bench.time_kernels(group, list(engines.values()), level=["-O3", LEVEL], short=False)
    _, over = bench.kernel_table("Scalar Wasm of vector programs: time over native -O3", times, "native", list(engines), [], subject="wherry aot")
    if over.get("wherry aot"):
        bench.goal("scalar Wasm of vector programs: geomean over native -O3", geomean(over["wherry aot"]), at_most=1.2)
    return times
