"""1 GiB from a file to standard output through streams of WASI 0.2, beside `cat`: by a component that splices (bench/splice.wat), and by
the `io::copy` of Rust's standard library, which writes 4 KiB at a time, as blocking-write-and-flush allows. By processor time, in memory."""
import os
import subprocess
import tempfile
import time
from pathlib import Path

from harness import CACHE, ROOT, p50

TITLE = "Files through streams"
ORDER = 109
NEEDS = ("guests",)
PEERS = ("wasmtime",)
MEMORY = Path("/dev/shm")
MIB = 1 << 20


def measure(bench):
    size = 256 if bench.quick else 1024
    if not os.access(MEMORY, os.W_OK) or os.statvfs(MEMORY).f_bavail * os.statvfs(MEMORY).f_frsize < 3 * size * MIB:
        return bench.not_measured(f"files through streams: no {3 * size} MiB free in {MEMORY}")
    with tempfile.TemporaryDirectory(dir=MEMORY, prefix="wherry-bench-") as scratch:
        folder = Path(scratch)
        with open(folder / "big", "wb") as file:
            for _ in range(size):
                file.write(os.urandom(MIB))
        return compare(bench, folder, size)


def compare(bench, folder, size):
    commands = {"cat": ["cat", folder / "big"]}
    rust = CACHE / "guests" / "rust-component.wasm"
    for name, engine in bench.all_engines.items():
        if name not in ("wherry", "wasmtime"):
            continue
        there = ["--dir", f"{folder}::/work"]
        commands[f"{name}, splicing"] = engine.run(ROOT / "bench" / "splice.wat", options=there)
        if rust.exists():
            commands[f"{name}, Rust's io::copy"] = engine.run(rust, ["copy", "/work/big"], options=there)
    found = {name: {"cpu": [], "wall": []} for name in commands}
    for _ in range(3 if bench.quick else 7):
        for name, command in commands.items():
            cpu, wall = run(command, folder / "out")
            found[name]["cpu"].append(cpu)
            found[name]["wall"].append(wall)
            if (folder / "out").stat().st_size != size * MIB:
                raise RuntimeError(f"{name} copied {(folder / 'out').stat().st_size} bytes")
    base = p50(found["cat"]["cpu"])
    bench.table(f"{size} MiB from file to file: processor time", ["program", "CPU", "wall, least", "of cat's speed"],
                [[n, f"{p50(f['cpu']):.2f} s", f"{min(f['wall']):.2f} s", f"{base / p50(f['cpu']):.2f}"] for n, f in found.items()])
    bench.goal("1 GiB from file to stdout through wasi streams, of cat's speed", base / p50(found["wherry, splicing"]["cpu"]), at_least=0.5)
    return {name: p50(f["cpu"]) for name, f in found.items()}


def run(command, out):
    with open(out, "wb") as file:
        started = time.perf_counter()
        child = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=file)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit {child.returncode}")
    return usage.ru_utime + usage.ru_stime, wall
