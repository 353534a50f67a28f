"""Programs that were compiled before, from spawn to exit: `hello.wasm` against the same C program compiled statically for the machine and
against `wasmtime run --allow-precompiled`; esbuild (19.9 MB of Wasm) against Wasmtime. All programs are copies that were just written, as
after their installation."""
from harness import CACHE, ROOT, build, BUILD, clang, compiled_engines, installed, p50

TITLE = "Cold start of compiled programs"
ORDER = 110
NEEDS = ("guests",)
PEERS = ("wasmtime",)


def measure(bench):
    engines = compiled_engines(bench)
    hello = CACHE / "guests" / "c" / "hello.wasm"
    if "wherry aot" not in engines or not hello.exists():
        return bench.not_measured("cold start: the program or hello.wasm is not here")
    source = ROOT / "tests" / "guests" / "c" / "hello.c"
    native = build([clang(), "-O2", "-static"], BUILD / "hello", [source])
    figures = {}
    rounds = 31 if bench.quick else 101
    commands = {"native": [native], **{n: e.run(hello) for n, e in engines.items()}}
    figures["hello"] = rows_of(bench, "hello, compiled before", commands, rounds)
    found = figures["hello"]
    bench.goal("hello, compiled before, over static native", found["wherry aot"] / found["native"], at_most=1.2)
    if "wasmtime" in found:
        bench.goal("hello, compiled before: speed over wasmtime run --allow-precompiled", found["wasmtime"] / found["wherry aot"], at_least=5)
    esbuild = CACHE / "guests" / "esbuild.wasm"
    if bench.quick or not esbuild.exists():
        bench.not_measured("esbuild, compiled before: " + ("takes minutes to compile; not in a quick run" if bench.quick else "it is not here"))
        return figures
    commands = {n: e.run(esbuild, ["--version"]) for n, e in engines.items()}
    figures["esbuild"] = rows_of(bench, "esbuild --version, compiled before", commands, 11)
    bench.goal("esbuild --version, compiled before", figures["esbuild"]["wherry aot"], at_most=40, unit="ms", digits=1)
    return figures


def rows_of(bench, title, commands, rounds):
    commands = {name: installed(name, command) for name, command in commands.items()}
    bench.spawn(3, commands)  # fills file caches
    results = bench.spawn(rounds, commands)
    bench.table(f"{title}: spawn to exit, {rounds} interleaved runs each", ["program", "p50", "peak RSS"],
                [[n, f"{p50(r['ms']):.2f} ms", f"{max(r['rss']) / 1024:.1f} MB"] for n, r in results.items()])
    return {n: p50(r["ms"]) for n, r in results.items()}
