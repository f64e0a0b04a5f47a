"""Runs the phases of tools/test and adds up what they counted."""

import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import counting  # noqa: E402
import phases  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOGS = ROOT / "build" / "test-logs"
NAMES_SHOWN = 40
TAIL_LINES = 40


def environment(scratch):
    """What every phase runs in: temporary files in one place, sanitizers that do not forgive."""
    env = dict(os.environ)
    programs = scratch / "bin"
    programs.mkdir()
    redis = shutil.which("redis-check-rdb")
    if not shutil.which("redis-server") and redis:
        (programs / "redis-server").symlink_to(redis)
    env.update(
        PATH="%s:%s" % (env["PATH"], programs),
        TMPDIR=str(scratch),
        PYTHONDONTWRITEBYTECODE="1",
        ASAN_OPTIONS="detect_stack_use_after_return=1:strict_string_checks=1",
        UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1",
        TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1",
    )
    return env


def run(phase, env, scratch):
    """Runs the commands of a phase until one fails. Answers a counting.Result."""
    log_path = LOGS / (phase.name + ".log")
    report = scratch / (phase.name + ".xml")
    deadline = time.monotonic() + phase.seconds
    ended = "0"
    for stale in phase.records:
        stale.unlink(missing_ok=True)
    with open(log_path, "wb") as log:
        for command in phase.commands(report):
            log.write(("$ %s\n" % " ".join(command)).encode())
            log.flush()
            process = subprocess.Popen(command, cwd=ROOT, env={**env, **phase.env}, stdout=log,
                                       stderr=log, stdin=subprocess.DEVNULL,
                                       start_new_session=True)
            try:
                code = process.wait(max(1.0, deadline - time.monotonic()))
                ended = str(code)
            except subprocess.TimeoutExpired:
                code, ended = 1, "stopped after %d s" % phase.seconds
            finally:
                kill_group(process)
            if code != 0:
                break
    return phase.count(ended, log_path, report)


def kill_group(process):
    """Ends what the phase may have left behind in its process group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def show_failure(phase, result):
    log = LOGS / (phase.name + ".log")
    for name in result.failures[:NAMES_SHOWN]:
        print("    FAILED %s" % name)
    if len(result.failures) > NAMES_SHOWN:
        print("    ... and %d more" % (len(result.failures) - NAMES_SHOWN))
    if not log.exists():
        return
    lines = log.read_text(errors="replace").splitlines()
    print("    --- the end of %s" % log.relative_to(ROOT))
    for line in lines[-TAIL_LINES:]:
        print("    | %s" % line[:300])
    print("    ---", flush=True)


def choose(everything, words):
    """The phases the words name, with what they need, in order."""
    chosen = {p.name for p in everything if not words or any(map(p.name.startswith, words))}
    for phase in reversed(everything):
        if phase.name in chosen:
            chosen |= set(phase.needs)
    return [p for p in everything if p.name in chosen]


def main():
    parser = argparse.ArgumentParser(prog="tools/test", description=__doc__)
    parser.add_argument("phases", nargs="*", help="the beginnings of names; default: all")
    parser.add_argument("--list", action="store_true", help="print the names and end")
    options = parser.parse_args()
    everything = phases.make(ROOT)
    todo = choose(everything, options.phases)
    if not todo:
        parser.error("no such phase; see --list")
    if options.list:
        for phase in everything:
            print("%-18s %s" % (phase.name, phase.about))
        return 0
    LOGS.mkdir(parents=True, exist_ok=True)
    passed, failures, broken = 0, [], set()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="shoal-tests-") as folder:
        scratch = pathlib.Path(folder)
        env = environment(scratch)
        for phase in todo:
            start = time.monotonic()
            missing = broken.intersection(phase.needs)
            if missing:
                (LOGS / (phase.name + ".log")).unlink(missing_ok=True)
                result = counting.Result(0, ["not run, %s failed" % ", ".join(missing)])
            else:
                result = run(phase, env, scratch)
            if result.failures:
                broken.add(phase.name)
            print("%5d passed %5d failed %5d s  %s"
                  % (result.passed, len(result.failures), time.monotonic() - start, phase.name),
                  flush=True)
            if result.failures:
                show_failure(phase, result)
            passed += result.passed
            failures += ["%s: %s" % (phase.name, name) for name in result.failures]
    for failure in failures[:NAMES_SHOWN]:
        print("FAILED %s" % failure)
    if len(failures) > NAMES_SHOWN:
        print("... and %d more, see above" % (len(failures) - NAMES_SHOWN))
    print("%d s in all" % (time.monotonic() - started))
    print("%d passed, %d failed" % (passed, len(failures)))
    return 1 if failures else 0


if __name__ == "__main__":
    # A stop by signal unwinds like Ctrl-C, so that the phase at hand and the files go away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
