"""Vector instructions lane by lane (core spec 4.3.2), by the functions of scalars where there are such. A vector is a number of 128
bits, lane 0 lowest."""
from floats import F32, F64
from numbers_of_wasm import INTEGERS, SCALAR, clamp, float_operations, integer_operations, shift_right_signed, signed, truncate

SHAPES = {"i8x16": 8, "i16x8": 16, "i32x4": 32, "i64x2": 64, "f32x4": 32, "f64x2": 64}


def lanes(vector, width):
    return [vector >> at & (1 << width) - 1 for at in range(0, 128, width)]


def join(values, width):
    return sum((v & (1 << width) - 1) << i * width for i, v in enumerate(values))


def halves(values, high):
    middle = len(values) // 2
    return values[middle:] if high else values[:middle]


def plain(value):
    return [(value, None)]


def lane_by_lane(width, function):
    """A function of integer lanes."""
    return lambda *vectors: plain(join([function(*row) for row in zip(*(lanes(v, width) for v in vectors))], width))


def float_lanes(width, function):
    """A function of float lanes that gives (bits, nan); nans are listed by lane: "canonical" and "arithmetic" masks."""
    def apply(*vectors):
        results = [function(*row)[0] for row in zip(*(lanes(v, width) for v in vectors))]
        return [(join([bits for bits, nan in results], width), lane_nans(width, [nan for bits, nan in results]))]
    return apply


def lane_nans(width, nans):
    return (width, nans) if any(nans) else None


def compare(width, function):
    return lane_by_lane(width, lambda a, b: (1 << width) - 1 if function(a, b) else 0)


