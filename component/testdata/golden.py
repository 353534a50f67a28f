#!/usr/bin/env python3
"""Writes component/testdata/golden.txt: what the specification's executable definition of the canonical ABI does.

  component/testdata/golden.py DEFINITIONS.PY > component/testdata/golden.txt

DEFINITIONS.PY is design/mvp/canonical-abi/definitions.py of the component-model repository, at the commit that
spec-tests/component/run names. The file's lines; all of one case belong to the last T and V before them:

  T DEFINITION; ... TYPE          a type; `$0` is the first definition, which a component has to name
  V WAVE                          a value of it
  E ENCODING FLAT AREA HEAP [SPILLED]
                                  the value lowered from UTF-8 of the host: as parameters, in memory, what was allocated, and that for
                                  parameters which go through memory
  P FROM TO FLAT AREA HEAP [SPILLED]   the same, lowered from what the E line of FROM says
  S ENCODING                      the E line again: from guest to guest nothing changes
  L ENCODING CHANGE => WAVE or !TRAP   lifted after a change to the E line: `f1=ff` slot 1, `a2=ff` byte 2 of AREA, `h3=ff` of HEAP

FLAT is a list of i32, i64, f32 and f64 as i, l, f and d with the bits. AREA lies at 256, HEAP begins at 1024, memories have
65,536 bytes, and realloc takes what is next, whatever it was given before; the guest that has the value keeps FLAT in the last 128
bytes. `-` stands for nothing, `*` for too many slots.
"""
import importlib.util
import random
import struct
import sys
import traceback

AREA, HEAP, SIZE = 256, 1024, 65536
SLOTS = SIZE - 128
ENCODINGS = ["utf8", "utf16", "latin1+utf16"]
MOST_TEXT = 300


