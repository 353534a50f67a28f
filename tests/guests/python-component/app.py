"""A program in Python, made a component by componentize-py: what programs do first, by the word in its first argument."""
import hashlib
import json
import os
import random
import re
import sys
import time

from wit_world import exports


def hello():
    print("Hello from Python", ".".join(map(str, sys.version_info[:2])))


def surroundings():
    print(json.dumps(sys.argv[2:] if len(sys.argv) > 2 else []), json.dumps({k: os.environ.get(k) for k in ("WORD", "EMPTY", "NONE")}))


def files():
    folder = sys.argv[2]
    path = os.path.join(folder, "notes.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write("eins\nzwei\n" + "ü" * 3 + "\n")
    with open(path, encoding="utf-8") as file:
        print(file.read().splitlines())
    os.mkdir(os.path.join(folder, "inner"))
    os.rename(path, os.path.join(folder, "inner", "moved.txt"))
    print(sorted(os.listdir(folder)), os.stat(os.path.join(folder, "inner", "moved.txt")).st_size)
    try:
        open("/etc/passwd")
    except OSError as error:
        print("refused:", type(error).__name__)
    try:
        open(os.path.join(folder, "..", "passwd"))
    except OSError as error:
        print("refused:", type(error).__name__)


def work():
    text = " ".join(f"word{i * i % 97}" for i in range(5000))
    counts = {}
    for word in re.findall(r"\w+", text):
        counts[word] = counts.get(word, 0) + 1
    print(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:3])
    print(hashlib.sha256(text.encode()).hexdigest())
    print(json.loads(json.dumps({"a": [1, 2.5, None, "x"]})))
    random.seed(7)
    print([random.randrange(1000) for _ in range(5)], 7**77)
    assert time.time() > 1_600_000_000 and time.monotonic() >= 0 and len(os.urandom(16)) == 16


def given():
    for line in sys.stdin:
        print(line.rstrip("\n")[::-1])


def leave():
    print("before")
    sys.exit(3)


def fail():
    raise ValueError("on purpose")


class Run(exports.Run):
    def run(self):
        words = {"surroundings": surroundings, "files": files, "work": work, "given": given, "leave": leave, "fail": fail}
        words.get(sys.argv[1] if len(sys.argv) > 1 else "", hello)()
