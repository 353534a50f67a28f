"""Writes docs/benchmarks.md from one run: what was measured, on what, against what, how."""
import datetime
import os
import platform
import subprocess

import harness

HEAD = """# Benchmarks

Written by `./dev bench --markdown`: every table is of one run, in which what is compared ran in turn. All figures that matter are ratios;
milliseconds are those of the machine below.

"""


def goals(bench):
    return harness.Table("Goals", ["goal", "measured", ""], bench.goals)


def first_line(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=harness.ROOT).stdout.splitlines()[0].strip()
    except (OSError, IndexError):
        return "unknown"


def processor():
    try:
        lines = open("/proc/cpuinfo").read().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def machine(bench):
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    rows = [["date", datetime.date.today().isoformat()],
            ["machine", f"{processor()}, {os.cpu_count()} processors, {memory_gb:.0f} GB, {platform.system()} {platform.release()}"],
            ["compiler", first_line(harness.clang(), "--version")],
            ["commit", first_line("git", "log", "-1", "--format=%h")]]
    rows += [[name, engine.version()] for name, engine in bench.all_engines.items()]
    if bench.quick:
        rows.append(["figures", "a quick run: few rounds"])
    return harness.Table("", ["", "this run"], rows, right=False)


def document(bench, parts):
    text = HEAD + machine(bench).text() + "\n"
    if bench.goals:
        text += "\n## Goals\n\n" + goals(bench).text() + "\n"
    if bench.missing:
        text += "\nNot measured:\n" + "".join(f"- {item}\n" for item in bench.missing)
    for module, tables in parts:
        text += f"\n## {module.TITLE}\n\n{module.__doc__.strip()}\n"
        for table in tables:
            text += f"\n**{table.title}**\n\n{table.text()}\n"
    return text

