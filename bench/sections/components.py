"""Calls across the borders of components, in one process (`bench/component_calls.cc`), least of many rounds: interpreted, compiled by
`wherry compile`, and in Wasmtime by its C API, which boxes every value (its Rust API takes 76 ns from host to component and 34 back, as published).
Guests call as tool chains make them: with memory and realloc on both sides, and a callee that calls out itself; "nothing between": of numbers, and neither.
What is copied is 1 MiB from guest to guest, beside memcpy between two memories of the same kind; "mixed" text has a character of two bytes and one of three in eight bytes."""
import subprocess

from harness import BUILD, CACHE, build, compiled_engines

TITLE = "Components"
ORDER = 107
PEERS = ("wasmtime",)
CALLS = (
    ("host-to-component", "host to component, (s32, s32) -> s32, typed", 25),
    ("host-to-component-dynamic", "the same, dynamic values", None),
    ("component-to-host", "component to host, (s32, s32) -> s32, typed", 15),
    ("guest-to-guest-guests", "guest to guest, (s32, s32) -> s32", 6),
    ("guest-to-guest-guests-u8", "guest to guest, (u8, u8) -> u8", 6),
    ("guest-to-guest-plain", "guest to guest, (s32, s32) -> s32, nothing between", 6),
)
COPIES = (("list-u8", "list<u8>", None), ("list-f64", "list<f64>", 0.8), ("string-ascii", "string, ASCII", 0.8), ("string-mixed", "string, mixed", None))


def measure(bench):
    program = bench.program("component_calls")
    peer = CACHE / "peers" / "wasmtime-python" / "wasmtime" / "linux-x86_64" / "_libwasmtime.so"
    if not peer.exists():
        bench.not_measured("components in Wasmtime: its library is not here (tools/peers gets it)")
    found = run(bench, program, "interpreted")
    compiled = compile_all(bench, program)
    if compiled:
        aot = run(bench, program, "compiled", ["--compiled", compiled], [peer] if peer.exists() else [])
        for name, by in (aot or {}).items():
            found.setdefault(name, {}).update(by)
    calls(bench, found)
    copies(bench, found)
    return found


def run(bench, program, kind, options=(), peer=()):
    """name -> engine -> figure; our own engine is called `kind`."""
    command = [program, *(["--quick"] if bench.quick else []), *options, *peer]
    titles = {"wherry": kind, "native": f"native {kind}"}
    found = bench.figures_inside(command, processes=1) or {}
    return {name: {titles.get(engine, engine): figure for engine, figure in by.items()} for name, by in found.items()}


def compile_all(bench, program):
    engines = compiled_engines(bench)
    if "wherry aot" not in engines:
        return bench.not_measured("compiled components: the program is not here")
    folder = BUILD / "components"
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run([str(program), "--texts", str(folder)], check=True)
    for text in folder.glob("*.wat"):
        binary = build([*bench.wherry, "parse"], text.with_suffix(".wasm"), [text])
        place = text.with_suffix(".aot")
        place.unlink(missing_ok=True)
        place.symlink_to(engines["wherry aot"].artifact(binary))
    return folder


def calls(bench, found):
    rows = []
    for name, title, limit in CALLS:
        by = found.get(name, {})
        rows.append([title, *(f"{by[k]:.1f} ns" if k in by else "-" for k in ("interpreted", "compiled", "wasmtime")),
                     f"{by['compiled'] / by['wasmtime']:.2f}" if {"compiled", "wasmtime"} <= by.keys() else "-"])
        if limit and "compiled" in by:
            bench.goal(f"{title}, compiled", by["compiled"], at_most=limit, unit="ns", digits=1)
    bench.table("Calls across components' borders", ["call", "interpreted", "compiled", "wasmtime", "compiled/wasmtime"], rows)


def copies(bench, found):
    memcpy = found.get("memcpy", {})
    rows = [["memcpy", *(f"{memcpy[k]:.1f} GB/s" if k in memcpy else "-" for k in ("native interpreted", "native compiled")), "-", "1.00"]]
    for name, title, ratio in COPIES:
        by = found.get(name, {})
        cells = [f"{by[k]:.1f} GB/s" if k in by else "-" for k in ("interpreted", "compiled", "wasmtime")]
        share = by["compiled"] / memcpy["native compiled"] if "compiled" in by and "native compiled" in memcpy else None
        rows.append([title, *cells, f"{share:.2f}" if share else "-"])
        if ratio and share:
            bench.goal(f"{title} of 1 MiB from guest to guest, compiled, over memcpy", share, at_least=ratio)
        if name == "list-u8" and "compiled" in by:
            bench.goal("list<u8> of 1 MiB from guest to guest, compiled", by["compiled"], at_least=12, unit="GB/s", digits=1)
    bench.table("1 MiB from guest to guest", ["what", "interpreted", "compiled", "wasmtime", "compiled/memcpy"], rows)
