#!/usr/bin/env python3
"""Prints a test script that looks at the last bytes of memories: every load and store width, every form in which an address
can be folded into the access, addresses and offsets around the end of memory, 2^31 and 2^32. Offsets of 32 MiB and more take other
handlers than small ones, memories of 64 bits and second memories again others."""

LOADS = [("i32.load8_u", "i32", 1), ("i32.load8_s", "i32", 1), ("i32.load16_u", "i32", 2), ("i32.load16_s", "i32", 2),
         ("i32.load", "i32", 4), ("i64.load8_u", "i64", 1), ("i64.load8_s", "i64", 1), ("i64.load16_u", "i64", 2),
         ("i64.load16_s", "i64", 2), ("i64.load32_u", "i64", 4), ("i64.load32_s", "i64", 4), ("i64.load", "i64", 8),
         ("f32.load", "f32", 4), ("f64.load", "f64", 8)]
STORES = [("i32.store8", "i32", 1), ("i32.store16", "i32", 2), ("i32.store", "i32", 4), ("i64.store8", "i64", 1),
          ("i64.store16", "i64", 2), ("i64.store32", "i64", 4), ("i64.store", "i64", 8), ("f32.store", "f32", 4),
          ("f64.store", "f64", 8)]
PAGE = 65536
OFFSETS = [0, 1, 0xFFFF, 0x10000, (32 << 20) - 65, (32 << 20) - 64, 32 << 20, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF8, 0xFFFFFFFF]
OFFSETS64 = [0, 1, 0xFFFF, 0x10000, 0xFFFFFFFF, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 8, (1 << 64) - 1]


def forms(index):
    """Ways to write the address `$a` (parameter 0), `$b` being 0 at run time (parameter 1)."""
    yield "plain", "(local.get 0)"
    yield "sum", f"({index}.add (local.get 0) (local.get 1))"
    yield "constant", f"({index}.add (local.get 0) ({index}.const 0))"
    yield "temporary", f"({index}.mul (local.get 0) ({index}.const 1))"
    yield "late-sum", f"({index}.add ({index}.or (local.get 0) (local.get 1)) (local.get 1))"


def make(index, memory, offsets):
    funcs, assertions = [], []
    end = PAGE
    limit = 1 << (32 if index == "i32" else 64)

    def check(name, access, offset):
        zero = f"({index}.const 0)"
        for address in (end - offset - access, end - offset - access + 1, end - offset, -1, 1 - access, -offset,
                        0x7FFFFFFF, 0x80000000):
            address %= limit
            fits = address + offset + access <= end
            call = f'(invoke "{name}" ({index}.const {address}) {zero})'
            assertions.append(f"(assert_return {call})" if fits else f'(assert_trap {call} "out of bounds memory access")')

    for offset in offsets:
        for number, (op, kind, width) in enumerate(LOADS):
            # All forms with small offsets, one with the others.
            for form, address in list(forms(index))[: 5 if offset in (0, 1) else 1]:
                name = f"{op}-{form}-{offset}"
                drop = "drop" if number % 2 == 0 else f"(local.set {'i32 i64 f32 f64'.split().index(kind) + 2})"
                funcs.append(f'(func (export "{name}") (param {index} {index}) (local i32 i64 f32 f64)'
                             f"({op} {memory} offset={offset} {address}) {drop})")
                check(name, width, offset)
        for op, kind, width in STORES:
            for form, address in list(forms(index))[: 5 if offset in (0, 1) else 1]:
                name = f"{op}-{form}-{offset}"
                funcs.append(f'(func (export "{name}") (param {index} {index})'
                             f"({op} {memory} offset={offset} {address} ({kind}.const 0)))")
                check(name, width, offset)
    return "\n".join(funcs), "\n".join(assertions)


