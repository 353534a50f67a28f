#!/usr/bin/env python3
"""Compiling components, as a user meets it: `wherry compile`, `wherry run` of what it made, and the cache.

  cli/compile_component_test.py WHERRY [TEST...]      `wherryc` lies beside it
"""
import os
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
HEADER_BYTES = 4096
FIRST_SECTION = 512  # In the header: kind, module, offset, size, hash of each section.
# tools/guests makes it.
RUST = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "wherry" / "guests" / "rust-component.wasm"

LIBC = """(memory (export "mem") 1)
      (global $top (mut i32) (i32.const 1024))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (local $at i32)
        (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
        (global.set $top (i32.add (local.get $at) (local.get 3)))
        (local.get $at))"""

# A command that has another component make IBM of HAL, and fails if that is not what comes back. Two of its four modules are equal.
COMPONENT = f"""
(component
  (core module $libc {LIBC})
  (component $provider
    (core module $m {LIBC}
      (func (export "next") (param $p i32) (param $n i32) (result i32)
        (local $i i32)
        (block (loop
          (br_if 1 (i32.ge_u (local.get $i) (local.get $n)))
          (i32.store8 (i32.add (local.get $p) (local.get $i))
            (i32.add (i32.const 1) (i32.load8_u (i32.add (local.get $p) (local.get $i)))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br 0)))
        (i32.store (i32.const 16) (local.get $p))
        (i32.store (i32.const 20) (local.get $n))
        (i32.const 16)))
    (core instance $i (instantiate $m))
    (func (export "next") (param "text" string) (result string)
      (canon lift (core func $i "next") (memory $i "mem") (realloc (func $i "realloc")))))
  (component $consumer
    (import "next" (func $next (param "text" string) (result string)))
    (core module $libc {LIBC})
    (core module $main
      (import "libc" "mem" (memory 1))
      (import "host" "next" (func $next (param i32 i32 i32)))
      (data (i32.const 0) "HAL")
      (func (export "run") (result i32)
        (call $next (i32.const 0) (i32.const 3) (i32.const 32))
        (i32.ne (i32.and (i32.load (i32.load (i32.const 32))) (i32.const 0xffffff)) (i32.const 0x4d4249))))
    (core instance $l (instantiate $libc))
    (core func $low (canon lower (func $next) (memory $l "mem") (realloc (func $l "realloc"))))
    (core instance $m (instantiate $main (with "libc" (instance $l)) (with "host" (instance (export "next" (func $low))))))
    (func (export "run") (result (result)) (canon lift (core func $m "run"))))
  (instance $p (instantiate $provider))
  (instance $c (instantiate $consumer (with "next" (func $p "next"))))
  (instance $run (export "run" (func $c "run")))
  (export "wasi:cli/run@0.2.0" (instance $run)))
"""
WRONG = COMPONENT.replace("(i32.add (i32.const 1) (i32.load8_u", "(i32.add (i32.const 2) (i32.load8_u")

# A guest that calls another with a byte, in a way that both have to be looked after: by an adapter.
GUESTS = """
(component
  (component $provider
    (type $r (resource (rep i32))) (core func $new (canon resource.new $r))
    (core module $m (func (export "next") (param i32) (result i32) (i32.add (local.get 0) (i32.const 2))))
    (core instance $i (instantiate $m))
    (func (export "next") (param "a" u8) (result u8) (canon lift (core func $i "next"))))
  (component $consumer
    (import "next" (func $next (param "a" u8) (result u8)))
    (core func $low (canon lower (func $next)))
    (core module $main
      (import "host" "next" (func $next (param i32) (result i32)))
      (func (export "run") (result i32) (i32.ne (call $next (i32.const 0x1fe)) (i32.const 0))))
    (core instance $m (instantiate $main (with "host" (instance (export "next" (func $low))))))
    (func (export "run") (result (result)) (canon lift (core func $m "run"))))
  (instance $p (instantiate $provider))
  (instance $c (instantiate $consumer (with "next" (func $p "next"))))
  (instance $run (export "run" (func $c "run")))
  (export "wasi:cli/run@0.2.0" (instance $run)))
"""


class CompileComponentTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="wherry-compile-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        (self.folder / "c.wat").write_text(COMPONENT)
        self.environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "LC_ALL": "C"}

    def run_program(self, *command):
        return subprocess.run([WHERRY, *map(str, command)], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=120 * PATIENCE)

    def ok(self, *command):
        done = self.run_program(*command)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode()

    def error(self, *command, status=1):
        done = self.run_program(*command)
        self.assertEqual(done.returncode, status, done.stdout.decode() + done.stderr.decode())
        return done.stderr.decode()

    def binary(self, text, name="c.wasm"):
        (self.folder / "t.wat").write_text(text)
        self.ok("parse", "t.wat", "-o", name)
        return self.folder / name

    def sections(self, content):
        count = struct.unpack_from("<I", content, 112)[0]
        rows = [struct.unpack_from("<IIQQQ", content, FIRST_SECTION + 32 * i) for i in range(count)]
        return [(offset, size) for _, _, offset, size, _ in rows]

    def test_a_compiled_component_runs(self):
        self.ok("compile", "c.wat", "-o", "c.wherry")
        self.ok("run", "--allow-precompiled", "c.wherry")
        self.binary(WRONG, "wrong.wasm")
        self.ok("compile", "wrong.wasm")
        self.error("run", "--allow-precompiled", "wrong.wherry")

    def test_calls_between_guests_are_compiled(self):
        self.binary(GUESTS, "g.wasm")
        self.ok("compile", "g.wasm")
        listing = self.ok("objdump", "g.wherry")
        self.assertIn("2 modules", listing)
        self.assertIn("adapter[0]: compiled module", listing)
        for threads in (1, 2):
            self.ok("compile", f"--threads={threads}", "g.wasm", "-o", f"out{threads}")
        self.assertEqual((self.folder / "out1").read_bytes(), (self.folder / "out2").read_bytes())
        self.ok("compile", "--verify", "g.wherry")
        self.ok("run", "--allow-precompiled", "g.wherry")
        self.binary(GUESTS.replace("(i32.add (local.get 0) (i32.const 2))", "unreachable"), "t.wasm")
        self.ok("compile", "t.wasm")
        interpreted, compiled = (self.error(*c, status=134) for c in (("run", "t.wasm"), ("run", "--allow-precompiled", "t.wherry")))
        self.assertIn("host.next", compiled)
        self.assertEqual([line.split() for line in interpreted.splitlines() if "next" in line],
                         [line.split() for line in compiled.splitlines() if "next" in line])

    def test_compiled_code_runs_only_when_it_is_asked_for(self):
        self.ok("compile", "c.wat")
        self.assertIn("--allow-precompiled", self.error("run", "c.wherry"))

    def test_the_same_bytes_with_any_number_of_threads(self):
        self.binary(COMPONENT)
        outputs = []
        for threads in (1, 2):
            self.ok("compile", f"--threads={threads}", "c.wasm", "-o", f"out{threads}")
            outputs.append((self.folder / f"out{threads}").read_bytes())
        self.assertEqual(outputs[0], outputs[1])
        self.assertEqual(self.run_program("compile", "c.wasm", "-o", "-").stdout, outputs[0])

    def test_equal_modules_are_compiled_once(self):
        self.ok("compile", "c.wat")
        listing = self.ok("objdump", "c.wherry")
        self.assertIn("compiled component", listing)
        self.assertIn("4 modules", listing)
        self.assertIn("module[2]: equal to module[0]", listing)
        self.assertIn("module[3]: compiled module", listing)
        self.assertRegex(self.ok("objdump", "--funcs", "c.wherry"), "module 0x")

    def test_damage_is_found(self):
        self.ok("compile", "c.wat")
        good = (self.folder / "c.wherry").read_bytes()
        self.ok("validate", "c.wherry")
        self.ok("compile", "--verify", "c.wherry")
        sections = self.sections(good)
        self.assertEqual(len(sections), 3)
        places = [offset + size * i // 5 for offset, size in sections for i in range(5)]
        for at in [8, 200, 600, HEADER_BYTES - 1, *places, len(good) - 1]:
            damaged = bytearray(good)
            damaged[at] ^= 4
            (self.folder / "bad").write_bytes(damaged)
            self.error("validate", "bad")
            if at < sections[0][0] + sections[0][1]:
                self.error("run", "--allow-precompiled", "bad")
        for size in (8, 100, HEADER_BYTES, sections[1][0] + 5, len(good) - 1):
            (self.folder / "bad").write_bytes(good[:size])
            self.assertIn("damaged", self.error("run", "--allow-precompiled", "bad"))

    def test_settings_of_the_code_must_fit(self):
        self.ok("compile", "c.wat")
        self.assertIn("compiled without fuel", self.error("run", "--allow-precompiled", "-W", "fuel=100000", "c.wherry"))
        self.ok("compile", "-W", "fuel=1", "c.wat", "-o", "metered.wherry")
        self.ok("run", "--allow-precompiled", "-W", "fuel=100000", "metered.wherry")
        self.assertIn("fuel", self.error("run", "--allow-precompiled", "-W", "fuel=10", "metered.wherry", status=134))

    def test_what_cannot_be_compiled_is_said(self):
        bad = self.binary('(component (core module) (core module (func (i32.const 1))))', "bad.wasm")
        self.assertIn("type mismatch", self.error("compile", bad))
        self.ok("compile", "c.wat")
        self.assertIn("compiled already", self.error("compile", "c.wherry"))
        self.assertIn("is for modules", self.error("compile", "--emit=llvm", "c.wat", status=2))
        self.assertIn("expected", self.error("compile", "--target-cpu=80386", "c.wat"))
        self.assertIn("cannot write", self.error("compile", "c.wat", "-o", "no/such/folder/c.wherry"))
        (self.folder / "m.wat").write_text("(module)")
        self.ok("compile", "m.wat")
        self.assertIn("c.wherry", self.error("run", "--preload", "c=c.wherry", "--allow-precompiled", "m.wherry"))

    def test_a_rust_program_says_the_same_compiled(self):
        if not RUST.exists():
            self.skipTest("tools/guests has not made it")
        self.ok("compile", "-O", "opt-level=0", RUST, "-o", "rust.wherry")
        self.ok("validate", "rust.wherry")
        interpreted = self.run_program("run", RUST, "surroundings")
        compiled = self.run_program("run", "--argv0", RUST.name, "--allow-precompiled", "rust.wherry", "surroundings")
        self.assertEqual((compiled.returncode, compiled.stdout), (interpreted.returncode, interpreted.stdout))

    def test_the_second_run_takes_compiled_code_from_the_cache(self):
        self.binary(COMPONENT)
        cache = self.folder / ".cache" / "wherry" / "compiled"
        self.ok("run", "-C", "cache=y", "c.wasm")
        for _ in range(600):
            if list(cache.glob("*.wherry")):
                break
            time.sleep(0.05)
        entry = next(cache.glob("*.wherry"))
        self.assertEqual(entry.stat().st_mode & 0o077, 0)
        self.ok("validate", entry)
        # That it is used shows when another answer is planted.
        (self.folder / "wrong.wat").write_text(WRONG)
        self.ok("compile", "wrong.wat", "-o", entry)
        entry.chmod(0o600)
        self.error("run", "c.wasm")
        self.ok("run", "-C", "cache=n", "c.wasm")
        entry.write_bytes(entry.read_bytes()[:5000])
        self.ok("run", "c.wasm")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:])
