"""Medians, paired ratios and the Markdown tables made of them."""

import datetime
import os
import platform
import shlex
import statistics
import subprocess

FIGURES = ("throughput", "cpu_us", "p50_us", "p99_us", "p999_us", "max_us", "client_busy",
           "server_busy", "others_busy")
RATIOS = ("throughput", "cpu_us", "p50_us", "p99_us", "p999_us")


def machine(root):
    """What a reader needs to know to judge the figures."""
    def first_match(path, key):
        try:
            with open(path, encoding="utf-8") as file:
                return next((line.split(":", 1)[1].strip() for line in file
                             if line.startswith(key)), None)
        except OSError:
            return None

    def text(path):
        try:
            with open(path, encoding="utf-8") as file:
                return file.read().strip()
        except OSError:
            return None

    def git(*words):
        done = subprocess.run(["git", "-C", root, *words], capture_output=True, text=True,
                              check=False)
        return done.stdout.strip() if done.returncode == 0 else None

    return {"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "kernel": platform.release(), "architecture": platform.machine(),
            "cpu": first_match("/proc/cpuinfo", "model name"), "cores": os.cpu_count(),
            "memory": first_match("/proc/meminfo", "MemTotal"), "load_average": os.getloadavg(),
            "transparent_hugepage": text("/sys/kernel/mm/transparent_hugepage/enabled"),
            "governor": text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            "python": platform.python_version(), "shoal_commit": git("rev-parse", "HEAD"),
            "shoal_dirty": bool(git("status", "--porcelain"))}


def median_of(rows, figure):
    return statistics.median(row[figure] for row in rows)


def paired_ratio(rows, reference_rows, figure):
    """Median over the rounds of this server's figure by the reference's of the same round."""
    reference = {row["round"]: row[figure] for row in reference_rows}
    ratios = [row[figure] / reference[row["round"]] for row in rows
              if reference.get(row["round"])]
    return statistics.median(ratios) if ratios else None


def summarise(section):
    """One row a workload and server: medians, and ratios to the reference server.

    Servers that also ran with one thread get the ratio to that as one_thread_ratio.
    """
    if section["kind"] == "memory":
        return summarise_memory(section)
    if section["kind"] == "growth":
        return summarise_growth(section)
    if section["kind"] == "elements":
        return summarise_elements(section)
    if section["kind"] == "stall":
        return summarise_stall(section)
    rows = []
    for workload in unique(section["rounds"], "workload"):
        runs = [row for row in section["rounds"] if row["workload"] == workload]
        reference = [row for row in runs if row["server_name"] == section["reference"]]
        top = max((row["threads"] for row in reference), default=None)
        reference = [row for row in reference if row["threads"] == top]
        for label in unique(runs, "server"):
            mine = [row for row in runs if row["server"] == label]
            single = [row for row in runs if row["server_name"] == mine[0]["server_name"]
                      and row["threads"] == 1]
            row = {"workload": workload, "server": label, "rounds": len(mine)}
            row.update({figure: median_of(mine, figure) for figure in FIGURES})
            row["ratio"] = {figure: paired_ratio(mine, reference, figure) for figure in RATIOS}
            if single and mine[0]["threads"] > 1:
                row["one_thread_ratio"] = {figure: paired_ratio(mine, single, figure)
                                           for figure in RATIOS}
            row["errors"] = sum(r["errors"] or 0 for r in mine)
            row["misses"] = sum(r["misses"] or 0 for r in mine)
            rows.append(row)
    return rows


def summarise_memory(section):
    rows = []
    for data_set in unique(section["rounds"], "data_set"):
        runs = [row for row in section["rounds"] if row["data_set"] == data_set]
        reference = [row for row in runs if row["server_name"] == section["reference"]]
        for label in unique(runs, "server"):
            mine = [row for row in runs if row["server"] == label]
            rows.append({"data_set": data_set, "server": label, "rounds": len(mine),
                         "bytes_per_key": median_of(mine, "bytes_per_key"),
                         "empty_rss_bytes": median_of(mine, "empty_rss_bytes"),
                         "ratio": paired_ratio(mine, reference, "bytes_per_key"),
                         "empty_ratio": paired_ratio(mine, reference, "empty_rss_bytes")})
    return rows


def flatten_growth(row):
    flat = {"round": row["round"], "keys_per_second": row["keys_per_second"]}
    for phase in ("quiet", "growing"):
        for kind in ("ping", "get"):
            flat[f"{phase}_{kind}_max_us"] = row[phase][kind]["max_us"]
            flat[f"{phase}_{kind}_p999_us"] = row[phase][kind]["p999_us"]
    return flat


