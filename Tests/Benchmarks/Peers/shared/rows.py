"""How the Python peers take and print their measurements: as ../../Measurement.swift does, on one thread or on two."""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

parser = argparse.ArgumentParser()
parser.add_argument("--works", help="only these works: W1,W4")
parser.add_argument("--json", help="write the rows to this file")
parser.add_argument("--threads", type=int, default=1, help="how many threads to use, and so many cores")
options = parser.parse_args()
threads = f"{options.threads} thread" + ("" if options.threads == 1 else "s")
rows = []

# Read when the packages are loaded. What counts the cores that it may use finds so many.
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(options.threads)
can_pin = hasattr(os, "sched_setaffinity")  # Linux
cores = sorted(os.sched_getaffinity(0)) if can_pin else list(range(os.cpu_count()))
if can_pin:
    os.sched_setaffinity(0, cores[-options.threads :])


def samples(body, count=11, seconds=0.03):
    """Seconds an execution, each sample repeated until it lasts long enough."""
    body()
    repetitions, duration = 1, 0.0
    while duration < seconds / 2:
        repetitions *= 2
        start = time.perf_counter()
        for _ in range(repetitions):
            body()
        duration = time.perf_counter() - start
    repetitions = max(1, int(repetitions * seconds / duration))
    for _ in range(count):
        start = time.perf_counter()
        for _ in range(repetitions):
            body()
        yield (time.perf_counter() - start) / repetitions


def row(work, case, unit, body, per=1, check=lambda: True, times=samples):
    """Checks a result, then times the work; `per` is how many of the unit's things one execution does."""
    # What more threads share is named by how many they are.
    if options.works and work not in options.works.split(",") or options.threads > 1 and threads not in case:
        return
    if not check():
        sys.exit(f"WRONG: {work} {case}")
    seconds = list(times(body))
    median = statistics.median(seconds)
    scales = {"ns/step": 1e9, "us/step": 1e6, "us": 1e6, "ns/op": 1e9, "ps/elem": 1e12, "ms": 1e3}
    value = per / median * 1e-9 if unit == "GFLOP/s" else median * scales[unit] / per
    print(f"{work:8}{case:72}{value:9.1f} {unit:10}{min(seconds) / median:.2f}", flush=True)
    rows.append(dict(work=work, case=case, value=value, unit=unit, threads=options.threads))


def agrees(number, expected, tolerance=1e-6):
    if abs(number - expected) <= tolerance * abs(expected):
        return True
    print(f"{number} instead of {expected}", file=sys.stderr)
    return False


def measure_start(name, program, count=5):
    """A process that computes a first gradient, from its start to its end."""

    def start(arguments=(sys.executable, "-c", program)):
        subprocess.run(arguments, check=True)

    def times(body):
        body()  # reads the files into the page cache
        for _ in range(count):
            begin = time.perf_counter()
            body()
            yield time.perf_counter() - begin

    row("W9", f"process start to first gradient, {name}", "ms", start, times=times)


def run(measure):
    """Runs a peer on one thread, then its rows for two in a process of their own."""
    try:
        measure()
    except ImportError as error:
        print(f"left out: {error}", file=sys.stderr)
    else:
        if options.threads == 1 and len(cores) > 1:
            if can_pin:
                os.sched_setaffinity(0, cores)
            with tempfile.NamedTemporaryFile("r", suffix=".json") as file:
                works = ["--works", options.works] if options.works else []
                subprocess.run([sys.executable, sys.argv[0], "--threads", "2", "--json", file.name, *works], check=True)
                rows.extend(json.load(file))
    if options.json:
        with open(options.json, "w") as file:
            json.dump(rows, file, indent=2)
