#!/usr/bin/python3
"""Builds the fuzzers with clang's libFuzzer, ASan and UBSan, and runs each for some seconds.

What one finds stays in build-fuzz/, with the seed corpus made here; to see it again, run
build-fuzz/fuzz_<name> with the file of the input.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build-fuzz"
CLANG = "clang-14"
FLAGS = ["-std=gnu11", "-D_GNU_SOURCE", "-g", "-O1", "-Wall", "-Wextra", "-Werror",
         "-Wno-unused-parameter", "-fno-omit-frame-pointer",
         "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=undefined", "-I%s" % ROOT]


def array(*arguments):
    """A command as RESP writes it."""
    parts = [b"*%d\r\n" % len(arguments)]
    parts += [b"$%d\r\n%s\r\n" % (len(a), a) for a in arguments]
    return b"".join(parts)


STREAMS = [
    array(b"PING"), array(b"SET", b"key", b"value") * 3, array(b"SET", b"k", b"v" * 100) * 2,
    array(*[b"a"] * 30), array(b"GET", b"") + b"PING\r\n" + array(b"ECHO", b"x" * 24),
    b"set a \"b\\x41\\n\" 'c\\'d'\r\n", b"\r\n\n  \r\n*0\r\n*-1\r\nPING\n", b"*x\r\n",
    b"*1\r\n$x\r\n", b"*1\r\n$-1\r\n", b"*1\r\nPING\r\n", b"*99999999999\r\n",
    b"*01\r\n$4\r\nPING\r\n",
    b"*1\r\n$04\r\nPING\r\n", b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$60\r\n" + b"y" * 59,
    b"a" * 250 + b"\r\n", b"*" + b"1" * 250, b"*1\r\n$" + b"1" * 250, b"'a'b\r\n", b"\"open\r\n",
    b"*1000\r\n$1\r\na\r\n", b"*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n",
]
LINES = [b"save 900 1", b"a 'b c' \"d\\n\\x41\"", b"'it\\'s'", b"\"\"", b"\"a\"b", b"'",
         b"\t\x0b\x0c x", b"a\"b\"", b"\\", b"\"\\", b"\"\\x4\"", b"a\0b"]
NUMBERS = [b"0", b"-0", b"1", b"-1", b"01", b"+1", b"9223372036854775807", b"-9223372036854775808",
           b"9223372036854775808", b"18446744073709551615", b"18446744073709551616", b"1.5", b"-.5",
           b"1e400", b"1e-400", b"0x1p-3", b"inf", b"-Infinity", b"nan", b" 1", b"1 ", b"5e-324",
           b"123456789012345678901234567890", b"0.1", b"1kb", b"10GB", b"1k1",
           b"\0\0\0\0\0\0\xf0?", b"\x9a\x99\x99\x99\x99\x99\xb9?", b"\1\0\0\0\0\0\0\0"]

# Name of a fuzzer: its share of the time, what it is linked with, and its seeds.
FUZZERS = {
    "resp": (0.6,
             ["base/alloc.c", "base/args.c", "base/buffer.c", "base/number.c", "base/random.c"],
             [bytes([options]) + b"seeds of" + stream
              for stream in STREAMS for options in (2, 3, 9, 14)]),
    "args": (0.2, ["base/alloc.c", "base/args.c", "base/buffer.c"], LINES),
    "number": (0.2, ["base/alloc.c", "base/number.c"], NUMBERS),
}


def build(name):
    source = "test/fuzz/fuzz_%s.c" % name
    program = BUILD / ("fuzz_" + name)
    subprocess.run([CLANG, *FLAGS, "-o", str(program), source, *FUZZERS[name][1], "-lm"],
                   cwd=ROOT, check=True)
    return program


def fuzz(name, seconds, seed):
    """True: it found nothing."""
    program = build(name)
    corpus, finds = BUILD / (name + "-corpus"), BUILD / (name + "-finds")
    shutil.rmtree(corpus, ignore_errors=True)
    for folder in (corpus, finds):
        folder.mkdir(exist_ok=True)
    for number, content in enumerate(FUZZERS[name][2]):
        (corpus / ("seed-%d" % number)).write_bytes(content)
    options = ["-max_total_time=%d" % seconds, "-seed=%d" % seed, "-max_len=2048", "-timeout=10",
               "-rss_limit_mb=2048", "-print_final_stats=1", "-verbosity=0",
               "-artifact_prefix=%s/" % finds]
    environment = dict(os.environ, UBSAN_OPTIONS="print_stacktrace=1")
    ended = subprocess.run([str(program), *options, str(corpus)], cwd=BUILD, env=environment)
    print("%s: %s" % (name, "nothing found" if ended.returncode == 0 else "FAILED"), flush=True)
    return ended.returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="of fuzzers; default: all")
    parser.add_argument("--seconds", type=int, default=30, help="in all")
    parser.add_argument("--seed", type=int, default=0, help="0: at random")
    options = parser.parse_args()
    BUILD.mkdir(exist_ok=True)
    names = options.names or list(FUZZERS)
    shares = sum(FUZZERS[name][0] for name in names)
    results = [fuzz(name, max(1, round(options.seconds * FUZZERS[name][0] / shares)), options.seed)
               for name in names]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