def constants():
    """The address is a constant; the last bytes hold a pattern, which a store that traps may not change."""
    funcs, assertions = [], []
    for op, kind, width in LOADS:
        for shift in (0, 1):
            funcs.append(f'(func (export "{op}-{shift}") ({op} offset=8 (i32.const {PAGE - width - 8 + shift})) drop)')
            call = f'(invoke "{op}-{shift}")'
            assertions.append(f'(assert_trap {call} "out of bounds memory access")' if shift else f"(assert_return {call})")
        funcs.append(f'(func (export "{op}-high") ({op} offset=0xffffffff (i32.const 0xffffffff)) drop)')
        assertions.append(f'(assert_trap (invoke "{op}-high") "out of bounds memory access")')
    for op, kind, width in STORES:
        funcs.append(f'(func (export "{op}-over") ({op} (i32.const {PAGE - width + 1}) ({kind}.const 0)))')
        assertions.append(f'(assert_trap (invoke "{op}-over") "out of bounds memory access")')
        assertions.append('(assert_return (invoke "last") (i64.const 0x8877665544332211))')
    return ("(module (memory 1 1) (data (i32.const 65528) \"\\11\\22\\33\\44\\55\\66\\77\\88\")\n"
            '(func (export "last") (result i64) (i64.load (i32.const 65528)))\n' + "\n".join(funcs) + ")\n" +
            "\n".join(assertions))


def bulk():
    cases = []
    for index in ("i32", "i64"):
        most = (1 << (32 if index == "i32" else 64)) - 1
        cases.append(f"""(module (memory {index} 1) (data $d "abcd")
  (func (export "fill") (param {index} {index}) (memory.fill (local.get 0) (i32.const 7) (local.get 1)))
  (func (export "copy") (param {index} {index} {index}) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
  (func (export "init") (param {index} i32 i32) (memory.init $d (local.get 0) (local.get 1) (local.get 2)))
  (func (export "grow") (param {index}) (result {index}) (memory.grow (local.get 0)))
  (func (export "size") (result {index}) (memory.size)))""")
        c = f"({index}.const %d)"
        for at, size in ((PAGE, 0), (PAGE - 1, 1), (0, PAGE)):
            cases.append(f'(assert_return (invoke "fill" {c % at} {c % size}))')
            cases.append(f'(assert_return (invoke "copy" {c % at} {c % 0} {c % size}))')
            cases.append(f'(assert_return (invoke "copy" {c % 0} {c % at} {c % size}))')
        for at, size in ((PAGE + 1, 0), (PAGE, 1), (PAGE - 1, 2), (1, PAGE), (most, 1), (1, most), (most, most), (most, 0)):
            trap = ' "out of bounds memory access")'
            cases.append(f'(assert_trap (invoke "fill" {c % at} {c % size}){trap}')
            cases.append(f'(assert_trap (invoke "copy" {c % at} {c % 0} {c % size}){trap}')
            cases.append(f'(assert_trap (invoke "copy" {c % 0} {c % at} {c % size}){trap}')
            cases.append(f'(assert_trap (invoke "init" {c % at} (i32.const 0) (i32.const {size & 0xFFFFFFFF})){trap}')
        for start, size in ((5, 0), (4, 1), (0, 5), (0xFFFFFFFF, 1), (1, 0xFFFFFFFF)):
            cases.append(f'(assert_trap (invoke "init" {c % 0} (i32.const {start}) (i32.const {size})) '
                         '"out of bounds memory access")')
        for delta in (most, 1 << 16 if index == "i32" else 1 << 48, most - 1):
            cases.append(f'(assert_return (invoke "grow" {c % delta}) ({index}.const -1))')
        cases.append(f'(assert_return (invoke "grow" {c % 0}) {c % 1})(assert_return (invoke "size") {c % 1})')
    return "\n".join(cases)


if __name__ == "__main__":
    print(";; Made by tests/wast/bounds.py.")
    for declarations, index, memory, offsets in (("(memory 1)", "i32", "", OFFSETS), ("(memory i64 1)", "i64", "", OFFSETS64),
                                                 ("(memory 3) (memory $m 1)", "i32", "$m", OFFSETS[:4] + OFFSETS[-2:])):
        body, checks = make(index, memory, offsets)
        print(f"(module {declarations}\n{body})\n{checks}")
    print(constants())
    print(bulk())
