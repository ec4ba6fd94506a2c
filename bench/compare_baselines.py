#!/usr/bin/env python3
"""Baselines and filters beside the same work done with SciPy's solvers, as Markdown.

usage: bench/compare_baselines.py BUILD [--spectra N]

BUILD is a build with benches. SciPy's side is what a careful script does: asls, arpls and airpls with
scipy.linalg.solveh_banded on the five diagonals, rows of weights in NumPy; Savitzky-Golay by
scipy.signal.savgol_filter and the Fourier filter by scipy.fft on the whole block at once; the rolling
opening by scipy.ndimage.grey_opening; the hull by scipy.spatial.ConvexHull. Spectra are those of
bench_support.hpp, drawn with NumPy's generator. CPU time of one thread, the least of five rounds; both
sides are measured in turn. Needs python3-numpy and python3-scipy.
"""
import argparse
import json
import os
import pathlib
import subprocess
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np
from scipy import fft, linalg, ndimage, signal, spatial

POINTS = 1000


def spectra(count):
    random = np.random.default_rng(5)
    v = 400 + 1400 * np.arange(POINTS) / POINTS
    y = 300 + 200 * np.exp(-((v - 1000) / 500) ** 2)
    for at in (430, 590, 960, 1045, 1071, 1450, 1667):
        y = y + (800 if at == 960 else 120) / (1 + ((v - at) / 9) ** 2)
    return y + 5 * random.standard_normal((count, POINTS))


def penalty(weight):
    """Upper diagonals of weight * D'D, D the second difference."""
    rows = np.zeros((3, POINTS))
    rows[2] = 6
    rows[2, [0, -1]] = 1
    rows[2, [1, -2]] = 5
    rows[1, 1:] = -4
    rows[1, [1, -1]] = -2
    rows[0, 2:] = 1
    return weight * rows


def solve(bands, weights, y):
    system = bands.copy()
    system[2] += weights
    return linalg.solveh_banded(system, weights * y, overwrite_ab=True, check_finite=False)


def reweighted(y, bands, rule, by_weights=True):
    weights = np.ones(POINTS)
    for number in range(1, 51):
        z = solve(bands, weights, y)
        new = rule(y - z, y, number)
        if new is None:
            break
        change = np.linalg.norm(new - weights) / np.linalg.norm(weights)
        weights = new
        if by_weights and change < 1e-3:
            break
    return z


def asls_rule(d, _y, _number):
    return np.where(d > 0, 0.01, 0.99)


def arpls_rule(d, _y, _number):
    below = d[d < 0]
    if below.size < 2:
        return None
    s = below.std(ddof=1)
    return 1 / (1 + np.exp(np.clip(2 * (d - (2 * s - below.mean())) / s, -700, 700)))


def airpls_rule(d, y, number):
    below = -d[d < 0].sum()
    if below < 1e-3 * np.abs(y).sum():
        return None
    return np.where(d < 0, np.exp(np.minimum(number * -d / below, 700)), 0)


def fourier(y):
    """Gaussian of cut-off 0.08 on mirrored spectra."""
    both = np.concatenate([y, y[:, ::-1]], axis=1)
    f = np.arange(POINTS + 1) / (2 * POINTS)
    gain = np.exp(-np.log(2) / 2 * (f / 0.08) ** 2)
    return fft.irfft(fft.rfft(both) * gain, n=2 * POINTS)[:, :POINTS]


def hull(y):
    x = np.arange(POINTS)
    corners = spatial.ConvexHull(np.column_stack([x, y])).vertices
    corners = np.roll(corners, -corners.argmin())
    corners = corners[:corners.argmax() + 1]
    return np.interp(x, x[corners], y[corners])


def each(function):
    return lambda rows: [function(row) for row in rows]


def jobs():
    soft, hard = penalty(1e5), penalty(1e6)
    return {
        "baseline/asls": each(lambda y: reweighted(y, hard, asls_rule)),
        "baseline/arpls": each(lambda y: reweighted(y, soft, arpls_rule)),
        "baseline/airpls": each(lambda y: reweighted(y, hard, airpls_rule, False)),
        "baseline/mor": each(lambda y: ndimage.grey_opening(y, 61)),
        "baseline/rubberband": each(hull),
        "smooth/savgol": lambda rows: signal.savgol_filter(rows, 11, 3, axis=1),
        "smooth/fft": fourier,
    }


def scipy_time(work, rows):
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        work(rows)
        best = min(best, time.process_time() - start)
    return 1e6 * best / len(rows)


def own_time(build, job):
    family = job.split("/")[0]
    program = build / "bench" / f"kernel_{'baseline' if family == 'baseline' else 'smooth'}_bench"
    run = subprocess.run(
        [program, f"--benchmark_filter=^{job}/points:1000/spectra:256/.*threads:1$",
         "--benchmark_min_time=0.2", "--benchmark_repetitions=5", "--benchmark_format=json"],
        capture_output=True, text=True, check=True)
    rows = json.loads(run.stdout)["benchmarks"]
    return min(r["us_per_spectrum"] for r in rows if r.get("run_type") == "iteration")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--spectra", type=int, default=256)
    given = parser.parse_args()
    rows = spectra(given.spectra)
    print("| job, 1000 points | calcispec, us | SciPy, us | SciPy / calcispec |")
    print("|---|---:|---:|---:|")
    for job, work in jobs().items():
        # A script that goes row by row needs no hundreds of them to be timed.
        some = rows if job.startswith("smooth") else rows[:32]
        theirs = scipy_time(work, some)
        ours = own_time(given.build, job)
        print(f"| {job} | {ours:.2f} | {theirs:.1f} | {theirs / ours:.1f} |")


if __name__ == "__main__":
    main()