def integer_shape(shape, width):
    ops, table, m = integer_operations(width), {}, (1 << width) - 1
    s = lambda v: signed(v, width)
    for name in ("add", "sub", "mul"):
        table[name] = lane_by_lane(width, ops[name])
    for name in ("eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u"):
        table[name] = compare(width, ops[name])
    table["neg"] = lane_by_lane(width, lambda a: -a & m)
    table["abs"] = lane_by_lane(width, lambda a: abs(s(a)) & m)
    for sign in "su":
        key = s if sign == "s" else (lambda v: v)
        table[f"min_{sign}"] = lane_by_lane(width, lambda a, b, key=key: min(a, b, key=key))
        table[f"max_{sign}"] = lane_by_lane(width, lambda a, b, key=key: max(a, b, key=key))
        table[f"add_sat_{sign}"] = lane_by_lane(width, lambda a, b, k=key, t=sign == "s": clamp(k(a) + k(b), width, t))
        table[f"sub_sat_{sign}"] = lane_by_lane(width, lambda a, b, k=key, t=sign == "s": clamp(k(a) - k(b), width, t))
    table["avgr_u"] = lane_by_lane(width, lambda a, b: (a + b + 1) >> 1)
    table["popcnt"] = lane_by_lane(width, ops["popcnt"])
    table["shl"] = lambda v, n: lane_by_lane(width, lambda a: a << n % width & m)(v)
    table["shr_u"] = lambda v, n: lane_by_lane(width, lambda a: a >> n % width)(v)
    table["shr_s"] = lambda v, n: lane_by_lane(width, lambda a: shift_right_signed(a, n % width, width))(v)
    table["all_true"] = lambda v: plain(int(all(lanes(v, width))))
    table["bitmask"] = lambda v: plain(sum((a >> width - 1) << i for i, a in enumerate(lanes(v, width))))
    table["splat"] = lambda a: plain(join([a] * (128 // width), width))
    if width < 64:
        wide, twice = 2 * width, {8: "i16x8", 16: "i32x4", 32: "i64x2"}[width]
        for sign in "su":
            k = s if sign == "s" else (lambda v: v)
            for half in ("low", "high"):
                table[f"{twice}.extend_{half}_{shape}_{sign}"] = (
                    lambda v, k=k, h=half: plain(join([k(a) for a in halves(lanes(v, width), h == "high")], wide)))
                table[f"{twice}.extmul_{half}_{shape}_{sign}"] = lambda v, u, k=k, h=half: plain(join(
                    [k(a) * k(b) for a, b in zip(*(halves(lanes(x, width), h == "high") for x in (v, u)))], wide))
            table[f"{twice}.extadd_pairwise_{shape}_{sign}"] = lambda v, k=k: plain(join(
                [k(a) + k(b) for a, b in zip(lanes(v, width)[::2], lanes(v, width)[1::2])], wide))
            if width > 8:
                narrow, half_width = {16: "i8x16", 32: "i16x8"}[width], width // 2
                table[f"{narrow}.narrow_{shape}_{sign}"] = lambda v, u, t=sign == "s", w=half_width: plain(
                    join([clamp(s(a), w, t) for x in (v, u) for a in lanes(x, width)], w))
    return table


def float_shape(f):
    table, scalars = {}, float_operations(f)
    for name in ("add", "sub", "mul", "div", "min", "max", "sqrt", "ceil", "floor", "trunc", "nearest", "abs", "neg"):
        table[name] = float_lanes(f.width, scalars[name])
    for name in ("pmin", "pmax"):
        table[name] = float_lanes(f.width, lambda a, b, n=name: [getattr(f, n)(a, b)])
    for name in ("eq", "ne", "lt", "gt", "le", "ge"):
        table[name] = compare(f.width, lambda a, b, n=name: scalars[n](a, b)[0][0])
    table["splat"] = lambda a: plain(join([a] * (128 // f.width), f.width))
    return table


def dot(v, u):
    products = [signed(a, 16) * signed(b, 16) for a, b in zip(lanes(v, 16), lanes(u, 16))]
    return plain(join([a + b for a, b in zip(products[::2], products[1::2])], 32))


def pairs_of(width, results):
    """Lanes from results of scalar instructions, the rest zero."""
    return [(join([r[0][0] for r in results], width), lane_nans(width, [r[0][1] for r in results]))]


def vector():
    table = {}
    for shape, width in SHAPES.items():
        made = float_shape(F32 if width == 32 else F64) if shape[0] == "f" else integer_shape(shape, width)
        table |= {name if "." in name else f"{shape}.{name}": function for name, function in made.items()}
    m = (1 << 128) - 1
    table |= {
        "v128.not": lambda v: plain(~v & m), "v128.and": lambda v, u: plain(v & u), "v128.or": lambda v, u: plain(v | u),
        "v128.xor": lambda v, u: plain(v ^ u), "v128.andnot": lambda v, u: plain(v & ~u),
        "v128.bitselect": lambda v, u, c: plain(v & c | u & ~c), "v128.any_true": lambda v: plain(int(v != 0)),
        "i8x16.swizzle": lambda v, u: plain(join([lanes(v, 8)[i] if i < 16 else 0 for i in lanes(u, 8)], 8)),
        "i16x8.q15mulr_sat_s": lane_by_lane(16, lambda a, b: clamp((signed(a, 16) * signed(b, 16) + 0x4000) >> 15, 16, True)),
        "i32x4.dot_i16x8_s": dot,
        "f32x4.demote_f64x2_zero": lambda v: pairs_of(32, [SCALAR["f32.demote_f64"](a) for a in lanes(v, 64)]),
        "f64x2.promote_low_f32x4": lambda v: pairs_of(64, [SCALAR["f64.promote_f32"](a) for a in lanes(v, 32)[:2]]),
    }
    for sign in "su":
        t = sign == "s"
        table |= {
            f"i32x4.trunc_sat_f32x4_{sign}": lambda v, t=t: pairs_of(32, [truncate(F32, a, 32, t, True) for a in lanes(v, 32)]),
            f"i32x4.trunc_sat_f64x2_{sign}_zero": lambda v, t=t: pairs_of(32, [truncate(F64, a, 32, t, True) for a in lanes(v, 64)]),
            f"f32x4.convert_i32x4_{sign}": lambda v, s=sign: pairs_of(32, [SCALAR[f"f32.convert_i32_{s}"](a) for a in lanes(v, 32)]),
            f"f64x2.convert_low_i32x4_{sign}": lambda v, s=sign: pairs_of(
                64, [SCALAR[f"f64.convert_i32_{s}"](a) for a in lanes(v, 32)[:2]]),
        }
    return table | relaxed(table)


def multiply_add(f, negated):
    """Two roundings, which is this engine's choice of the two that are allowed."""
    def apply(a, b, c):
        product, first = f.mul(a ^ f.sign if negated and not f.is_nan(a) else a, b)
        total, second = f.add(product, c)
        return [(total, "arithmetic" if second and first == "arithmetic" else second)]
    return apply


def dot_bytes(v, u):
    """Both operands signed, sums that wrap: what is left open when the second has more than 7 bits."""
    products = [signed(a, 8) * signed(b, 8) for a, b in zip(lanes(v, 8), lanes(u, 8))]
    return [signed(a + b & 0xFFFF, 16) for a, b in zip(products[::2], products[1::2])]


def relaxed(strict):
    """Relaxed instructions do what their strict relatives do (docs of this engine); the others are spelled out."""
    table = {}
    for shape, f in (("f32x4", F32), ("f64x2", F64)):
        table[f"{shape}.relaxed_min"], table[f"{shape}.relaxed_max"] = strict[f"{shape}.min"], strict[f"{shape}.max"]
        table[f"{shape}.relaxed_madd"] = float_lanes(f.width, multiply_add(f, False))
        table[f"{shape}.relaxed_nmadd"] = float_lanes(f.width, multiply_add(f, True))
    for shape in ("i8x16", "i16x8", "i32x4", "i64x2"):
        table[f"{shape}.relaxed_laneselect"] = strict["v128.bitselect"]
    table["i8x16.relaxed_swizzle"] = strict["i8x16.swizzle"]
    for sign in "su":
        table[f"i32x4.relaxed_trunc_f32x4_{sign}"] = strict[f"i32x4.trunc_sat_f32x4_{sign}"]
        table[f"i32x4.relaxed_trunc_f64x2_{sign}_zero"] = strict[f"i32x4.trunc_sat_f64x2_{sign}_zero"]
    table["i16x8.relaxed_q15mulr_s"] = strict["i16x8.q15mulr_sat_s"]
    table["i16x8.relaxed_dot_i8x16_i7x16_s"] = lambda v, u: plain(join(dot_bytes(v, u), 16))
    table["i32x4.relaxed_dot_i8x16_i7x16_add_s"] = lambda v, u, c: plain(join(
        [a + b + x for a, b, x in zip(dot_bytes(v, u)[::2], dot_bytes(v, u)[1::2], lanes(c, 32))], 32))
    return table


VECTOR = vector()


def with_lane(name, lane):
    """extract_lane and replace_lane as functions for one lane; shuffle takes its sixteen lanes."""
    if name == "i8x16.shuffle":
        return lambda v, u: plain(join([(lanes(v, 8) + lanes(u, 8))[i] for i in lane], 8))
    shape, operation = name.split(".")
    width = SHAPES[shape]
    if operation.startswith("replace"):
        return lambda v, a: plain(join([a if i == lane else b for i, b in enumerate(lanes(v, width))], width))
    if operation.endswith("_s"):
        return lambda v: plain(signed(lanes(v, width)[lane], width) & 0xFFFFFFFF)
    return lambda v: plain(lanes(v, width)[lane])


def vectors_of(width, values, step):
    """Vectors that hold the values in turn; a second operand with another step meets other values."""
    count, made = 128 // width, []
    for start in range(len(values)):
        made.append(join([values[(start + i * step) % len(values)] for i in range(count)], width))
    return made
