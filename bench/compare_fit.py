#!/usr/bin/python3
"""The band-fit job with SciPy and lmfit beside calcispec: minima reached and fits per second.

Needs python3-scipy and python3-lmfit; calcispec itself needs neither. Job of kernel_fit_bench.cpp:
300 points, 900 to 1150, pseudo-Voigt bands on a line, SNR 50, starts off by 5 and by 0.6 to 1.5.
Rates of calcispec come from that bench, its chi-squares from `calcispec fit` on the same spectra.

    bench/compare_fit.py build/release [--bands 4] [--fits 40]
"""

import argparse
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time

CENTERS = (962, 1005, 1045, 1085)
HEIGHTS = (1, 0.35, 0.5, 0.6)
LOWER = (0, 900, 2, 0)
UPPER = (math.inf, 1150, 120, 1)


def profile(x, band):
    height, center, fwhm, share = band
    u = (x - center) / fwhm
    return height * (share / (1 + 4 * u * u) + (1 - share) * math.exp(-4 * math.log(2) * u * u))


def make_job(bands, seed):
    """A spectrum with its noise and the starts of its bands: height, center, fwhm, share."""
    rng = random.Random(seed)
    truth, start = [], []
    for b in range(bands):
        band = (HEIGHTS[b] * rng.uniform(0.7, 1.3), CENTERS[b] + rng.uniform(-4, 4),
                rng.uniform(14, 30), rng.uniform(0.1, 0.9))
        truth.append(band)
        start.append((band[0] * rng.uniform(0.6, 1.5), band[1] + rng.choice((-5, 5)),
                      band[2] * rng.uniform(0.6, 1.5), 0.5))
    offset, slope = rng.uniform(0.1, 0.4), rng.uniform(-0.1, 0.1)
    sigma = max(band[0] for band in truth) / 50
    x = [900 + 250 * i / 299 for i in range(300)]
    y = [offset + slope * (at - 1025) / 125 + sum(profile(at, band) for band in truth) +
         rng.gauss(0, sigma) for at in x]
    return {"x": x, "y": y, "sigma": sigma, "start": start}


def bands_file(job):
    lines = ["[background]", 'kind = "polynomial"', "degree = 1", "[noise]",
             f"sigma = {job['sigma']!r}"]
    for b, (height, center, fwhm, share) in enumerate(job["start"]):
        lines += ["[[band]]", f'id = "b{b}"', 'shape = "pseudo_voigt"', f"height = {height!r}",
                  f"center = {center!r}", "center_range = [900, 1150]", f"fwhm = {fwhm!r}",
                  "fwhm_range = [2, 120]", f"share = {share!r}"]
    return "\n".join(lines) + "\n"


def own_chi_square(build, folder, job):
    spectrum = os.path.join(folder, "spectrum.csv")
    bands = os.path.join(folder, "bands.toml")
    with open(spectrum, "w") as out:
        out.write("raman_shift_1/cm,intensity\n")
        out.writelines(f"{x!r},{y!r}\n" for x, y in zip(job["x"], job["y"]))
    with open(bands, "w") as out:
        out.write(bands_file(job))
    run = subprocess.run([os.path.join(build, "calcispec"), "fit", "--bands", bands, "--quiet",
                          "--format", "json", spectrum], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)["spectra"][0]["chi_square"]


def own_rate(build, bands):
    program = os.path.join(build, "bench", "kernel_fit_bench")
    run = subprocess.run([program, f"--benchmark_filter=fit/(bands|eigen)/.*/{bands}$",
                          "--benchmark_format=json"], capture_output=True, text=True, check=True)
    rates = {}
    for row in json.loads(run.stdout)["benchmarks"]:
        rates[row["name"].split("/")[1]] = row["fits_per_second"]
    return rates


def start_vector(job):
    return [value for band in job["start"] for value in band] + [job["y"][0], 0.0]


