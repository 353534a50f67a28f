#!/usr/bin/env python3
"""Installs the build into a folder and uses it from there as others would, with CMake and with pkg-config.

  tests/install.py BUILD COMPILER
"""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECT = """cmake_minimum_required(VERSION 3.25)
project(user CXX)
find_package(wherry 0.1 REQUIRED COMPONENTS wasi)
add_executable(user "{source}")
target_link_libraries(user PRIVATE wherry::wasi)
"""


def run(*command, **more):
    done = subprocess.run([str(part) for part in command], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    if done.returncode != 0:
        sys.exit(f"{' '.join(str(part) for part in command)}\n{done.stdout}")
    return done.stdout


def main():
    build, compiler = sys.argv[1:]
    guest = Path(build) / "examples" / "wasi" / "module.wasm"
    source = ROOT / "examples" / "wasi" / "wasi.cc"
    expected = "---- 34 bytes of output\nthe note that is in the directory\n---- status 63\n"
    with tempfile.TemporaryDirectory() as folder:
        first, prefix = Path(folder) / "first", Path(folder) / "moved"
        run("cmake", "--install", build, "--prefix", first, "--component", "development")
        first.rename(prefix)  # Nothing knows where it was installed.
        for file in prefix.rglob("*"):
            if file.suffix in (".cmake", ".pc") and (str(ROOT) in file.read_text() or str(first) in file.read_text()):
                sys.exit(f"{file.name} names a folder of this machine")

        user = Path(folder) / "user"
        user.mkdir()
        (user / "CMakeLists.txt").write_text(PROJECT.format(source=source))
        run("cmake", "-G", "Ninja", "-S", user, "-B", user / "build", f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_CXX_COMPILER={compiler}")
        run("cmake", "--build", user / "build")
        programs = [user / "build" / "user"]

        if pkg_config := shutil.which("pkg-config"):
            found = os.environ | {"PKG_CONFIG_PATH": str(next(prefix.rglob("pkgconfig")))}
            flags = run(pkg_config, "--cflags", "--libs", "wherry-wasi", env=found).split()
            programs.append(Path(folder) / "by-pkg-config")
            run(compiler, "-std=c++20", source, "-o", programs[-1], *flags)
        for program in programs:
            printed = run(program, ROOT / "examples" / "wasi" / "data", guest)
            if printed != expected:
                sys.exit(f"{program.name} printed\n{printed}instead of\n{expected}")
        print(f"used in {len(programs)} ways")


main()
