"""Calls between host and guest, nanoseconds each, in one process (`bench/calls.cc`), least of many short rounds over 0.4 s; median of five processes. Wasmtime: its C API from the
PyPI wheel, unchecked calls, which is the fastest that it offers; "checked" takes and gives tagged values on both sides. A call from the
guest is a loop of them in the guest less the same loop without."""
from harness import CACHE

TITLE = "Crossings"
ORDER = 65
PEERS = ()
ROWS = (
    ("host_to_guest_typed", "host to guest, (i32, i32) -> i32, typed", 20),
    ("host_to_guest_nothing", "host to guest, () -> ()", None),
    ("host_to_guest_checked", "host to guest, (i32, i32) -> i32, checked", None),
    ("guest_to_host_typed", "guest to host, (i32, i32) -> i32, typed", 15),
)


def measure(bench):
    program = bench.program("calls")
    peer = CACHE / "peers" / "wasmtime-python" / "wasmtime" / "linux-x86_64" / "_libwasmtime.so"
    if not peer.exists():
        bench.not_measured("crossings of Wasmtime: its library is not here (tools/peers gets it)")
    command = [program, *(["--quick"] if bench.quick else []), *([peer] if peer.exists() else [])]
    found = bench.figures_inside(command)
    if found is None:
        return None
    rows = []
    for name, title, limit in ROWS:
        wherry, wasmtime = found[name]["wherry"], found[name].get("wasmtime")
        rows.append([title, f"{wherry:.1f} ns", f"{wasmtime:.1f} ns" if wasmtime else "-",
                     f"{wherry / wasmtime:.2f}" if wasmtime else "-"])
        if limit:
            bench.goal(title, wherry, at_most=limit, unit="ns", digits=1)
    bench.table("Calls across the boundary", ["call", "wherry", "wasmtime", "wherry/wasmtime"], rows)
    many = [[name.rsplit("_", 1)[1], f"{by['wherry'] / 1000:.1f} µs"] for name, by in found.items() if name.startswith("instantiate")]
    bench.table("Instantiating a module with a memory and calling it, in one store", ["instances", "each"], many)
    return found