def scipy_fit(job):
    """scipy.optimize.curve_fit with bounds and the analytic Jacobian; returns chi-square."""
    import numpy
    from scipy.optimize import curve_fit
    x, y = numpy.array(job["x"]), numpy.array(job["y"])
    count = len(job["start"])
    t = (x - 1025) / 125

    def parts(p):
        u = [(x - p[4 * b + 1]) / p[4 * b + 2] for b in range(count)]
        lorentz = [1 / (1 + 4 * own * own) for own in u]
        gauss = [numpy.exp(-4 * math.log(2) * own * own) for own in u]
        return u, lorentz, gauss

    def model(_, *p):
        _, lorentz, gauss = parts(p)
        total = p[-2] + p[-1] * t
        for b in range(count):
            total = total + p[4 * b] * (p[4 * b + 3] * lorentz[b] + (1 - p[4 * b + 3]) * gauss[b])
        return total

    def jacobian(_, *p):
        u, lorentz, gauss = parts(p)
        columns = []
        for b in range(count):
            height, _, fwhm, share = p[4 * b:4 * b + 4]
            slope = 8 * height * u[b] / fwhm * (share * lorentz[b] ** 2 +
                                                (1 - share) * math.log(2) * gauss[b])
            columns += [share * lorentz[b] + (1 - share) * gauss[b], slope, slope * u[b],
                        height * (lorentz[b] - gauss[b])]
        return numpy.column_stack(columns + [numpy.ones_like(x), t])

    bounds = (list(LOWER) * count + [-math.inf] * 2, list(UPPER) * count + [math.inf] * 2)
    sigma = numpy.full_like(x, job["sigma"])
    p, _ = curve_fit(model, x, y, start_vector(job), sigma, True, bounds=bounds, jac=jacobian,
                     max_nfev=2000)
    return float((((y - model(x, *p)) / job["sigma"]) ** 2).sum())


def lmfit_fit(job):
    """lmfit as its users write it: built-in models, bounds, weights; returns chi-square."""
    import numpy
    from lmfit.models import LinearModel, PseudoVoigtModel
    x, y = numpy.array(job["x"]), numpy.array(job["y"])
    model = LinearModel(prefix="line_")
    for b in range(len(job["start"])):
        model = model + PseudoVoigtModel(prefix=f"b{b}_")
    parameters = model.make_params(line_intercept=job["y"][0], line_slope=0)
    for b, (height, center, fwhm, share) in enumerate(job["start"]):
        # Its share is of the area: 1 / fwhm of unit area gives the heights of both parts.
        lorentz, gauss = share * height * fwhm * math.pi / 2, \
            (1 - share) * height * fwhm * math.sqrt(math.pi / (4 * math.log(2)))
        area = lorentz + gauss
        parameters[f"b{b}_amplitude"].set(value=area, min=0)
        parameters[f"b{b}_center"].set(value=center, min=900, max=1150)
        parameters[f"b{b}_sigma"].set(value=fwhm / 2, min=1, max=60)
        parameters[f"b{b}_fraction"].set(value=lorentz / area, min=0, max=1)
    result = model.fit(y, parameters, x=x, weights=1 / job["sigma"], scale_covar=False)
    return float(result.chisqr)


def measure(fit, jobs):
    chi_squares, seconds = [], 0.0
    for job in jobs:
        begin = time.process_time()
        try:
            chi_squares.append(fit(job))
        except RuntimeError:  # curve_fit says so when it runs out of evaluations
            chi_squares.append(math.inf)
        seconds += time.process_time() - begin
    return chi_squares, len(jobs) / seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", help="a release build with its benches")
    parser.add_argument("--bands", type=int, default=4, choices=(1, 2, 4))
    parser.add_argument("--fits", type=int, default=40)
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    jobs = [make_job(arguments.bands, seed) for seed in range(arguments.fits)]
    with tempfile.TemporaryDirectory() as folder:
        answers = {"calcispec": [own_chi_square(arguments.build, folder, job) for job in jobs]}
    rates = own_rate(arguments.build, arguments.bands)
    rates["calcispec"] = rates.pop("bands")
    for name, fit in (("scipy curve_fit", scipy_fit), ("lmfit", lmfit_fit)):
        try:
            answers[name], rates[name] = measure(fit, jobs)
        except ImportError as error:
            print(f"{name}: left out, {error}", file=sys.stderr)
    best = [min(column) for column in zip(*answers.values())]
    print(f"{arguments.bands} bands, {arguments.fits} spectra, one thread")
    print(f"{'program':16} {'fits/s':>9} {'slower by':>10} {'minimum reached':>16}")
    for name, rate in sorted(rates.items(), key=lambda row: -row[1]):
        reached = "-"
        if name in answers:
            count = sum(own <= least * (1 + 1e-4) for own, least in zip(answers[name], best))
            reached = f"{100 * count / len(jobs):.1f} %"
        print(f"{name:16} {rate:9.1f} {rates['calcispec'] / rate:10.1f} {reached:>16}")


if __name__ == "__main__":
    main()