def summarise_growth(section):
    rows = []
    runs = section["rounds"]
    reference = [flatten_growth(r) for r in runs if r["server_name"] == section["reference"]]
    for label in unique(runs, "server"):
        mine = [flatten_growth(row) for row in runs if row["server"] == label]
        row = {"server": label, "rounds": len(mine)}
        row.update({name: median_of(mine, name) for name in mine[0] if name != "round"})
        row["least"] = {name: min(r[name] for r in mine) for name in mine[0]
                        if name.endswith("max_us")}
        row["ratio"] = {name: paired_ratio(mine, reference, name)
                        for name in ("growing_ping_max_us", "growing_get_max_us")}
        rows.append(row)
    return rows


def summarise_elements(section):
    rows = []
    for data_set in unique(section["rounds"], "data_set"):
        runs = [row for row in section["rounds"] if row["data_set"] == data_set]
        reference = [row for row in runs if row["server_name"] == section["reference"]]
        for label in unique(runs, "server"):
            mine = [row for row in runs if row["server"] == label]
            rows.append({"data_set": data_set, "server": label, "rounds": len(mine),
                         "elements": mine[0]["elements"],
                         "bytes_per_element": median_of(mine, "bytes_per_element"),
                         "ratio": paired_ratio(mine, reference, "bytes_per_element")})
    return rows


def summarise_stall(section):
    rows = []
    for key in unique(section["rounds"], "key"):
        runs = [row for row in section["rounds"] if row["key"] == key]
        for phase in unique(runs, "phase"):
            for label in unique(runs, "server"):
                mine = [row for row in runs if (row["phase"], row["server"]) == (phase, label)]
                rows.append({"key": key, "phase": phase, "server": label, "rounds": len(mine),
                             **{name: median_of(mine, name) for name in
                                ("max_us", "p999_us", "quiet_max_us", "seconds")},
                             "least_us": min(row["max_us"] for row in mine)})
    return rows


def unique(rows, name):
    return list(dict.fromkeys(row[name] for row in rows))


# --- Markdown ---------------------------------------------------------------------------------

def ratio(value):
    return "-" if value is None else f"{value:.2f}"


def table(head, rows):
    """A Markdown table; the first two columns are text, the others numbers."""
    marks = ["---", "---"] + ["---:"] * (len(head) - 2)
    return ["| " + " | ".join(str(cell) for cell in row) + " |" for row in (head, marks, *rows)]


def load_table(section):
    head = ["workload", "server", "ops/s", "ratio", "CPU us/op", "ratio", "p50 us", "p99 us",
            "p99.9 us", "ratio", "client busy", "server CPUs", "other CPUs"]
    body, notes = [], []
    for row in section["summary"]:
        body.append([row["workload"], row["server"], f"{row['throughput']:,.0f}",
                     ratio(row["ratio"]["throughput"]), f"{row['cpu_us']:.3f}",
                     ratio(row["ratio"]["cpu_us"]), f"{row['p50_us']:,.0f}",
                     f"{row['p99_us']:,.0f}", f"{row['p999_us']:,.0f}",
                     ratio(row["ratio"]["p999_us"]), f"{row['client_busy']:.0%}",
                     f"{row['server_busy']:.2f}", f"{row['others_busy']:.2f}"])
        if "one_thread_ratio" in row:
            notes.append(f"- {row['workload']}, {row['server']} by the same server with one "
                         f"thread: throughput {ratio(row['one_thread_ratio']['throughput'])}, "
                         f"CPU an operation {ratio(row['one_thread_ratio']['cpu_us'])}, "
                         f"p99.9 {ratio(row['one_thread_ratio']['p999_us'])}.")
        if row["errors"] or row["misses"]:
            notes.append(f"- **{row['workload']}, {row['server']}: {row['errors']} error replies, "
                         f"{row['misses']} missing keys.**")
    notes += [f"- {name} skipped: the load generator cannot mix commands."
              for name in section["skipped"]]
    notes += [f"- {name} left out: {why}."
              for name, why in section.get("left_out", {}).items()]
    for server in section["servers"]:
        notes.append(f"- {server['label']}: {server['keys']:,} keys prefilled, resident "
                     f"{server['filled_rss_bytes'] / 2**20:,.0f} MiB "
                     f"({server['empty_rss_bytes'] / 2**20:,.1f} empty).")
    where = (f"server on core {section['server_cores']}, client on core {section['client_cores']}"
             if section["pinned"] else
             f"servers and client together on cores {section['client_cores']}")
    return [f"{where}; {section['client_threads']} client thread(s); {section['keys']:,} keys.",
            "", *table(head, body), "", *notes]


