"""How many tests of a phase passed, and which failed, read from what it left behind."""

import collections
import json
import re
import xml.etree.ElementTree

Result = collections.namedtuple("Result", "passed failures")


def by_exit_status(name):
    """A phase that is one test."""
    def count(ended, _log, _report):
        return Result(1, []) if ended == "0" else Result(0, ["%s (ended: %s)" % (name, ended)])
    return count


def by_junit(ended, _log, report):
    """A phase of pytest. One that ended badly without a failed test is itself a failure."""
    passed, failures = 0, []
    if report.exists():
        bad = {}
        cases = list(xml.etree.ElementTree.parse(report).iter("testcase"))
        for case in cases:
            # A test and its teardown may both fail: one name, one failure.
            name = "%s::%s" % (case.get("classname", ""), case.get("name"))
            kinds = {child.tag for child in case}
            if kinds & {"failure", "error"}:
                bad[name] = True
            elif "skipped" not in kinds:
                passed += 1
        failures = list(bad)
    if ended not in ("0", "1") or (ended == "1" and not failures) or passed + len(failures) == 0:
        failures.append("pytest (ended: %s)" % ended)
    return Result(passed, failures)


def meson_record(build):
    """Where `meson test` writes one line of JSON for each test program."""
    return build / "meson-logs" / "testlog.json"


def by_meson(build):
    """A phase of `meson test`: the tests inside a Criterion program count one by one."""
    def count(ended, _log, _report):
        passed, failures = 0, []
        record = meson_record(build)
        rows = record.read_text().splitlines() if record.exists() else []
        for row in map(json.loads, rows):
            good, bad = _criterion(row)
            passed += good
            failures += bad
        if ended == "0" and not failures and passed:
            return Result(passed, [])
        if not failures:
            failures.append("meson test (ended: %s)" % ended)
        return Result(passed, failures)
    return count


def _criterion(row):
    """What one program of the record says: how many passed, the names of what failed."""
    text = row.get("stdout", "") + row.get("stderr", "")
    synthesis = re.search(r"Synthesis: Tested: (\d+) \| Passing: (\d+)", text)
    names = re.findall(r"^\[(?:FAIL|CRASH|TIMEOUT)\] (\S+?):", text, re.M)
    passing = int(synthesis.group(2)) if synthesis else 0
    if row["result"] in ("OK", "EXPECTEDFAIL", "SKIP"):
        return (passing or int(row["result"] != "SKIP")), []
    return passing, ["%s %s" % (row["name"], name) for name in names] or [row["name"]]
