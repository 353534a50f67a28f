#!/usr/bin/env python3
"""Bad input costs bounded memory: `wherry validate` of nasty files stays below 64 MiB + 32 x their size.

  tests/memory/bound.py WHERRY [NAME...]

Each file is made here, checked in a process of its own, and its peak of resident memory compared. The answer does not
matter but must be one: status 0 or 1, and a line of text with 1.
"""
import os
import subprocess
import sys
import tempfile

MIB = 1 << 20


def leb(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def section(number, content):
    return bytes([number]) + leb(len(content)) + content


def vector(items):
    return leb(len(items)) + b"".join(items)


HEADER = b"\0asm\1\0\0\0"
TYPE = section(1, b"\1\x60\0\0")
MANY = 1_000_000


def body(code, locals_=b"\0"):
    content = locals_ + code + b"\x0b"
    return HEADER + TYPE + section(3, b"\1\0") + section(10, b"\1" + leb(len(content)) + content)


def bodies(code, count):
    content = b"\0" + code + b"\x0b"
    code = leb(count) + (leb(len(content)) + content) * count
    return HEADER + TYPE + section(3, leb(count) + b"\0" * count) + section(10, code)


def wide_type(params, results=0):
    return b"\x60" + leb(params) + b"\x7f" * params + leb(results) + b"\x7f" * results


# The wide signature costs a thousand bytes once; blocks that use it two bytes each.
def wide_blocks(opcode, count, dead):
    types = section(1, vector([b"\x60\0\0", wide_type(1000, 1000)]))
    start = b"\0" if dead else b"\x41\0" * 1000
    code = b"\0" + start + (opcode + b"\1") * count + b"\x0b" * count + b"\x1a" * 1000 + b"\x0b"
    return HEADER + types + section(3, b"\1\0") + section(10, b"\1" + leb(len(code)) + code)


def wide_calls(count):
    types = section(1, vector([b"\x60\0\0", wide_type(1000, 1000)]))
    code = b"\0\0" + b"\x10\1" * count + b"\x1a" * 1000 + b"\x0b"
    empty = b"\0\0\x0b"
    return HEADER + types + section(3, b"\2\0\1") + section(10, b"\2" + leb(len(code)) + code + leb(len(empty)) + empty)


def imports(count):
    return HEADER + TYPE + section(2, leb(count) + b"\0\0\0\0" * count)


def exports(count):
    names = b"".join(leb(len(b"%d" % i)) + b"%d\0\0" % i for i in range(count))
    return HEADER + TYPE + section(3, b"\1\0") + section(7, leb(count) + names) + section(10, b"\1\2\0\x0b")


def huge_count(number):
    return HEADER + (TYPE if number != 1 else b"") + section(number, b"\xff\xff\xff\xff\x0f")


FILES = {
    "constants": lambda: body(b"\x41\0" * (MANY // 2)),
    "calls": lambda: body(b"\x10\0" * MANY),
    "blocks": lambda: body(b"\x02\x40" * MANY + b"\x0b" * MANY),
    "loops without end": lambda: body(b"\x03\x40" * MANY),
    "ifs": lambda: body(b"\x41\0\x04\x40" * (MANY // 2) + b"\x0b" * (MANY // 2)),
    "try_tables": lambda: body(b"\x1f\x40\0" * MANY + b"\x0b" * MANY),
    "labels": lambda: body(b"\x41\0\x0e" + leb(MANY) + b"\0" * (MANY + 1)),
    "many labels in many tables": lambda: body((b"\x41\0\x0e" + leb(1000) + b"\0" * 1001) * 1000),
    "a count of labels": lambda: body(b"\x41\0\x0e\xff\xff\xff\xff\x0f"),
    "groups of locals": lambda: body(b"", leb(MANY) + b"\0\x7f" * MANY),
    "locals": lambda: body(b"", b"\1" + leb(50_000) + b"\x7e"),
    "locals everywhere": lambda: HEADER + TYPE + section(3, leb(20_000) + b"\0" * 20_000)
    + section(10, leb(20_000) + b"\x06\1\xd0\x86\x03\x7e\x0b" * 20_000),
    "bodies": lambda: bodies(b"", MANY),
    "types": lambda: HEADER + section(1, leb(300_000) + b"\x60\0\0" * 300_000),
    "different types": lambda: HEADER + section(1, leb(65_536) + b"".join(
        b"\x60\x10" + bytes(0x7C + (i >> 2 * j) % 4 for j in range(8)) * 2 + b"\0" for i in range(65_536))),
    "wide types": lambda: HEADER + section(1, leb(500) + wide_type(1000, 1000) * 500),
    "recursion groups": lambda: HEADER + section(1, leb(100_000) + b"\x4e\1\x60\0\0" * 100_000),
    "a recursion group": lambda: HEADER + section(1, b"\1\x4e" + leb(300_000) + b"\x60\0\0" * 300_000),
    "empty recursion groups": lambda: HEADER + section(1, leb(MANY) + b"\x4e\0" * MANY),
    "wide blocks": lambda: wide_blocks(b"\x02", 20_000, dead=False),
    "wide loops": lambda: wide_blocks(b"\x03", 20_000, dead=False),
    "wide blocks in dead code": lambda: wide_blocks(b"\x02", 20_000, dead=True),
    "wide calls in dead code": lambda: wide_calls(20_000),
    "imports": lambda: imports(250_000),
    "exports": lambda: exports(100_000),
    "custom sections": lambda: HEADER + b"\0\1\0" * 300_000,
    "globals": lambda: HEADER + section(6, leb(200_000) + b"\x7f\0\x41\0\x0b" * 200_000),
    "data segments": lambda: HEADER + section(5, b"\1\0\1") + section(11, leb(100_000) + b"\0\x41\0\x0b\0" * 100_000),
    "elements": lambda: HEADER + TYPE + section(3, b"\1\0") + section(4, b"\1\x70\0\1")
    + section(9, b"\1\0\x41\0\x0b" + leb(MANY) + b"\0" * MANY) + section(10, b"\1\2\0\x0b"),
    "nested parentheses": lambda: b"(" * MANY,
    "nested blocks as text": lambda: b"(module (func " + b"(block " * (MANY // 4),
    "folded instructions": lambda: b"(module (func " + b"(i32.eqz " * 200_000 + b"(i32.const 0" + b")" * 200_003,
    "nested comments": lambda: b"(;" * MANY,
    "nested annotations": lambda: b"(@a " + b"(" * MANY,
    "block keywords": lambda: b"(module (func " + b"block " * (MANY // 4) + b"))",
    "names": lambda: b"(module " + b"".join(b"(func $f%d)" % i for i in range(50_000)) + b")",
    "inline types": lambda: b"(module " + b"".join(
        b"(func (param" + b" i32" * (i % 200) + b"))" for i in range(2000)) + b")",
    "a long string": lambda: b'(module (memory 1) (data (i32.const 0) "' + b"\\00" * (MANY // 3) + b'"))',
    "no end of a string": lambda: b'(module (data "' + b"a" * MANY,
} | {f"a huge count in section {number}": (lambda number=number: huge_count(number)) for number in range(1, 14)}


# In a process of its own: a child's peak begins with what its parent has at the time.
def write(path, make):
    child = os.fork()
    if child == 0:
        with open(path, "wb") as file:
            file.write(make())
        os._exit(0)
    os.waitpid(child, 0)
    return os.path.getsize(path)


def main():
    wherry, names = sys.argv[1], sys.argv[2:]
    failures, worst = [], (0, "")
    with tempfile.TemporaryDirectory() as folder:
        for name, make in FILES.items():
            if names and name not in names:
                continue
            path = os.path.join(folder, name.replace(" ", "-"))
            size = write(path, make)
            # The output goes to a file, and the process is waited for by hand, to have its own peak of memory.
            with open(os.path.join(folder, "output"), "w+b") as output:
                child = subprocess.Popen([wherry, "validate", path], stdout=output, stderr=output)
                _, status, usage = os.wait4(child.pid, 0)
                child.returncode = os.waitstatus_to_exitcode(status)
                output.seek(0)
                text = output.read(2000).decode(errors="replace").strip()
            peak, bound = usage.ru_maxrss * 1024, 64 * MIB + 32 * size
            line = f"{name}: {size} bytes, peak {peak / MIB:.1f} of {bound / MIB:.1f} MiB, {usage.ru_utime:.2f} s"
            print(f"{line}, status {child.returncode}: {text[:120]}")
            worst = max(worst, (peak / bound, name))
            if child.returncode not in (0, 1) or (child.returncode == 1) != (text != ""):
                failures.append(f"{name}: status {child.returncode}, '{text}'")
            if peak > bound:
                failures.append(line)
    print(f"figure: validating {len(FILES)} nasty files takes at most {100 * worst[0]:.0f} % of the memory allowed ({worst[1]})")
    if failures:
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()
