#!/usr/bin/env python3
"""Compiling, as a user meets it: `wherry compile`, `wherry run` of what it made, and the cache.

  cli/compile_test.py WHERRY [TEST...]      `wherryc` lies beside it
"""
import os
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

WHERRY = os.path.abspath(sys.argv[1])
WHERRYC = os.path.join(os.path.dirname(WHERRY), "wherryc")
HEADER_BYTES = 4096
# Under a sanitizer, all that is limited is so many times as much (cmake/wherry.cmake).
PATIENCE = int(os.environ.get("WHERRY_PATIENCE", "1"))

MODULE = """
(module
  (memory 1)
  (func $add (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func $twice (export "twice") (param i32) (result i32) (call $add (local.get 0) (local.get 0)))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "") (unreachable)))
"""


def many_functions(count):
    """Functions that call each other, near and far."""
    text = ["(module"]
    for i in range(count):
        work = f"(i32.mul (local.get 0) (i32.const {i + 3}))"
        for j in range(60):
            work = f"(i32.xor {work} (i32.shr_u (local.get 0) (i32.const {j % 31})))"
        if i > 0:
            work = f"(i32.add {work} (call {i // 2} (local.get 0)))"
        text.append(f'(func (export "f{i}") (param i32) (result i32) {work})')
    return "\n".join(text) + ")"


def interpreter(name, load, width):
    """A function that runs a program in memory: an arm for each opcode, the last of which ends; what is no opcode is counted."""
    arms = ["(local.set $x (i32.add (local.get $x) (i32.const 3)))", "(local.set $x (i32.mul (local.get $x) (i32.const 5)))",
            "(local.set $x (i32.xor (local.get $x) (local.get $at)))", "(local.set $x (i32.rotl (local.get $x) (i32.const 7)))",
            f"(local.set $at (i32.add (local.get $at) (i32.mul (i32.and (local.get $x) (i32.const 1)) (i32.const {width}))))",
            "(local.set $x (i32.mul (local.get $x) (i32.or (local.get $other) (i32.const 1))))", "(local.set $x (i32.sub (local.get $at) (local.get $x)))",
            "(local.set $at (local.get $start)) (br $next)", "(return (i32.add (local.get $x) (i32.mul (local.get $other) (i32.const 10007))))"]
    on = f"(local.set $at (i32.add (local.get $at) (i32.const {width}))) (br $next)"
    code = "(block $other " + "".join(f"(block $arm{i} " for i in reversed(range(len(arms))))
    code += f"(br_table {' '.join(f'$arm{i}' for i in range(len(arms)))} $other ({load} (local.get $at)))"
    code += "".join(f") {arm} {on}" for arm in arms) + f") (local.set $other (i32.add (local.get $other) (i32.const 1))) {on}"
    return f"""(func ${name} (export "{name}") (param $at i32) (param $x i32) (result i32) (local $start i32) (local $other i32)
      (local.set $start (local.get $at)) (loop $next {code}) unreachable)"""


