"""First runs of components that nobody compiled before, from spawn to exit, beside a static native program and Wasmtime without its
cache; a Python component (18 MB) also compiled before. And what instances cost inside of one process (`bench/component_start.cc`)."""
import subprocess

from harness import BUILD, CACHE, ROOT, build, clang, compiled_engines, installed, p50

TITLE = "Start of components"
ORDER = 108
NEEDS = ("guests",)
PEERS = ("wasmtime",)

ROWS = {
    "instantiate-module": "instance of a module with a memory and a function",
    "instantiate-small": "instance of a component with that module",
    "instantiate-small-without-memory": "the same without the memory",
    "load-command": "loading the Rust hello",
    "prelink-command": "finding its imports in WASI 0.2",
    "instantiate-command": "an instance of it, prepared before",
}


def measure(bench):
    figures = {"hello": hello(bench), "python": python(bench)}
    figures["instances"] = instances(bench)
    return figures


def runs(bench, program, args=()):
    engines = {n: e for n, e in bench.all_engines.items() if n in ("wherry", "wasmtime")}
    return {n: e.run(program, list(args)) for n, e in engines.items()}


def table(bench, title, results, rounds):
    bench.table(f"{title}: spawn to exit, {rounds} interleaved runs each", ["program", "p50", "least", "peak RSS"],
                [[n, f"{p50(r['ms']):.2f} ms", f"{min(r['ms']):.2f} ms", f"{max(r['rss']) / 1024:.1f} MB"] for n, r in results.items()])
    return {n: p50(r["ms"]) for n, r in results.items()}


def hello(bench):
    program = CACHE / "guests" / "rust-hello.wasm"
    if not program.exists():
        return bench.not_measured("start of components: rust-hello.wasm is not here (tools/guests makes it)")
    native = build([clang(), "-O2", "-static"], BUILD / "hello", [ROOT / "tests" / "guests" / "c" / "hello.c"])
    rounds = 31 if bench.quick else 101
    commands = {"static native hello": [native], **runs(bench, program)}
    commands = {name: installed(name, command) for name, command in commands.items()}
    bench.spawn(3, commands)  # fills file caches
    found = table(bench, "Rust wasip2 hello, first run", bench.spawn(rounds, commands), rounds)
    if "wherry" in found:
        bench.goal("Rust wasip2 hello, first run, over static native", found["wherry"] / found["static native hello"], at_most=2)
    return found


def python(bench):
    program = CACHE / "guests" / "python-component.wasm"
    if not program.exists():
        return bench.not_measured("start of components: python-component.wasm is not here (tools/guests makes it)")
    commands = {"wherry": bench.all_engines["wherry"].run(program, ["hello"])}
    rounds = 5 if bench.quick else 11
    bench.spawn(1, commands)
    found = table(bench, "Python component hello, first run", bench.spawn(rounds, commands), rounds)
    bench.goal("Python component hello, first run", found["wherry"], at_most=350, unit="ms", digits=0)
    engines = compiled_engines(bench)
    if bench.quick or "wherry aot" not in engines:
        bench.not_measured("Python component, compiled before: " +
                           ("takes minutes to compile; not in a quick run" if bench.quick else "the compiler is not here"))
        return found
    commands = {n: e.run(program, ["hello"]) for n, e in engines.items()}
    bench.spawn(1, commands)
    found["compiled"] = table(bench, "Python component hello, compiled before", bench.spawn(rounds, commands), rounds)
    bench.goal("Python component hello, compiled before", found["compiled"]["wherry aot"], at_most=60, unit="ms", digits=0)
    return found


def instances(bench):
    program = CACHE / "guests" / "rust-hello.wasm"
    if not program.exists():
        return {}
    command = [str(bench.program("component_start")), *(["--quick"] if bench.quick else []), str(program)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return bench.not_measured(f"instances of components: {done.stderr.strip()}")
    found = {name: float(figure) / 1000 for name, figure, _ in (line.split() for line in done.stdout.splitlines())}
    bench.table("Within a process, interpreted, least of many", ["what", "time"], [[ROWS[n], f"{us:.2f} µs"] for n, us in found.items()])
    bench.goal("instantiating a small component, warm", found["instantiate-small"], at_most=1, unit="µs")
    bench.goal("instantiating a 0.2 command world, warm", found["instantiate-command"], at_most=15, unit="µs", digits=1)
    return found
