"""The embedding of QuickJS that main.cc is compared with, in Python over the Wasmtime library.

  peer.py GUEST SCRIPT     used by `tools/guests --compare` alone, to record what Wasmtime makes of the scripts
"""
import struct
import sys
from pathlib import Path

import wasmtime

ERROR = -1
CLOCK_NS = 1_700_000_000_123_456_789
TABLE = {"greeting": "ahoy", "unicode": "渡し舟 🚣", "long": "0123456789" * 5000}
PRELUDE = "globalThis.print = (...values) => hostPrint(values.map(String).join(' '));"


class QuickJs:
    def __init__(self, path):
        engine = wasmtime.Engine()
        linker = wasmtime.Linker(engine)
        linker.define_wasi()  # for what is never called; the clock below stands still, so that every run is the same
        linker.allow_shadowing = True
        i32, i64 = wasmtime.ValType.i32, wasmtime.ValType.i64
        linker.define_func("wasi_snapshot_preview1", "clock_time_get", wasmtime.FuncType([i32(), i64(), i32()], [i32()]),
                           self.clock_time_get)
        for name, count, function in (("host_call", 5, self.host_call), ("host_interrupt", 0, lambda: 0),
                                      ("host_module_normalize", 5, lambda *_: 0), ("host_module_load", 3, lambda *_: 0)):
            linker.define_func("env", name, wasmtime.FuncType([i32()] * count, [i32()]), function)
        self.store = wasmtime.Store(engine)
        self.store.set_wasi(wasmtime.WasiConfig())
        self.exports = linker.instantiate(self.store, wasmtime.Module.from_file(engine, path)).exports(self.store)

    def clock_time_get(self, clock, precision, at):
        self.exports["memory"].write(self.store, struct.pack("<Q", CLOCK_NS), at)
        return 0

    def call(self, name, *args):
        return self.exports[name](self.store, *args)

    def read(self, at, length):
        return bytes(self.exports["memory"].read(self.store, at, at + length))

    def put(self, data):
        at = self.call("qjs_alloc", max(len(data), 1))
        self.exports["memory"].write(self.store, data, at)
        return at

    def out(self, name, *args):
        """Calls an export whose last parameter is where a handle is written; returns status and handle."""
        slot = self.put(bytes(8))
        status = self.call(name, *args, slot)
        return status, self.read(slot, 8)

    def text(self, name, handle):
        if self.call(name, handle) != 0:
            return ""
        length = self.call("qjs_last_len")
        data = self.read(self.call("qjs_last_ptr"), length) if length else b""
        self.call("qjs_result_free")
        return data.decode()

    def number(self, handle):
        return struct.unpack("<d", self.out("get_number", handle)[1])[0]

    def property(self, handle, key):
        data = key.encode()
        status, raw = self.out("get_prop", handle, self.put(data), len(data))
        return struct.unpack("<i", raw[:4])[0] if status == 0 else 0

    def string(self, text):
        data = text.encode()
        return self.call("new_string", self.put(data), len(data))

    def host_call(self, name_at, name_length, this, argc, argv):
        name = self.read(name_at, name_length).decode()
        args = struct.unpack(f"<{argc}i", self.read(argv, 4 * argc))
        if name == "hostPrint":
            print(self.text("get_string", args[0]))
            return self.call("new_undefined")
        if name == "add":
            bits = struct.unpack("<q", struct.pack("<d", self.number(args[0]) + self.number(args[1])))[0]
            return self.call("new_number", bits)
        if name == "lookup":
            found = TABLE.get(self.text("get_string", args[0]))
            return self.call("new_null") if found is None else self.string(found)
        return ERROR

    def install(self, name):
        data = name.encode()
        function = self.call("new_function", self.put(data), len(data))
        self.call("set_prop", self.call("global_object"), self.put(data), len(data), function)

    def evaluate(self, source):
        data = source.encode()
        status, raw = self.out("eval_code", self.put(data), len(data))
        if status != 0:
            status, raw = self.out("last_exception")
            error = struct.unpack("<i", raw[:4])[0]
            name, message = (self.text("get_string", self.property(error, key)) for key in ("name", "message"))
            return f"uncaught {name}: {message}"
        handle = struct.unpack("<i", raw[:4])[0]
        kind = self.text("type_of", handle)
        if kind == "string":
            return f"{kind} {self.text('get_string', handle)}"
        return f"{kind} {self.number(handle):.17g}" if kind == "number" else kind


def main():
    sys.stdout.reconfigure(encoding="utf-8")
    js = QuickJs(sys.argv[1])
    for name in ("hostPrint", "add", "lookup", "failing"):
        js.install(name)
    js.evaluate(PRELUDE)
    result = js.evaluate(Path(sys.argv[2]).read_text(encoding="utf-8"))
    print(f"jobs {js.call('execute_pending_jobs')}")
    print(f"after {js.evaluate('typeof afterJobs === `function` ? afterJobs() : `-`')}")
    print(f"result {result}")
    return 1 if result.startswith("uncaught") else 0


if __name__ == "__main__":
    sys.exit(main())
