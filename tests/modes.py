"""The ways to run that may not change what a program does, as options of `wherry`: for scripts that run something in each."""
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# All keys of -O are optimisations but these.
CHECKS = "signals-based-traps"
OTHERS = (CHECKS, "lazy-validation", "gc-stress", "gc-stats")
OPTIMIZATIONS = [key for key in re.findall(r'^KEY\(\w+, Optimize, "([\w-]+)", Bool', (ROOT / "cli/options.inc").read_text(), re.M)
                 if key not in OTHERS]


def off(*keys):
    return ["-O", ",".join(f"{key}=n" for key in keys)]


# Name and options. The first is what everybody runs.
MODES = [
    ("all optimisations, guard pages", []),
    ("checks", off(CHECKS)),
    ("no optimisation", off(*OPTIMIZATIONS)),
    ("no optimisation, checks", off(CHECKS, *OPTIMIZATIONS)),
    ("collecting at every allocation", ["-O", "gc-stress=y"]),
    ("fuel and deadline", ["-W", "fuel=1000000000000", "-W", "timeout=1h"]),
] + [(f"without {key}", off(key)) for key in OPTIMIZATIONS] + [(f"without {key}, checks", off(key, CHECKS))
                                                               for key in OPTIMIZATIONS]
