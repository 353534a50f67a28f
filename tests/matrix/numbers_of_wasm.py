"""Values at the edges, and what numeric instructions make of them (core spec 4.3). Integers are Python's; lanes of vectors are
computed by the same functions as scalars.

`SCALAR` and `VECTOR` map an instruction's name to a function of operand bits that gives its results: a list of (bits, nan) or the
message of a trap.
"""
from fractions import Fraction

from floats import F32, F64

INTEGERS = {
    32: [0, 1, 2, 7, 31, 32, 33, 63, 64, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x12345678, 0x7FFFFFFF,
         0x80000000, 0x80000001, 0xFFFFFF80, 0xFFFF8000, 0xFFFFFFFE, 0xFFFFFFFF],
    64: [0, 1, 2, 31, 32, 63, 64, 65, 0x7F, 0x80, 0x7FFF, 0x8000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x100000000,
         0x123456789ABCDEF0, (1 << 63) - 1, 1 << 63, (1 << 63) + 1, (1 << 64) - 128, (1 << 64) - (1 << 31), (1 << 64) - 2,
         (1 << 64) - 1],
}


def floats(f):
    one = f.bias << f.mantissa
    values = [0, 1, 1 << (f.mantissa - 1), (1 << f.mantissa) - 1, 1 << f.mantissa, one, one + 1, one - 1, f.most, f.infinity,
              f.canonical, f.canonical | 1, f.infinity | 1, f.infinity | 0x1234, f.infinity | (1 << f.mantissa) - 1]
    values += [f.round(v) for v in map(Fraction, (
        "1/2", "3/2", "5/2", "7/2", "1/3", "9999999/10000000", "3", "10", "255/2"))]
    # Around the limits of integers, and where a format stops telling whole numbers apart.
    for limit in (31, 32, 63, 64, f.mantissa, f.mantissa + 1):
        power = f.round(Fraction(1 << limit))
        values += [power - 1, power, power + 1]
    # Just inside the limits of i32, which doubles can say.
    values += [f.round(Fraction(v) + Fraction(9, 10))
               for v in (2147483647, 2147483648, 4294967295)]
    return list(dict.fromkeys([v for u in values for v in (u, u | f.sign)]))


VALUES = {"I": INTEGERS[32], "L": INTEGERS[64], "F": floats(F32), "D": floats(F64)}


def signed(value, width):
    return value - (1 << width) if value >> (width - 1) else value


def whole(function):
    """An integer function as one that gives results."""
    return lambda *operands: [(function(*operands), None)]


def clamp(value, width, is_signed):
    low, high = (-(1 << (width - 1)), (1 << (width - 1)) - 1) if is_signed else (0, (1 << width) - 1)
    return max(low, min(high, value)) & ((1 << width) - 1)


def shift_right_signed(a, count, width):
    return (signed(a, width) >> count) & ((1 << width) - 1)


def leading_zeros(a, width):
    return width - a.bit_length()


def trailing_zeros(a, width):
    return width if a == 0 else (a & -a).bit_length() - 1


def extend(a, bits, width):
    return signed(a & ((1 << bits) - 1), bits) & ((1 << width) - 1)


def divide(a, b, width, is_signed, remainder):
    if b == 0:
        return "integer divide by zero"
    x, y = (signed(a, width), signed(b, width)) if is_signed else (a, b)
    quotient = abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1)
    if not remainder and is_signed and quotient == 1 << (width - 1):
        return "integer overflow"
    return [((x - quotient * y if remainder else quotient) & ((1 << width) - 1), None)]


def integer_operations(width):
    m = (1 << width) - 1
    s = lambda v: signed(v, width)
    k = lambda count: count % width
    return {
        "add": lambda a, b: (a + b) & m, "sub": lambda a, b: (a - b) & m, "mul": lambda a, b: a * b & m,
        "and": lambda a, b: a & b, "or": lambda a, b: a | b, "xor": lambda a, b: a ^ b,
        "shl": lambda a, b: a << k(b) & m, "shr_u": lambda a, b: a >> k(b), "shr_s": lambda a, b: shift_right_signed(a, k(b), width),
        "rotl": lambda a, b: (a << k(b) | a >> (width - k(b))) & m, "rotr": lambda a, b: (a >> k(b) | a << (width - k(b))) & m,
        "clz": lambda a: leading_zeros(a, width), "ctz": lambda a: trailing_zeros(a, width), "popcnt": lambda a: bin(a).count("1"),
        "eqz": lambda a: int(a == 0), "eq": lambda a, b: int(a == b), "ne": lambda a, b: int(a != b),
        "lt_s": lambda a, b: int(s(a) < s(b)), "lt_u": lambda a, b: int(a < b), "gt_s": lambda a, b: int(s(a) > s(b)),
        "gt_u": lambda a, b: int(a > b), "le_s": lambda a, b: int(s(a) <= s(b)), "le_u": lambda a, b: int(a <= b),
        "ge_s": lambda a, b: int(s(a) >= s(b)), "ge_u": lambda a, b: int(a >= b),
        "extend8_s": lambda a: extend(a, 8, width), "extend16_s": lambda a: extend(a, 16, width),
        "extend32_s": lambda a: extend(a, 32, width),
    }


