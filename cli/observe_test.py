#!/usr/bin/env python3
"""Compiled code as others see it: what of a file is mapped and shared, and what perf and gdb are told.

  cli/observe_test.py WHERRY [TEST...]      `wherryc` lies beside it
"""
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

WHERRY = os.path.abspath(sys.argv[1])
PATIENCE = int(os.environ.get("WHERRY_PATIENCE", "1"))  # Limits are multiplied by it: cmake/wherry.cmake.

# Says that it has begun, then waits for standard input to end, and answers what its memory holds.
WAITING = """
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 8)
  (data (i32.const 64) "ready\\n")
  (data (i32.const 131072) "BIG")
  (func $wait_for_input (param $n i32) (result i32)
    (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 8)))
    (call $read (i32.const 0) (i32.const 32) (i32.const 1) (i32.const 8)))
  (func $"odd\\n\\01name" (param i32) (result i32) (i32.mul (local.get 0) (i32.const 77)))
  (func (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "_start") (local $i i32)
    (i32.store (i32.const 16) (i32.const 64)) (i32.store (i32.const 20) (i32.const 6))
    (i32.store (i32.const 32) (i32.const 128)) (i32.store (i32.const 36) (i32.const 1))
    (drop (call $wait_for_input (i32.const 3)))
    (i32.store (i32.const 16) (i32.const 131072)) (i32.store (i32.const 20) (i32.const 200003))
    (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 8))))
  (table funcref (elem $wait_for_input 3 4)))
"""


def sections(file):
    """kind -> (offset, size)"""
    data = file.read_bytes()
    count = struct.unpack_from("<I", data, 112)[0]
    return {kind: (offset, size) for kind, _, offset, size, _ in struct.iter_unpack("<IIQQQ", data[512:512 + 32 * count])}


class ObserveTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="wherry-observe-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        # A large run of data, so that it is mapped: 200,000 bytes that are not zero.
        text = WAITING.replace('"BIG"', '"' + "0123456789" * 20000 + 'end"')
        (self.folder / "m.wat").write_text(text)
        self.environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "LC_ALL": "C"}
        subprocess.run([WHERRY, "compile", "m.wat", "-o", "m.wherry"], cwd=self.folder, env=self.environment, check=True, timeout=120 * PATIENCE)
        self.file = self.folder / "m.wherry"

    def start(self, *options):
        process = subprocess.Popen([WHERRY, "run", "--allow-precompiled", *options, "m.wherry"], cwd=self.folder, env=self.environment,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(process.wait)
        self.addCleanup(process.stdout.close)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        return process

    def finish(self, process):
        process.stdin.close()
        self.assertEqual(process.stdout.read(), b"0123456789" * 20000 + b"end")
        self.assertEqual(process.wait(60), 0)

    def mappings(self, process):
        """(begin, permissions, offset) of what the process has mapped of the file."""
        found = []
        for line in Path(f"/proc/{process.pid}/maps").read_text().splitlines():
            fields = line.split(maxsplit=5)
            if len(fields) == 6 and fields[5] == str(self.file):
                found.append((int(fields[0].split("-")[0], 16), fields[1], int(fields[2], 16)))
        return found

    def test_text_is_mapped_from_the_file_and_never_writable(self):
        process = self.start()
        found = self.mappings(process)
        text_offset = sections(self.file)[1][0]
        self.assertEqual([offset for _, permissions, offset in found if "x" in permissions], [text_offset])
        for line in Path(f"/proc/{process.pid}/maps").read_text().splitlines():
            self.assertNotRegex(line.split()[1], "^.wx", line)
        self.finish(process)

    def test_the_memory_image_is_mapped_and_written_to_nobody_else(self):
        first, second = self.start(), self.start()
        begin, size = sections(self.file)[6]
        self.assertGreater(size, 200000)
        for process in (first, second):
            image = [m for m in self.mappings(process) if m[1] == "rw-p"]
            self.assertEqual(len(image), 1)
            self.assertTrue(begin <= image[0][2] < begin + size)
        before = self.file.read_bytes()
        self.finish(first)
        self.finish(second)
        self.assertEqual(self.file.read_bytes(), before)

    def test_processes_share_the_text(self):
        first, second = self.start(), self.start()
        for process in (first, second):
            at = [m for m in self.mappings(process) if "x" in m[1]][0][0]
            smaps = Path(f"/proc/{process.pid}/smaps").read_text()
            entry = smaps[re.search(f"(?m)^{at:x}-", smaps).start():]
            figures = {k: int(v) for k, v in re.findall(r"(?m)^(\w+): +(\d+) kB", entry[:entry.index("VmFlags")])}
            self.assertGreater(figures["Rss"], 0)
            self.assertEqual(figures["Private_Dirty"] + figures["Private_Clean"] + figures["Anonymous"], 0, figures)
        self.finish(first)
        self.finish(second)

    def functions(self, process):
        """name -> (address, code) from the file's own listing of functions."""
        listing = subprocess.run([WHERRY, "objdump", "m.wherry"], cwd=self.folder, env=self.environment, capture_output=True, check=True)
        base = [m for m in self.mappings(process) if "x" in m[1]][0][0]
        offset, _ = sections(self.file)[1]
        data = self.file.read_bytes()
        found = {}
        for index, name, begin, size in re.findall(r"func\[(\d+)\](?: <(.*?)>)?: .* text 0x([0-9a-f]+), (\d+) bytes", listing.stdout.decode()):
            begin, size = int(begin, 16), int(size)
            name = name.replace("?", "_") or f"wasm-function[{index}]"
            found[name] = (base + begin, data[offset + begin:offset + begin + size])
        return found

    def test_a_perf_map_names_compiled_functions(self):
        process = self.start("-D", "perf-map")
        path = Path(f"/tmp/perf-{process.pid}.map")
        self.addCleanup(path.unlink, True)
        lines = path.read_text().splitlines()
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        found = {line.split(" ", 2)[2]: tuple(int(n, 16) for n in line.split(" ", 2)[:2]) for line in lines}
        expected = {name: (address, len(code)) for name, (address, code) in self.functions(process).items()}
        self.assertEqual(found, expected)
        self.assertLessEqual({"wait_for_input", "odd__name", "wasm-function[4]"}, set(found))
        self.finish(process)

    def test_without_the_option_there_is_no_map(self):
        process = self.start()
        self.assertFalse(Path(f"/tmp/perf-{process.pid}.map").exists())
        self.finish(process)

    def test_a_link_in_the_way_of_a_perf_map_is_not_followed(self):
        target = self.folder / "precious"
        target.write_text("as it was")
        script = f'ln -s {target} /tmp/perf-$$.map; exec {WHERRY} run --allow-precompiled -D perf-map m.wherry'
        with subprocess.Popen(["/bin/sh", "-c", script], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            message = process.stderr.read().decode()
            process.wait(60)
            os.unlink(f"/tmp/perf-{process.pid}.map")
        self.assertIn("cannot write", message)
        self.assertNotEqual(process.returncode, 0)
        self.assertEqual(target.read_text(), "as it was")

    def test_a_jitdump_has_names_and_code(self):
        process = self.start("-D", "jitdump")
        path = self.folder / f"jit-{process.pid}.dump"
        maps = Path(f"/proc/{process.pid}/maps").read_text()
        self.assertRegex(maps, rf"(?m)r-xp .*{path}$")  # By which perf knows of it.
        data = path.read_bytes()
        magic, version, header_bytes, machine, _, pid, _, _ = struct.unpack_from("<IIIIIIQQ", data)
        self.assertEqual((magic, version, header_bytes, pid), (0x4A695444, 1, 40, process.pid))
        self.assertEqual(machine, struct.unpack_from("<H", Path(WHERRY).read_bytes(), 18)[0])
        found, at = {}, header_bytes
        while at < len(data):
            kind, size, _, pid, _, address, same, code_bytes, _ = struct.unpack_from("<IIQIIQQQQ", data, at)
            self.assertEqual((kind, pid, address), (0, process.pid, same))
            name, code = data[at + 56:at + size].split(b"\0", 1)
            self.assertEqual(len(code), code_bytes)
            found[name.decode()] = (address, code)
            at += size
        self.assertEqual(found, self.functions(process))
        self.finish(process)

    @unittest.skipUnless(shutil.which("gdb"), "gdb is not installed")
    def test_gdb_shows_guest_functions_and_their_callers(self):
        commands = ["set breakpoint pending on", "set confirm off", "break wait_for_input",
                    "set args run --allow-precompiled -D gdb m.wherry < /dev/null > /dev/null", "run", "backtrace", "kill"]
        done = subprocess.run(["gdb", "-nx", "-batch", *(a for c in commands for a in ("-ex", c)), WHERRY], cwd=self.folder, env=self.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120 * PATIENCE, check=False)
        said = done.stdout.decode() + done.stderr.decode()
        if "ptrace" in said or "not permitted" in said:
            self.skipTest("gdb may not watch processes here")
        self.assertRegex(said, r"#0 .*wait_for_input")
        self.assertRegex(said, r"#1 .*(_start|wasm-function\[5\])")
        self.assertRegex(said, r"wherry_native_switch|main")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:])