def interpreters():
    """Two of them, by opcodes of a byte and of four, with a program for each at 0 and 4096, and at 8192 one that never ends."""
    opcodes = [(i * 7 + i // 3) % 7 for i in range(200)]
    opcodes[50], opcodes[90], opcodes[120], opcodes[150] = 9, 255, 100, 254
    wide = [*opcodes, 8, 8]
    wide[10], wide[60], wide[80] = 0xFFFFFFFF, 256, 1 << 31
    def text(of_bytes):
        return "".join(f"\\{b:02x}" for b in of_bytes)
    return f"""(module (memory 1) (data (i32.const 0) "{text([*opcodes, 8, 8])}") (data (i32.const 4096) "{text(b"".join(w.to_bytes(4, "little") for w in wide))}")
      (data (i32.const 8192) "{text([0, 1, 2, 255, 7, 0, 0, 0, 7, 0, 0, 0])}")
      {interpreter("bytes", "i32.load8_u", 1)} {interpreter("words", "i32.load", 4)})"""


def busy_leaves():
    """A leaf too large to be inlined, and a caller that needs all registers between its calls."""
    def mixing(count, rounds):
        steps = []
        for i in range(rounds):
            to, a, b = i % count, (i * 5 + 1) % count, (i * 7 + 3) % count
            steps.append(f"(local.set $v{to} (i32.xor (i32.add (local.get $v{a}) (local.get $v{b})) (i32.rotl (local.get $v{to}) (i32.const {i % 31 + 1}))))")
        return "\n".join(steps)

    def nested(depth):
        """Loops of 1,000 rounds in each other, each of which would end soon if it did not have another in it."""
        if depth == 0:
            return "(i32.store (i32.const 8) (i32.add (i32.rotl (i32.load (i32.const 8)) (local.get $i0)) (local.get $i7)))"
        i = f"$i{depth - 1}"
        return (f"(local.set {i} (i32.const 0)) (loop {nested(depth - 1)}"
                f" (br_if 0 (i32.lt_u (local.tee {i} (i32.add (local.get {i}) (i32.const 1))) (i32.const 1000))))")

    def names(count):
        return " ".join(f"(local $v{i} i32)" for i in range(count))

    return f"""(module
      (func $leaf (param $n i32) (result i32) {names(8)}
        (loop {mixing(8, 120)} (local.set $v0 (i32.add (local.get $v0) (local.get $n)))
          (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $v3))
      (func $caller (param $n i32) (result i32) {names(15)}
        (loop {mixing(15, 60)}
          (local.set $v1 (i32.add (local.get $v1) (call $leaf (i32.and (i32.or (local.get $v2) (i32.const 1)) (i32.const 15)))))
          {mixing(15, 60)}
          (local.set $v2 (i32.add (local.get $v2) (call $leaf (i32.and (i32.or (local.get $v3) (i32.const 1)) (i32.const 15)))))
          (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (i32.xor (local.get $v1) (local.get $v14)))
      (func (export "run") (param i32) (result i32) (i32.add (call $caller (local.get 0)) (call $leaf (i32.const 9))))
      (memory 1)
      (func (export "nest") {" ".join(f"(local $i{i} i32)" for i in range(8))} {nested(8)})
      (func (export "spin") (loop (br 0))))"""


def mixing_line(seed):
    """A body of some 1,500 instructions that no pass makes shorter."""
    return "".join(f"(local.set 0 (i64.xor (i64.mul (local.get 0) (i64.const {seed * 977 + i * 2 + 1})) (i64.shr_u (local.get 0) (i64.const {i % 60 + 1}))))"
                   for i in range(240)) + "(local.get 0)"


def leb(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out) + bytes([number])


def section(number, content):
    return bytes([number]) + leb(len(content)) + content


def one_function(locals_count, code):
    """A module with a memory and a table that exports `run`, of one i32 to another."""
    body = (b"\1" + leb(locals_count) + b"\x7f" if locals_count else b"\0") + code + b"\x20\0\x0b"
    return (b"\0asm\1\0\0\0" + section(1, b"\1\x60\1\x7f\1\x7f") + section(3, b"\1\0") + section(4, b"\1\x70\0\1") + section(5, b"\1\0\1")
            + section(7, b"\1\3run\0\0") + section(10, b"\1" + leb(len(body)) + body))


def bombs():
    """Functions that take LLVM hours, or gigabytes, unless something stops it: by name, with locals and code. See "Why is
    the work of a function weighed?" in docs/rationale.md."""
    def get(i):
        return b"\x20" + leb(i)

    def put(i):
        return b"\x21" + leb(i)

    bump = get(0) + b"\x41\1\x6a" + put(0)
    br_if = b"\x0d"
    return {
        "5 MB of loads and stores": (0, (get(0) * 2 + b"\x28\2\x80\x10\x36\2\x80\x20") * (5_000_000 // 12)),
        "5 MB of additions": (16, b"".join(get(i % 17) + get(i * 7 % 17) + b"\x6a" + put(i * 5 % 17) for i in range(5_000_000 // 7))),
        "5 MB of calls": (0, (get(0) + b"\x10\0" + put(0)) * (5_000_000 // 6)),
        "5 MB of calls through the table": (0, (get(0) * 2 + b"\x11\0\0" + put(0)) * (5_000_000 // 9)),
        "50,000 blocks in each other": (0, b"\x02\x40" * 50_000 + b"".join(get(0) + br_if + leb(i) for i in range(50_000)) + (bump + b"\x0b") * 50_000),
        "50,000 conditions in each other": (0, (get(0) + b"\x04\x40") * 50_000 + (bump + b"\x0b") * 50_000),
        "50,000 locals around a loop": (49_990, b"\x03\x40" + b"".join(get(i + 1) + get(i) + b"\x6a" + put(i) for i in range(49_990)) + get(0) + br_if + b"\0\x0b"),
        "5,000 loops around 5,000 locals": (5_000, b"\x03\x40" * 5_000 + b"".join(get(i) + b"\x41\1\x6a" + put(i) for i in range(5_000)) + (get(0) + br_if + b"\0\x0b") * 5_000),
        "a table of 1,000,000 branches": (0, b"\x02\x40" * 2 + get(0) + b"\x0e" + leb(1_000_000) + b"\0\1" * 500_000 + b"\0\x0b" + bump + b"\x0b"),
        "1,000 tables of 1,000 branches": (0, b"\x02\x40" * 1_000 + (b"\x02\x40" + get(0) + b"\x0e" + leb(1_000) + b"".join(leb(i) for i in range(1_001)) + b"\x0b") * 1_000 + (b"\x0b" + bump) * 1_000),
        "1,500 loops in a row": (8, b"".join(b"\x03\x40" + get(i % 9) + get(i % 9) + b"\x28\2\0\x6a\x41\1\x6a\x22" + leb(i * 5 % 9) + br_if + b"\0\x0b" for i in range(1_500))),
    }


class CompileTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="wherry-compile-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        (self.folder / "m.wat").write_text(MODULE)
        self.environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "LC_ALL": "C"}

    def run_program(self, *command, program=WHERRY):
        return subprocess.run([program, *map(str, command)], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=120 * PATIENCE)

    def ok(self, *command, program=WHERRY):
        done = self.run_program(*command, program=program)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode()

    def error(self, *command, program=WHERRY, status=1):
        done = self.run_program(*command, program=program)
        self.assertEqual(done.returncode, status, done.stdout.decode() + done.stderr.decode())
        return done.stderr.decode()

    def binary(self, text, name="m.wasm"):
        (self.folder / "t.wat").write_text(text)
        self.ok("parse", "t.wat", "-o", name)
        return self.folder / name

    def test_a_compiled_module_runs(self):
        self.ok("compile", "m.wat", "-o", "m.wherry")
        self.assertEqual(self.ok("run", "--allow-precompiled", "--invoke", "twice", "m.wherry", "21"), "42\n")
        trap = self.error("run", "--allow-precompiled", "--invoke", "load", "m.wherry", "65536", status=134)
        self.assertIn("out of bounds", trap)

    def test_the_default_output_is_here_and_not_beside_the_module(self):
        (self.folder / "deep").mkdir()
        shutil.copy(self.binary(MODULE), self.folder / "deep" / "x.wasm")
        self.ok("compile", "deep/x.wasm")
        self.assertTrue((self.folder / "x.wherry").exists())

    def test_compiled_code_runs_only_when_it_is_asked_for(self):
        self.ok("compile", "m.wat")
        self.assertIn("--allow-precompiled", self.error("run", "m.wherry"))

    def test_the_same_bytes_with_any_number_of_threads_and_from_anywhere(self):
        module = self.binary(many_functions(500))
        self.assertGreater(module.stat().st_size, 2 * 65536)
        shutil.copy(module, self.folder / "elsewhere.wasm")
        outputs = []
        for threads, name in ((1, "m.wasm"), (2, "m.wasm"), (3, "elsewhere.wasm")):
            self.ok("compile", "-O", "opt-level=0", f"--threads={threads}", name, "-o", f"out{threads}")
            outputs.append((self.folder / f"out{threads}").read_bytes())
        self.assertEqual(outputs[0], outputs[1])
        self.assertEqual(outputs[0], outputs[2])
        compiled = self.ok("run", "--allow-precompiled", "--invoke", "f400", "out1", "12345")
        self.assertEqual(compiled, self.ok("run", "--invoke", "f400", "m.wasm", "12345"))

    def test_small_functions_of_other_units_are_copied_and_inlined(self):
        """The leaf is called from another unit: it is in there, and its own unit has it still. What calls another is not copied."""
        fillers = "".join(f"(func (param i64) (result i64) {mixing_line(i)})" for i in range(40))
        module = self.binary(f"""(module (func $leaf (param i32) (result i32) (i32.mul (local.get 0) (i32.const 77)))
          (func $own (param i32) (result i32) (i32.xor (call $inner (local.get 0)) (i32.const 5)))
          (func $inner (param i32) (result i32) (i32.rotl (local.get 0) (i32.const 7)))
          {fillers}
          (func (export "run") (param i32) (result i32) (i32.add (call $leaf (local.get 0)) (call $own (local.get 0)))))""")
        outputs = []
        for threads in (1, 2):
            self.ok("compile", f"--threads={threads}", module, "-o", f"out{threads}")
            outputs.append((self.folder / f"out{threads}").read_bytes())
        self.assertEqual(outputs[0], outputs[1])
        self.assertEqual(self.ok("run", "--allow-precompiled", "--invoke", "run", "out1", "3"), self.ok("run", "--invoke", "run", "m.wasm", "3"))
        ir = self.ok("compile", "--emit=llvm", "--threads=1", module, "-o", "-")
        self.assertEqual(ir.count("define available_externally"), 0)
        self.assertNotRegex(ir, r"call swiftcc i32 @f0\(")
        self.assertRegex(ir, r"call swiftcc i32 @f1\(")

    def test_functions_may_be_left_to_the_interpreter(self):
        module = self.binary(many_functions(40))
        for seed in (1, 2):
            self.ok(f"--leave-out=random:{seed}", module, "-o", "half", program=WHERRYC)
            listing = self.ok("objdump", "half")
            self.assertIn("interpreted", listing)
            self.assertRegex(listing, "text 0x")
            compiled = self.ok("run", "--allow-precompiled", "--invoke", "f39", "half", "99")
            self.assertEqual(compiled, self.ok("run", "--invoke", "f39", "m.wasm", "99"))

    def test_bombs_end_within_time_and_memory(self):
        """What is too much work, by a measure of the code alone, is left to the interpreter; all of it within a minute and a gigabyte and a half."""
        seconds, memory = 60 * PATIENCE, 3 << 29

        def limit():
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
            if PATIENCE == 1:  # A sanitizer's own address space is terabytes.
                resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

        for name, (locals_count, code) in bombs().items():
            with self.subTest(name):
                (self.folder / "bomb.wasm").write_bytes(one_function(locals_count, code))
                done = subprocess.run([WHERRYC, "--threads=1", "bomb.wasm", "-o", "bomb.wherry"], cwd=self.folder, env=self.environment,
                                      capture_output=True, timeout=600 * PATIENCE, preexec_fn=limit)
                self.assertEqual(done.returncode, 0, done.stderr.decode())
                self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10, memory * PATIENCE)
                self.ok("validate", "bomb.wherry")

    def test_a_function_with_a_frame_beyond_the_margin_is_interpreted_and_recursion_traps(self):
        """1,200 vectors that live across a call take 19 KiB, which the margin below the stack's limit has no room for; 400 take 6."""
        for count, is_interpreted in ((1200, True), (400, False)):
            with self.subTest(count):
                loads = "".join(f"(local.set {i + 1} (v128.load offset={i * 16} (i32.const 0)))" for i in range(count))
                sums = "".join(f"(local.set 0 (i32.add (local.get 0) (i32x4.extract_lane {i % 4} (local.get {i + 1}))))" for i in range(count))
                module = self.binary(f"""(module (memory 1) (data (i32.const 0) "one and two and three and four and five and six and seven")
                  (func $deep (export "deep") (param i32) (result i32) (local {"v128 " * count})
                    {loads}
                    (if (local.get 0) (then (i32.store (i32.const 60) (call $deep (i32.sub (local.get 0) (i32.const 1))))))
                    {sums} (local.get 0)))""")
                self.ok("compile", module, "-o", "deep")
                self.assertEqual("interpreted" in self.ok("objdump", "deep"), is_interpreted)
                run = ("run", "--allow-precompiled", "--invoke", "deep", "deep")
                self.assertEqual(self.ok(*run, "5"), self.ok("run", "--invoke", "deep", "m.wasm", "5"))
                self.assertIn("call stack exhausted", self.error(*run, "100000000", status=134))

    def test_a_module_is_compiled_in_part_when_a_function_is_too_large(self):
        _, code = bombs()["5 MB of additions"]
        (self.folder / "m.wasm").write_bytes(one_function(16, code))
        self.ok("compile", "m.wasm")
        self.assertIn("interpreted", self.ok("objdump", "m.wherry"))
        compiled = self.ok("run", "--allow-precompiled", "--invoke", "run", "m.wherry", "3")
        self.assertEqual(compiled, self.ok("run", "--invoke", "run", "m.wasm", "3"))

    def test_options_are_part_of_the_file(self):
        self.ok("compile", "-W", "fuel=1", "--trap-precision=exact", "-O", "opt-level=0", "m.wat")
        listing = self.ok("objdump", "--funcs", "m.wherry")
        for part in ("fuel=y", "trap-precision=exact", "optimization=0", "<twice>", "address map", "  module 0x"):
            self.assertIn(part, listing)
        self.assertEqual(
            self.ok("run", "--allow-precompiled", "-W", "fuel=1000", "--invoke", "add", "m.wherry", "1", "2"), "3\n")
        self.assertIn("fuel", self.error("run", "--allow-precompiled", "--invoke", "add", "m.wherry", "1", "2"))

    def test_other_architectures_compile_and_say_so_when_run(self):
        other = "aarch64" if os.uname().machine == "x86_64" else "x86-64"
        self.ok("compile", f"--target={other}", "m.wat")
        self.assertIn(f"code for {other}", self.error("run", "--allow-precompiled", "m.wherry"))
        self.assertIn(f"target={other}", self.ok("objdump", "m.wherry"))

    def test_functions_that_ignore_their_context_look_at_the_deadline(self):
        """What such functions were handed for a context was anything, because the checks come behind LLVM's passes."""
        (self.folder / "loops.wat").write_text(busy_leaves())
        self.ok("compile", "-W", "timeout=1h", "loops.wat", "-o", "loops.wherry")
        want = self.ok("run", "--invoke", "run", "loops.wat", "100")
        self.assertEqual(self.ok("run", "--allow-precompiled", "-W", "timeout=1h", "--invoke", "run", "loops.wherry", "100"), want)
        for name in ("spin", "nest"):
            done = self.run_program("run", "--allow-precompiled", "-W", "timeout=50ms", "--invoke", name, "loops.wherry")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(b"deadline", done.stderr)

    def test_loops_around_a_switch_are_what_they_were_and_look_at_the_deadline(self):
        (self.folder / "loops.wat").write_text(interpreters())
        calls = [("bytes", "0", "1"), ("bytes", "7", "4"), ("words", "4096", "1"), ("words", "4132", "2")]
        want = [self.ok("run", "--invoke", call[0], "loops.wat", *call[1:]) for call in calls]
        for options in ([], ["-W", "timeout=1h"], ["-W", "timeout=1h", "--trap-precision=exact"]):
            self.ok("compile", *options, "loops.wat", "-o", "loops.wherry")
            got = [self.ok("run", "--allow-precompiled", *options[:2], "--invoke", call[0], "loops.wherry", *call[1:]) for call in calls]
            self.assertEqual(got, want)
        for name, at in (("bytes", "8192"), ("words", "8196")):
            done = self.run_program("run", "--allow-precompiled", "-W", "timeout=50ms", "--invoke", name, "loops.wherry", at, "1")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(b"deadline", done.stderr)

    def test_damage_is_found(self):
        self.ok("compile", "m.wat")
        good = (self.folder / "m.wherry").read_bytes()
        self.ok("validate", "m.wherry")
        self.ok("compile", "--verify", "m.wherry")
        for at in range(0, len(good), 499):
            damaged = bytearray(good)
            damaged[at] ^= 4
            (self.folder / "bad").write_bytes(damaged)
            self.error("validate", "bad")
            if at < HEADER_BYTES:
                self.error("run", "--allow-precompiled", "--invoke", "add", "bad", "1", "2")
        for size in (8, 100, HEADER_BYTES, len(good) - 1):
            (self.folder / "bad").write_bytes(good[:size])
            self.assertIn("damaged", self.error("run", "--allow-precompiled", "bad"))

    def test_what_cannot_be_compiled_is_said_in_one_line(self):
        self.assertIn("type mismatch", self.error("compile", self.binary("(module (func (i32.const 1)))")))
        self.assertIn("no such file", self.error("compile", "nothing.wasm").lower())
        self.ok("compile", "m.wat")
        self.assertIn("compiled already", self.error("compile", "m.wherry"))
        self.assertIn("expected", self.error("compile", "--target-cpu=80386", "m.wat", status=2))

    def test_without_the_compiler_a_message_says_so(self):
        alone = self.folder / "alone"
        alone.mkdir()
        shutil.copy(WHERRY, alone / "wherry")
        program = str(alone / "wherry")
        self.assertIn("not installed", self.error("compile", "m.wat", program=program))
        self.ok("compile", "m.wat")
        self.assertEqual(self.ok("run", "--allow-precompiled", "--invoke", "add", "m.wherry", "1", "2", program=program), "3\n")

    def test_the_program_has_no_llvm_the_compiler_has(self):
        for program, has_llvm in ((WHERRY, False), (WHERRYC, True)):
            is_linked = "LLVM" in subprocess.run(["ldd", program], capture_output=True, text=True).stdout
            self.assertEqual(is_linked or b"LLVM ERROR" in Path(program).read_bytes(), has_llvm, program)

    def test_intermediate_forms(self):
        for form, part in (("llvm", "define "), ("asm", ".text")):
            self.assertIn(part, self.ok("compile", f"--emit={form}", "m.wat", "-o", "-"))
        self.ok("compile", "--emit=obj", "m.wat", "-o", "m")
        self.assertEqual((self.folder / "m.0.o").read_bytes()[:4], b"\x7fELF")

    def test_the_compiler_as_a_library_makes_what_the_program_makes(self):
        library_test = os.path.join(os.path.dirname(WHERRY), "wherry_compiler_library_test")
        module = self.binary(MODULE)
        self.ok(module, "library.wherry", program=library_test)
        self.ok(module, "-o", "program.wherry", program=WHERRYC)
        self.assertEqual((self.folder / "library.wherry").read_bytes(), (self.folder / "program.wherry").read_bytes())

    def test_times_of_passes_name_those_over_ir_and_those_of_code_generation(self):
        done = self.run_program("--time-passes", self.binary(many_functions(30)), "-o", "out", program=WHERRYC)
        self.assertEqual(done.returncode, 0)
        for part in (b"InstCombinePass", b"GVNPass", b"Instruction Selection"):
            self.assertIn(part, done.stderr)

    def test_the_service_answers_each_request(self):
        module = self.binary(MODULE).read_bytes()
        requests = b"".join(struct.pack("<I", len(m)) + m for m in (module, b"\0asm", module))
        done = subprocess.run([WHERRYC, "--serve"], input=requests, capture_output=True, timeout=60 * PATIENCE)
        self.assertEqual(done.returncode, 0)
        answers, at = [], 0
        while at < len(done.stdout):
            status, size = struct.unpack_from("<II", done.stdout, at)
            answers.append((status, done.stdout[at + 8:at + 8 + size]))
            at += 8 + size
        self.assertEqual([status for status, _ in answers], [0, 1, 0])
        self.assertEqual(answers[0][1][:8], b"\0wherry\n")
        self.assertEqual(answers[0], answers[2])
        self.assertIn(b"unexpected end", answers[1][1])

    # ---- the cache

    def wait_for(self, condition):
        for _ in range(600):
            if condition():
                return
            time.sleep(0.05)
        self.fail("waited in vain")

    def invoke_cached(self, *options):
        return self.run_program("run", *options, "--invoke", "add", "m.wasm", "1", "2")

    def test_the_second_run_takes_compiled_code_from_the_cache(self):
        self.binary(MODULE)
        cache = self.folder / ".cache" / "wherry" / "compiled"
        self.assertEqual(self.invoke_cached("-C", "cache=y").stdout, b"3\n")
        self.wait_for(lambda: list(cache.glob("*.wherry")))
        entry = next(cache.glob("*.wherry"))
        self.assertEqual(cache.stat().st_mode & 0o777, 0o700)
        self.assertEqual(entry.stat().st_mode & 0o077, 0)
        # That it is used shows when another answer is planted.
        (self.folder / "other.wat").write_text(MODULE.replace("i32.add", "i32.sub"))
        self.ok("compile", "other.wat", "-o", entry)
        entry.chmod(0o600)
        self.assertEqual(self.invoke_cached().stdout, b"-1\n")
        self.assertEqual(self.invoke_cached("-C", "cache=n").stdout, b"3\n")
        # What others can write, what is damaged and links are as if they were not there.
        entry.chmod(0o666)
        self.assertEqual(self.invoke_cached().stdout, b"3\n")
        content = entry.read_bytes()
        entry.chmod(0o600)
        entry.write_bytes(content[:5000])
        self.assertEqual(self.invoke_cached().stdout, b"3\n")
        (self.folder / "aside").write_bytes(content)
        entry.unlink()
        entry.symlink_to(self.folder / "aside")
        self.assertEqual(self.invoke_cached().stdout, b"3\n")
        entry.unlink()
        entry.write_bytes(content)
        cache.chmod(0o777)
        done = self.invoke_cached()
        self.assertEqual(done.stdout, b"3\n")
        self.assertIn(b"writable by nobody else", done.stderr)

    def test_other_options_are_other_entries(self):
        self.binary(MODULE)
        cache = self.folder / "c"
        for options in ((), ("-W", "fuel=1000")):
            self.assertEqual(self.invoke_cached("-C", "cache=y", "-C", f"cache-dir={cache}", *options).stdout, b"3\n")
        self.wait_for(lambda: len(list(cache.glob("*.wherry"))) == 2)

    def test_many_processes_at_once_make_one_entry(self):
        self.binary(MODULE)
        cache = self.folder / "c"
        command = [WHERRY, "run", "-C", "cache=y", "-C", f"cache-dir={cache}", "--invoke", "add", "m.wasm", "1", "2"]
        runs = [subprocess.Popen(command, cwd=self.folder, env=self.environment, stdout=subprocess.PIPE) for _ in range(8)]
        self.assertEqual({run.communicate()[0] for run in runs}, {b"3\n"})
        self.wait_for(lambda: list(cache.glob("*.wherry")))
        self.ok("validate", next(cache.glob("*.wherry")))

    def test_what_was_not_used_for_longest_goes_first(self):
        cache = self.folder / "c"
        cache.mkdir(mode=0o700)
        for i in range(3):
            (cache / f"{i}.wherry").write_bytes(b"x" * 1000)
            os.utime(cache / f"{i}.wherry", (1000 + i, 1000 + i))
        (cache / "broken.XXabcd").write_bytes(b"x")
        os.utime(cache / "broken.XXabcd", (1000, 1000))
        self.binary(MODULE)
        self.ok("compile", "m.wasm")
        size = (self.folder / "m.wherry").stat().st_size
        self.invoke_cached("-C", "cache=y", "-C", f"cache-dir={cache}", "-C", f"cache-size={size + 1500}")
        self.wait_for(lambda: not (cache / "broken.XXabcd").exists())
        self.wait_for(lambda: len(list(cache.glob("*.wherry"))) == 2)
        self.assertTrue((cache / "2.wherry").exists())


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:])