def truncate(f, a, width, is_signed, saturate):
    if f.is_nan(a):
        return [(0, None)] if saturate else "invalid conversion to integer"
    if f.is_infinite(a):
        value = -(1 << 200) if f.negative(a) else 1 << 200
    else:
        value = int(f.value(a))
    limited = clamp(value, width, is_signed)
    exact = signed(limited, width) if is_signed else limited
    return "integer overflow" if exact != value and not saturate else [(limited, None)]


def float_operations(f):
    ops = {name: (lambda *o, n=name: [getattr(f, n)(*o)])
           for name in ("add", "sub", "mul", "div", "min", "max", "sqrt", "ceil", "floor", "trunc", "nearest")}
    ops |= {
        "abs": whole(lambda a: a & ~f.sign), "neg": whole(lambda a: a ^ f.sign),
        "copysign": whole(lambda a, b: a & ~f.sign | b & f.sign),
        "eq": whole(lambda a, b: int(f.equal(a, b))), "ne": whole(lambda a, b: int(not f.equal(a, b))),
        "lt": whole(lambda a, b: int(f.less(a, b))), "gt": whole(lambda a, b: int(f.less(b, a))),
        "le": whole(lambda a, b: int(f.less(a, b) or f.equal(a, b))), "ge": whole(lambda a, b: int(f.less(b, a) or f.equal(a, b))),
    }
    return ops


def number(f, a, width, is_signed):
    return [(f.round(Fraction(signed(a, width) if is_signed else a)), None)]


def scalar():
    table = {}
    for width in (32, 64):
        for name, function in integer_operations(width).items():
            if not (width == 32 and name == "extend32_s"):
                table[f"i{width}.{name}"] = whole(function)
        for name, is_signed, remainder in (("div_s", 1, 0), ("div_u", 0, 0), ("rem_s", 1, 1), ("rem_u", 0, 1)):
            table[f"i{width}.{name}"] = lambda a, b, w=width, s=is_signed, r=remainder: divide(a, b, w, s, r)
    for f, name in ((F32, "f32"), (F64, "f64")):
        for op, function in float_operations(f).items():
            table[f"{name}.{op}"] = function
        for width in (32, 64):
            for sign in "su":
                table[f"i{width}.trunc_{name}_{sign}"] = (
                    lambda a, f=f, w=width, s=sign: truncate(f, a, w, s == "s", False))
                table[f"i{width}.trunc_sat_{name}_{sign}"] = (
                    lambda a, f=f, w=width, s=sign: truncate(f, a, w, s == "s", True))
                table[f"{name}.convert_i{width}_{sign}"] = lambda a, f=f, w=width, s=sign: number(f, a, w, s == "s")
        table[f"i{f.width}.reinterpret_{name}"] = table[f"{name}.reinterpret_i{f.width}"] = whole(lambda a: a)
    table["f32.demote_f64"] = lambda a: [F64.convert(F32, a)]
    table["f64.promote_f32"] = lambda a: [F32.convert(F64, a)]
    table["i32.wrap_i64"] = whole(lambda a: a & 0xFFFFFFFF)
    table["i64.extend_i32_s"] = whole(lambda a: extend(a, 32, 64))
    table["i64.extend_i32_u"] = whole(lambda a: a)
    wide = lambda v: [(v & (1 << 64) - 1, None), (v >> 64 & (1 << 64) - 1, None)]
    table["i64.add128"] = lambda a, b, c, d: wide((a | b << 64) + (c | d << 64))
    table["i64.sub128"] = lambda a, b, c, d: wide((a | b << 64) - (c | d << 64))
    table["i64.mul_wide_s"] = lambda a, b: wide(signed(a, 64) * signed(b, 64))
    table["i64.mul_wide_u"] = lambda a, b: wide(a * b)
    return table


SCALAR = scalar()
