"""Loading, in one process (`bench/loading.cc`), without file access: megabytes of function bodies a second of processor time, least of
several rounds; "all threads" is wall time. Lowering validates on the way. No peer offers these steps apart; the wasmi and wasm3 figures
published for both together are 35 MB/s."""
import subprocess

from harness import CACHE

TITLE = "Decoding, validation, lowering"
ORDER = 68
NEEDS = ("guests",)
PEERS = ()


def measure(bench):
    program = bench.program("loading")
    rows, figures = [], {}
    for guest in ("esbuild", "go", "quickjs", "rust"):
        wasm = CACHE / "guests" / f"{guest}.wasm"
        if not wasm.exists():
            bench.not_measured(f"loading {guest}: it is not here (tools/guests gets it)")
            continue
        done = subprocess.run([str(program), str(wasm), "9" if bench.quick else "15"], capture_output=True, text=True, check=True)
        lines = [line.split() for line in done.stdout.splitlines()]
        size, decode, kind = float(lines[0][0]), float(lines[1][1]), float(lines[2][1])
        one, every, lower = (float(line[3]) for line in lines[3:6])
        figures[guest] = {"mb": size, "decode_ms": decode, "type_ms": kind, "validate": one, "validate_all": every, "lower": lower}
        rows.append([guest, f"{size:.1f} MB", f"{decode:.2f} ms", f"{kind:.2f} ms", f"{one:.0f} MB/s", f"{every:.0f} MB/s",
                     f"{lower:.0f} MB/s"])
    bench.table("Loading", ["module", "bodies", "decode", "type", "validate", "all threads", "lower"], rows)
    if "esbuild" in figures:
        bench.goal("lowering with validation, esbuild", figures["esbuild"]["lower"], at_least=60, unit="MB/s", digits=0)
        bench.goal("validation on one core, esbuild", figures["esbuild"]["validate"], at_least=150, unit="MB/s", digits=0)
    return figures
