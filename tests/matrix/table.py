#!/usr/bin/env python3
"""Prints what numeric instructions must give for operands at the edges, a line a case:

  NAME IMMEDIATE OPERAND... = RESULT...     or     NAME IMMEDIATE OPERAND... ! TRAP

Numbers are hexadecimal bits; the immediate is a lane, the lanes of a shuffle, or -. A result with NaNs that the specification
does not determine ends in ~WIDTH:LANES, a letter for each lane: c for a canonical NaN, a for an arithmetic one, - for exact bits.

  tests/matrix/table.py [PREFIX...]         only instructions whose names begin so
"""
import os
import re
import sys

import numbers_of_wasm as scalars
import vectors

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROW = re.compile(r'^OP\(\w+, (0x\w+), "([^"]+)", (\w+), (\w+), (\w+)\)')
SMALL = {8: [0, 1, 2, 7, 8, 15, 16, 31, 0x40, 0x7E, 0x7F, 0x80, 0x81, 0xC0, 0xFE, 0xFF],
         16: [0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x4000, 0x7FFE, 0x7FFF, 0x8000, 0x8001, 0xC000, 0xFF80, 0xFFFE, 0xFFFF],
         32: scalars.INTEGERS[32][::2] + [0x80000000, 0xFFFFFFFF, 0xFFFF8000, 0x7FFFFFFF],
         64: scalars.INTEGERS[64][::2] + [1 << 63, (1 << 64) - 1, (1 << 63) - 1]}
# For pairs: without the numbers around the limits of integers.
FEWER = {"I": scalars.VALUES["I"], "L": scalars.VALUES["L"], "F": scalars.VALUES["F"][:48], "D": scalars.VALUES["D"][:48]}
PERMUTATIONS = [list(range(16)), list(range(16, 32)), list(range(31, -1, -2)), [0] * 16, [31] * 16, list(range(15, -1, -1)),
                [i ^ 16 for i in range(16)], [0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23]]


def show(result):
    bits, nan = result
    if nan is None:
        return f"{bits:x}"
    width, lanes = (0, [nan]) if isinstance(nan, str) else nan
    return f"{bits:x}~{width}:" + "".join(lane[0] if lane else "-" for lane in lanes)


def emit(out, name, immediate, operands, function):
    results = function(*operands)
    what = f"! {results}" if isinstance(results, str) else "= " + " ".join(map(show, results))
    out.append(f"{name} {immediate} {' '.join(f'{o:x}' for o in operands)} {what}")


def operand_width(name):
    """The width of the lanes an instruction looks at."""
    inner = re.findall(r"[if](?:8x16|16x8|32x4|64x2)", name)
    shape = inner[-1] if inner and "." in name else name.split(".")[0]
    if name.startswith("v128") or "swizzle" in name or "i7x16" in name:
        return 8, "i"
    return vectors.SHAPES[shape], shape[0]


def values_for(width, kind):
    if kind == "i":
        return SMALL[width]
    return scalars.VALUES["F" if width == 32 else "D"][::2] + [0x7FC00000 if width == 32 else 0x7FF8 << 48]


def vector_operands(name, signature):
    """Rows of operands such that each pair of lane values meets at least once, and mixed ones."""
    width, kind = operand_width(name)
    values = values_for(width, kind)
    count = 128 // width
    turning = [vectors.join([values[(start + i) % len(values)] for i in range(count)], width)
               for start in range(0, len(values), count)]
    mixed = vectors.vectors_of(width, values, 1), vectors.vectors_of(width, values, 5), vectors.vectors_of(width, values, 7)
    if signature == "V":
        return [(v,) for v in mixed[0] + mixed[1]]
    if signature == "VI":
        counts = sorted({0, 1, width // 2, width - 1, width, width + 1, 255, 0x80000000, 0xFFFFFFFF})
        return [(v, c) for v in mixed[0] for c in counts]
    splats = [vectors.join([value] * count, width) for value in values]
    rows = list(zip(mixed[0], mixed[1])) + list(zip(mixed[1], mixed[2])) + [(v, v) for v in splats + mixed[1]]
    if signature == "VVV":
        return [(a, b, c) for (a, b), c in zip(rows, (mixed[2] + mixed[0]) * 3)]
    for splat in splats:
        rows += [(v, splat) for v in turning] + ([(splat, v) for v in turning] if count > 4 else [])
    return rows


def vector_rows(out, name, immediate, operands):
    if name == "i8x16.shuffle":
        for lanes in PERMUTATIONS:
            text = "".join(f"{lane:02x}" for lane in lanes)
            for row in vector_operands(name, "VV")[:20]:
                emit(out, name, text, row, vectors.with_lane(name, lanes))
    elif immediate.startswith("Lane"):
        width, kind = operand_width(name)
        for lane in range(128 // width):
            function = vectors.with_lane(name, lane)
            for v in vectors.vectors_of(width, values_for(width, kind), 3):
                for x in ([()] if operands == "V" else [(a,) for a in scalars.VALUES[operands[1]][::4]]):
                    reduced = tuple(a & (1 << width) - 1 for a in x)
                    emit_lane(out, name, lane, v, x, reduced, function)
    elif operands[0] != "V":
        for a in scalars.VALUES[operands]:
            emit(out, name, "-", (a,), vectors.VECTOR[name])
    else:
        for row in vector_operands(name, operands):
            emit(out, name, "-", row, vectors.VECTOR[name])


def emit_lane(out, name, lane, vector, operands, reduced, function):
    result = function(vector, *reduced)[0]
    text = " ".join(f"{o:x}" for o in (vector, *operands))
    out.append(f"{name} {lane} {text} = {show(result)}")


def scalar_rows(out, name, operands):
    function = scalars.SCALAR[name]
    if len(operands) == 1:
        rows = [(a,) for a in scalars.VALUES[operands]]
    elif len(operands) == 2:
        rows = [(a, b) for a in FEWER[operands[0]] for b in FEWER[operands[1]]]
    else:
        v = scalars.VALUES["L"][::3]
        rows = [(a, b, v[(i + j) % len(v)], v[(i * 3 + j) % len(v)]) for i, a in enumerate(v) for j, b in enumerate(v)]
    for row in rows:
        emit(out, name, "-", row, function)


def main():
    prefixes = tuple(sys.argv[1:]) or ("",)
    out = []
    for line in open(os.path.join(ROOT, "engine/wasm/opcodes.inc")):
        match = ROW.match(line)
        if not match or not match[2].startswith(prefixes):
            continue
        _, name, immediate, signature, feature = match.groups()
        operands = signature.partition("_")[0]
        if name in scalars.SCALAR:
            scalar_rows(out, name, operands)
        elif name in vectors.VECTOR or (feature == "Simd" and (immediate == "Shuffle" or re.match(r"Lane\d", immediate))):
            vector_rows(out, name, immediate, operands)
    print("\n".join(out))


if __name__ == "__main__":
    main()