def memory_table(section):
    head = ["keys of 16 bytes with", "server", "bytes/key", "ratio", "empty server MiB", "ratio"]
    body = [[row["data_set"], row["server"], f"{row['bytes_per_key']:.1f}", ratio(row["ratio"]),
             f"{row['empty_rss_bytes'] / 2**20:.1f}", ratio(row["empty_ratio"])]
            for row in section["summary"]]
    return [f"{section['keys']:,} keys; 2 threads where a server has them; VmRSS over the empty "
            "server's.", "", *table(head, body)]


def growth_table(section):
    head = ["phase", "server", "longest PING ms", "ratio", "least", "longest GET ms", "ratio",
            "least", "GET p99.9 us", "keys/s"]
    body = []
    for row in section["summary"]:
        for title, phase in (("idle", "quiet"), ("filling", "growing")):
            cells = [title, row["server"]]
            for name in (f"{phase}_ping_max_us", f"{phase}_get_max_us"):
                cells += [f"{row[name] / 1000:.2f}", ratio(row["ratio"].get(name)),
                          f"{row['least'][name] / 1000:.2f}"]
            rate = f"{row['keys_per_second']:,.0f}" if phase == "growing" else "-"
            body.append(cells + [f"{row[f'{phase}_get_p999_us']:,.0f}", rate])
    return [f"From {section['from']:,} to {section['to']:,} keys, one server thread on its own "
            "core; a second connection probes in turn with PING and GET. Longest: the median "
            "of the rounds' longest waits; least: the smallest of them, which a disturbed "
            "machine spoils least (a pause the server makes itself is in every round).", "",
            *table(head, body)]


def elements_table(section):
    head = ["collection", "server", "elements", "bytes/element", "ratio"]
    body = [[row["data_set"], row["server"], f"{row['elements']:,}",
             f"{row['bytes_per_element']:.1f}", ratio(row["ratio"])]
            for row in section["summary"]]
    return ["VmRSS over the empty server's, one thread; of small collections the key and all that "
            "belongs to it is part of it.", "", *table(head, body)]


def stall_table(section):
    head = ["phase", "server", "longest GET ms", "least", "idle ms", "GET p99.9 us", "seconds"]
    body = [[f"{row['key']}: {row['phase']}", row["server"], f"{row['max_us'] / 1000:.2f}",
             f"{row['least_us'] / 1000:.2f}", f"{row['quiet_max_us'] / 1000:.2f}",
             f"{row['p999_us']:,.0f}", f"{row['seconds']:.1f}"] for row in section["summary"]]
    return [f"One key of {section['elements']:,} elements, one server thread on its own core; a "
            "second connection sends one GET after the other. Longest: the median of the rounds' "
            "longest waits; least: the smallest of them; idle: the longest wait of the same "
            "connection before, while nobody did anything.", "", *table(head, body)]


TABLES = {"load": load_table, "memory": memory_table, "growth": growth_table,
          "elements": elements_table, "stall": stall_table}


def markdown(document):
    """The whole report."""
    facts = document["machine"]
    lines = [f"# Benchmark, {facts['date']}", "",
             f"{facts['cpu']}, {facts['cores']} cores, {facts['memory']}; Linux "
             f"{facts['kernel']}; load {document['generator']['version']}. Medians of "
             f"{document['options']['rounds']} interleaved rounds of "
             f"{document['options']['seconds']:g} s (growth and memory: at most 3 rounds); a ratio "
             f"is the median of the rounds' ratios to {document['options']['reference']}. "
             "Client busy near 100 % means the client was the limit; other CPUs is what the rest "
             "of the machine (or its host) took from the two cores: much of it spoils a figure.",
             ""]
    for section in document["sections"]:
        lines += [f"## {section['name']}", "", *TABLES[section["kind"]](section), ""]
    lines += ["## Servers", ""]
    seen = {}
    for section in document["sections"]:
        for server in section["servers"]:
            seen.setdefault(server["label"], server)
    for label, server in sorted(seen.items()):
        version = ", ".join(f"{name} {value}" for name, value in server["version"].items())
        lines.append(f"- {label}: {version or 'version unknown'}; "
                     f"`{shlex.join([os.path.basename(server['argv'][0])] + server['argv'][1:])}`")
    return "\n".join(lines) + "\n"
