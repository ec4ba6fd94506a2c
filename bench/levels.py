#!/usr/bin/env python3
"""Speed of every baseline, of smoothers and of despikers at each CPU level of core, as Markdown.

usage: bench/levels.py BUILD [--seconds S] [--rounds N]

BUILD is a release build with benches (build/release). The programs are started through the dynamic
loader, which picks the level of core; a level that this machine has not got is left out. Times are
CPU time in microseconds per spectrum; those for two threads are wall time. The levels are measured in
turn, as often as there are rounds, and the least time stands: what other machines on the same host do
only adds.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys

LOADER = "/lib64/ld-linux-x86-64.so.2"
LEVELS = {"v2": "none", "v3": "x86-64-v3", "v4": "x86-64-v4"}
PROGRAMS = ["kernel_baseline_bench", "kernel_smooth_bench", "kernel_despike_bench"]
NAME = re.compile(r"(.+)/points:(\d+)/spectra:(\d+)/lanes:(\d+)/threads:(\d+)")
LANES = {"v2": 2, "v3": 4, "v4": 8}


def measure(program, level, seconds):
    """{(method, points, spectra, threads): us per spectrum}; empty where the level is missing."""
    command = [LOADER, "--glibc-hwcaps-mask", LEVELS[level], str(program),
               f"--benchmark_min_time={seconds}", "--benchmark_format=json"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    out = {}
    for row in json.loads(run.stdout)["benchmarks"]:
        found = NAME.fullmatch(row["name"])
        if found and "us_per_spectrum" in row:
            method, points, spectra, lanes, threads = found.groups()
            if int(lanes) != LANES[level]:
                return {}
            out[method, int(points), int(spectra), int(threads)] = row["us_per_spectrum"]
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--seconds", default="0.2", help="least time of a measurement")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    measured = {}
    for _ in range(given.rounds):
        for level in LEVELS:
            for name in PROGRAMS:
                program = given.build / "bench" / name
                if not program.exists():
                    sys.exit(f"levels.py: there is no {program}; build the release preset with benches")
                for key, value in measure(program, level, given.seconds).items():
                    row = measured.setdefault(key, {})
                    row[level] = min(value, row.get(level, value))
    levels = [level for level in LEVELS if any(level in row for row in measured.values())]

    def cells(row):
        return " | ".join(f"{row[level]:.3g}" if level in row else "-" for level in levels)

    head = " | ".join(levels)
    rule = "---:|" * len(levels)
    print(f"| method, 1000 points, many spectra, one thread | {head} |\n|---|{rule}")
    for (method, points, spectra, threads), row in sorted(measured.items()):
        if points == 1000 and spectra > 8 and threads == 1:
            print(f"| {method} | {cells(row)} |")
    print(f"\n| method, points x spectra, threads | {head} |\n|---|{rule}")
    for (method, points, spectra, threads), row in sorted(measured.items()):
        if points != 1000 or spectra <= 8 or threads > 1:
            print(f"| {method}, {points} x {spectra}, {threads} | {cells(row)} |")


if __name__ == "__main__":
    main()
