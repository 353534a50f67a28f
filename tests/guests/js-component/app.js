// A program in JavaScript, made a component by componentize-qjs: the world's interfaces as modules, and nothing else.
import { getArguments, getEnvironment } from "wasi:cli/environment@0.2.4";
import { exit } from "wasi:cli/exit@0.2.4";
import { getStdin } from "wasi:cli/stdin@0.2.4";
import { getStdout } from "wasi:cli/stdout@0.2.4";
import { getDirectories } from "wasi:filesystem/preopens@0.2.4";
import { now } from "wasi:clocks/monotonic-clock@0.2.4";
import { getRandomBytes } from "wasi:random/random@0.2.4";

const bytesOf = (text) => Uint8Array.from(unescape(encodeURIComponent(text)), (letter) => letter.charCodeAt(0));
const textOf = (bytes) => decodeURIComponent(escape(String.fromCharCode(...bytes)));
const say = (value) => getStdout().blockingWriteAndFlush(bytesOf((typeof value === "string" ? value : JSON.stringify(value)) + "\n"));

const words = {
  hello: () => say("Hello from JavaScript"),
  surroundings: () => say([getArguments().slice(2), getEnvironment()]),
  work: () => {
    const primes = [];
    for (let n = 2; primes.length < 500; ++n) if (primes.every((p) => n % p !== 0)) primes.push(n);
    const counts = new Map();
    for (const word of "the quick brown fox jumps over the lazy dog the end".split(/\s+/)) counts.set(word, (counts.get(word) ?? 0) + 1);
    say([primes.at(-1), [...counts].filter(([, count]) => count > 1), 2n ** 100n + "", getRandomBytes(16).length, now() >= 0]);
  },
  files: () => {
    const [[folder, name]] = getDirectories();
    const file = folder.openAt({}, "notes.txt", { create: true, truncate: true }, { read: true, write: true });
    say([name, Number(file.write(bytesOf("one\ntwo ü\n"), 0))]);
    const [bytes, isEnd] = file.read(100, 0);
    say([textOf(bytes), isEnd, Number(file.stat().size)]);
    folder.createDirectoryAt("inner");
    for (const path of ["inner", "../outside", "/etc/passwd", "nothing"]) {
      try {
        folder.openAt({}, path, {}, { read: true, write: true });
        say(path + ": opened");
      } catch (error) {
        say(path + ": " + (error.payload ?? error.message ?? error));
      }
    }
  },
  given: () => {
    const input = getStdin();
    let text = "";
    try {
      for (;;) text += textOf(input.blockingRead(4096));
    } catch {}
    say(text.split("\n").map((line) => [...line].reverse().join("")).join("\n"));
  },
  leave: () => exit({ tag: "err" }),
  fail: () => {
    throw new Error("on purpose");
  },
};

export const run = { run: () => (words[getArguments()[1]] ?? words.hello)() };
