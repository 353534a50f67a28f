"""`run hello.wasm` (a C program with wasi-libc) from spawn to exit, interleaved with an empty program in C, linked statically. All programs are
copies that were just written, as after their installation. A run takes half a millisecond, and other work on the machine makes whole runs many times
as long: the tenth percentile shows those that nothing interrupted. RSS is the peak that the kernel reports."""
from harness import BUILD, CACHE, build, clang, installed, p50

TITLE = "Start-up"
ORDER = 60
NEEDS = ("guests",)


def measure(bench):
    rounds = 101 if bench.quick else 301
    empty = BUILD / "empty.c"
    if not empty.exists():
        BUILD.mkdir(parents=True, exist_ok=True)
        empty.write_text("int main(void) { return 0; }\n")
    native = build([clang(), "-O2", "-static"], BUILD / "empty", [empty])
    hello = CACHE / "guests" / "c" / "hello.wasm"
    if not hello.exists():
        return bench.not_measured("start-up: hello.wasm is not here (tools/guests makes it)")
    commands = {"native": [native]}
    commands |= {e.name: e.run(hello) for e in bench.engines.values() if e.has_wasi}
    commands = {name: installed(name, command) for name, command in commands.items()}
    results = bench.spawn(3, commands)
    results = bench.spawn(rounds, {n: commands[n] for n in results})  # once more: the first filled caches
    over = {name: p50(result["ms"]) / p50(results["native"]["ms"]) for name, result in results.items()}
    rows = []
    for name, result in results.items():
        ordered = sorted(result["ms"])
        rows.append(["empty static program" if name == "native" else f"{name} run hello.wasm", f"{ordered[len(ordered) // 10]:.2f} ms",
                     f"{p50(ordered):.2f} ms", f"{ordered[len(ordered) * 99 // 100]:.2f} ms", f"{over[name]:.2f}",
                     f"{max(result['rss']) / 1024:.1f} MB"])
    bench.table(f"Start: spawn to exit, {rounds} interleaved runs each", ["program", "p10", "p50", "p99", "over native", "peak RSS"], rows)
    if "wherry" in results:
        bench.goal("hello.wasm over an empty static program", over["wherry"], at_most=1.25)
        bench.goal("hello.wasm, peak RSS", max(results["wherry"]["rss"]) / 1024, at_most=2.5, unit="MB", digits=1)
    return {name: {"over_native": over[name], "rss_mb": max(r["rss"]) / 1024} for name, r in results.items()}