def load_definitions(path):
    spec = importlib.util.spec_from_file_location("definitions", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["definitions"] = module
    spec.loader.exec_module(module)
    module.DETERMINISTIC_PROFILE = True
    return module


D = load_definitions(sys.argv[1])
R = random.Random(6)


class Context(D.LiftLowerContext):
    """One side of a call, with an allocator that only goes up."""

    def __init__(self, encoding, memory=None):
        self.next = HEAP
        self.memory = D.MemInst(bytearray(memory or bytes(SIZE)), "i32")
        super().__init__(D.LiftLowerOptions(encoding, self.memory, None), None)

    def reallocate(self, old, old_size, alignment, size):
        at = D.align_to(self.next, alignment)
        self.next = at + size
        count = min(old_size, size)
        self.memory.bytes[at:at + count] = self.memory.bytes[old:old + count]
        return at

    def heap(self):
        return bytes(self.memory.bytes[HEAP:self.next])


# ---- types, with the text of each

PRIMITIVES = {"bool": D.BoolType, "s8": D.S8Type, "u8": D.U8Type, "s16": D.S16Type, "u16": D.U16Type, "s32": D.S32Type,
              "u32": D.U32Type, "s64": D.S64Type, "u64": D.U64Type, "f32": D.F32Type, "f64": D.F64Type,
              "char": D.CharType, "string": D.StringType}
KEYS = ["bool", "s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64", "char", "string"]


class Maker:
    """Makes types; what has to have a name in a component gets a definition of its own."""

    def __init__(self):
        self.definitions = []

    def named(self, text):
        self.definitions.append(text)
        return f"${len(self.definitions) - 1}"

    def leaf(self, name):
        if name == "enum":
            labels = [f"e{i}" for i in range(R.choice([1, 3, 5]))]
            return D.EnumType(labels), self.named("(enum " + " ".join(f'"{l}"' for l in labels) + ")")
        if name == "flags":
            labels = [f"b{i}" for i in range(R.choice([1, 3, 8, 9, 16, 17, 31, 32]))]
            return D.FlagsType(labels), self.named("(flags " + " ".join(f'"{l}"' for l in labels) + ")")
        return PRIMITIVES[name](), name

    def some_leaf(self):
        return self.leaf(R.choice(list(PRIMITIVES) + ["enum", "flags"]))

    def composite(self, constructor, inner):
        t, text = inner
        if constructor == "list":
            return D.ListType(t), f"(list {text})"
        if constructor == "fixed":
            length = R.choice([1, 2, 3])
            return D.ListType(t, length), f"(list {text} {length})"
        if constructor == "option":
            return D.OptionType(t), f"(option {text})"
        if constructor == "map":
            k, k_text = self.leaf(R.choice(KEYS))
            return D.MapType(k, t), f"(map {k_text} {text})"
        if constructor == "result":
            other = None if R.random() < 0.3 else self.some_leaf()
            if R.random() < 0.5:
                return D.ResultType(t, other and other[0]), f"(result {text}" + (f" (error {other[1]}))" if other else ")")
            return D.ResultType(other and other[0], t), "(result" + (f" {other[1]}" if other else "") + f" (error {text}))"
        parts = [inner] + [self.some_leaf() for _ in range(R.choice([0, 1, 1, 2]))]
        R.shuffle(parts)
        if constructor == "tuple":
            return D.TupleType([p[0] for p in parts]), "(tuple " + " ".join(p[1] for p in parts) + ")"
        if constructor == "record":
            fields = [D.FieldType(f"f{i}", p[0]) for i, p in enumerate(parts)]
            return D.RecordType(fields), self.named("(record " + " ".join(f'(field "f{i}" {p[1]})' for i, p in enumerate(parts)) + ")")
        assert constructor == "variant"
        if R.random() < 0.5:
            parts.insert(R.randrange(len(parts) + 1), (None, None))
        cases = [D.CaseType(f"c{i}", p[0]) for i, p in enumerate(parts)]
        texts = [f'(case "c{i}" {p[1]})' if p[1] else f'(case "c{i}")' for i, p in enumerate(parts)]
        return D.VariantType(cases), self.named("(variant " + " ".join(texts) + ")")


# ---- values

STRINGS = ["", "a", "plain text", "caf\u00e9", "\u00ff", "\u0100", "a\u2603", "\u00e9\u2603\u00e9", "\U0001f600", "x\U0010ffffy",
           "nul\0nul", "\u0080\u07ff\u0800\uffff", "abcdefgh\u00e9abcdefgh", "\ud7ff\ue000"]
BITS = {"S8": 8, "U8": 8, "S16": 16, "U16": 16, "S32": 32, "U32": 32, "S64": 64, "U64": 64}


def host_string(text):
    return (text, "utf8", len(text.encode()))


def integer(t):
    name = type(t).__name__[:-4]
    bits = BITS[name]
    least, most = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if name[0] == "S" else (0, (1 << bits) - 1)
    return R.choice([least, most, 0, 1, R.randint(least, most)])


def value(t):
    u = D.despecialize(t)
    if isinstance(u, D.BoolType):
        return R.random() < 0.5
    if isinstance(u, D.F32Type):
        return R.choice([0.0, -0.0, 1.5, -2.0 ** 100, float("inf"), 2.0 ** -149])
    if isinstance(u, D.F64Type):
        return R.choice([0.0, -0.0, 0.1, -1e300, float("-inf"), 5e-324])
    if isinstance(u, D.CharType):
        return R.choice(["a", "\0", "\u00e9", "\ud7ff", "\ue000", "\U0010ffff"])
    if isinstance(u, D.StringType):
        return host_string(R.choice(STRINGS))
    if isinstance(u, D.ListType):
        return [value(u.t) for _ in range(u.l if u.l is not None else R.choice([0, 1, 2, 3]))]
    if isinstance(u, D.RecordType):
        return {f.label: value(f.t) for f in u.fields}
    if isinstance(u, D.VariantType):
        case = R.choice(u.cases)
        return {case.label: None if case.t is None else value(case.t)}
    if isinstance(u, D.FlagsType):
        return {l: R.random() < 0.5 for l in u.labels}
    return integer(u)


def quoted(text, quote):
    out = ""
    for c in text:
        if c == quote or c == "\\":
            out += "\\" + c
        elif " " <= c <= "~":
            out += c
        else:
            out += "\\u{%x}" % ord(c)
    return quote + out + quote


def number(v):
    if v != v:
        return "nan"
    if v in (float("inf"), float("-inf")):
        return "inf" if v > 0 else "-inf"
    return repr(v)


def wave(t, v):
    if isinstance(t, D.BoolType):
        return "true" if v else "false"
    if isinstance(t, (D.F32Type, D.F64Type)):
        return number(v)
    if isinstance(t, D.CharType):
        return quoted(v, "'")
    if isinstance(t, D.StringType):
        return quoted(v[0], '"')
    if isinstance(t, D.ListType):
        return "[" + ", ".join(wave(t.t, e) for e in v) + "]"
    if isinstance(t, D.MapType):
        return "[" + ", ".join(f"({wave(t.k, e['0'])}, {wave(t.v, e['1'])})" for e in v) + "]"
    if isinstance(t, D.TupleType):
        return "(" + ", ".join(wave(e, v[str(i)]) for i, e in enumerate(t.ts)) + ")"
    if isinstance(t, D.RecordType):
        return "{" + ", ".join(f"{f.label}: {wave(f.t, v[f.label])}" for f in t.fields) + "}"
    if isinstance(t, D.FlagsType):
        return "{" + ", ".join(l for l in t.labels if v[l]) + "}"
    if isinstance(t, D.EnumType):
        return next(iter(v))
    if isinstance(v, int):
        return str(v)
    (label, payload), = v.items()
    if isinstance(t, D.OptionType):
        return "none" if label == "none" else f"some({wave(t.t, payload)})"
    if isinstance(t, D.ResultType):
        carried = t.ok if label == "ok" else t.error
        word = "ok" if label == "ok" else "err"
        return word if carried is None else f"{word}({wave(carried, payload)})"
    carried = next(c.t for c in t.cases if c.label == label)
    return label if carried is None else f"{label}({wave(carried, payload)})"


def has_nan(v):
    if isinstance(v, float):
        return v != v
    if isinstance(v, dict):
        return any(has_nan(e) for e in v.values())
    return isinstance(v, list) and any(has_nan(e) for e in v)


# ---- lowering

class Image:
    """A value in a memory."""

    def __init__(self, encoding, t, v):
        self.encoding, self.t = encoding, t
        cx = Context(encoding)
        self.kinds = D.flatten_type(t, cx.opts)
        size = D.elem_size(t, "i32")
        if size > HEAP - AREA:
            raise OverflowError
        D.store(cx, v, t, AREA)
        self.area, self.heap = bytes(cx.memory.bytes[AREA:AREA + size]), cx.heap()
        self.flat = self.spilled = None
        cx = Context(encoding)
        lowered = D.lower_flat_values(cx, D.MAX_FLAT_PARAMS, [v], [t])
        if len(self.kinds) > D.MAX_FLAT_PARAMS:
            assert lowered == [HEAP]
            self.spilled = cx.heap()
            return
        assert cx.heap() == self.heap
        self.flat = [bits_of(kind, x) for kind, x in zip(self.kinds, lowered)]

    def words(self):
        flat = "*" if self.flat is None else ",".join(f"{'ilfd'[['i32', 'i64', 'f32', 'f64'].index(k)]}{b:x}"
                                                      for k, b in zip(self.kinds, self.flat)) or "-"
        words = [flat, self.area.hex() or "-", self.heap.hex() or "-"]
        return " ".join(words + ([self.spilled.hex() or "-"] if self.spilled is not None else []))

    def lift(self, way):
        """From slots or memory: a value, or the name of a trap."""
        memory = bytearray(SIZE)
        memory[AREA:AREA + len(self.area)] = self.area
        memory[HEAP:HEAP + len(self.heap)] = self.heap
        for i, bits in enumerate(self.flat or []):
            memory[SLOTS + 8 * i:SLOTS + 8 * i + 8] = bits.to_bytes(8, "little")
        cx = Context(self.encoding, memory)
        try:
            if way != "f":
                return D.load(cx, AREA, self.t), None
            slots = D.CoreValueIter([value_of(k, b) for k, b in zip(self.kinds, self.flat)])
            return D.lift_flat(cx, slots, self.t), None
        except D.Trap as trap:
            return None, trap_name(trap)


def bits_of(kind, v):
    if kind == "f32":
        return struct.unpack("<I", struct.pack("<f", v))[0]
    return struct.unpack("<Q", struct.pack("<d", v))[0] if kind == "f64" else v


def value_of(kind, bits):
    if kind == "f32":
        return struct.unpack("<f", struct.pack("<I", bits))[0]
    return struct.unpack("<d", struct.pack("<Q", bits))[0] if kind == "f64" else bits


def trap_name(trap):
    """Which trap it was: by the line that asked for it."""
    frame = [f for f in traceback.walk_tb(trap.__traceback__) if f[0].f_code.co_name not in ("trap", "trap_if")][-1]
    function = frame[0].f_code.co_name
    line = traceback.extract_tb(trap.__traceback__, limit=None)
    text = [f.line for f in line if f.name == function][-1]
    if function == "convert_i32_to_char":
        return "InvalidChar"
    if function in ("load_variant", "lift_flat_variant"):
        return "InvalidDiscriminant"
    of = {"load_string_from_range": "String", "load_list_from_range": "List"}[function]
    if "BYTE_LENGTH" in text:
        return of + "TooLong"
    if "align_to" in text:
        return "UnalignedPointer"
    if text == "trap()":
        return "InvalidUtf8" if frame[0].f_locals["encoding"] == "utf-8" else "InvalidUtf16"
    return of + "OutOfBounds"


def change(image, way):
    """Changes something, and says what; None: there is nothing."""
    if way == "f":
        if not image.flat:
            return None
        at = R.randrange(len(image.flat))
        width = 32 if image.kinds[at] in ("i32", "f32") else 64
        now = image.flat[at]
        image.flat[at] = R.choice([now ^ (1 << R.randrange(width)), now + 1, (1 << width) - 1, 1 << 28, R.getrandbits(width), 0,
                                   0xd800, 0x110000, SIZE, now | 0x80000000]) % (1 << width)
        return None if image.flat[at] == now else f"f{at}={image.flat[at]:x}"
    data = bytearray(image.area if way == "a" else image.heap)
    if not data:
        return None
    at = R.randrange(len(data))
    now = data[at]
    data[at] = R.choice([now ^ (1 << R.randrange(8)), 0xff, 0x80, 0xc0, 0xd8, now + 1, 0, 2]) & 0xff
    if way == "a":
        image.area = bytes(data)
    else:
        image.heap = bytes(data)
    return None if data[at] == now else f"{way}{at}={data[at]:x}"


def lines_of(t, v, changes):
    text = wave(t, v)
    images = {}
    out = []
    has_strings = "StringType" in repr(t)
    for encoding in ENCODINGS if has_strings else [R.choice(ENCODINGS)]:
        images[encoding] = Image(encoding, t, v)
        out.append(f"E {encoding} {images[encoding].words()}")
    if not has_strings:
        out.append("S " + next(iter(images)))
    else:
        pairs = [(a, b) for a in ENCODINGS for b in ENCODINGS]
        for a, b in pairs if isinstance(t, D.StringType) else R.sample(pairs, 2):
            lifted, trap = images[a].lift("a")
            assert trap is None
            out.append(f"P {a} {b} {Image(b, t, lifted).words()}")
    for _ in range(changes):
        encoding = R.choice(list(images))
        way = R.choice("fahh" if images[encoding].flat is not None else "ahh")
        image = Image(encoding, t, v)
        what = change(image, way)
        if what is None:
            continue
        lifted, trap = image.lift(way)
        if trap is None and has_nan(lifted):
            continue
        answer = f"!{trap}" if trap else wave(t, lifted)
        if len(answer) <= MOST_TEXT:
            out.append(f"L {encoding} {what} => {answer}")
    return text, out


def case(maker, made, count, changes):
    t, text = made
    written = set()
    for _ in range(count):
        v = value(t)
        if wave(t, v) in written:
            continue
        try:
            said, out = lines_of(t, v, changes)
        except OverflowError:
            continue
        if not written:
            print("T " + "; ".join(maker.definitions + ([] if text.startswith("$") else [text])))
        written.add(said)
        print("V " + said)
        print("\n".join(out))


def main():
    print(f"; Made by component/testdata/golden.py, which explains it. Do not edit.")
    for name in PRIMITIVES:
        maker = Maker()
        case(maker, maker.leaf(name), 60 if name == "string" else 8, 6)
    for name in ("enum", "flags"):
        for _ in range(12):
            maker = Maker()
            case(maker, maker.leaf(name), 2, 4)
    constructors = ["list", "fixed", "option", "map", "result", "tuple", "record", "variant"]
    for outer in constructors:
        for inner in constructors:
            for leaf in list(PRIMITIVES) + ["enum", "flags"]:
                maker = Maker()
                case(maker, maker.composite(outer, maker.composite(inner, maker.leaf(leaf))), 1, 4)


main()
