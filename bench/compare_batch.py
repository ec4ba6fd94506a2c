#!/usr/bin/env python3
"""Side by side: calcispec batch and HyperSpy on the same map, CPU seconds of whole processes.

Usage: bench/compare_batch.py build/release/calcispec [SPECTRA]
Needs Debian's python3-hyperspy and python3-h5py; the program itself needs neither. One thread each,
warm cache; the best of three runs. Peak memory is that of the process.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

POINTS = 1000

ONE_THREAD = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

SMOOTH_EACH = """
import sys, hyperspy.api as hs
from scipy.signal import savgol_filter
s = hs.load(sys.argv[1], lazy=True, reader="HSPY")
s = s[0] if isinstance(s, list) else s
s.map(savgol_filter, window_length=11, polyorder=3, show_progressbar=False, max_workers=1)
s.save(sys.argv[2], overwrite=True, compression=None)
"""

SMOOTH_BLOCKS = """
import sys, h5py, dask, dask.array as da
from scipy.signal import savgol_filter
with h5py.File(sys.argv[1], "r") as source, h5py.File(sys.argv[2], "w") as target:
    data = source["entry/data/intensity"]
    x = da.from_array(data, chunks=(1, min(256, data.shape[1]), -1))
    y = x.map_blocks(savgol_filter, 11, 3, axis=-1, dtype=x.dtype)
    out = target.create_dataset("intensity", x.shape, "f4", chunks=(1, *x.chunksize[1:]))
    with dask.config.set(scheduler="single-threaded"):
        da.store(y.astype("f4"), out)
"""

UNMIX = """
import sys, h5py, numpy as np
from scipy.optimize import nnls
rng = np.random.default_rng(1)
references = np.abs(rng.normal(1, 0.3, (1000, 12)))
with h5py.File(sys.argv[1], "r") as source, h5py.File(sys.argv[2], "w") as target:
    data = source["entry/data/intensity"]
    rows = data[...].reshape(-1, data.shape[-1])
    target["amounts"] = np.array([nnls(references, row)[0] for row in rows])
"""


def make_map(path, spectra):
    """Bands of phosphate, carbonate and amide on a slope, float32, chunks of whole spectra."""
    import h5py
    import numpy as np

    rng = np.random.default_rng(7)
    x = np.linspace(400.0, 1800.0, POINTS)
    bands = [(960, 12), (1070, 14), (430, 20), (590, 25), (1660, 50), (1450, 30)]
    shapes = np.array([np.exp(-4 * np.log(2) * ((x - c) / w) ** 2) for c, w in bands])
    ny = spectra // 200
    with h5py.File(path, "w") as file:
        file.attrs["default"] = "entry"
        file.attrs["file_format"] = "HyperSpy"
        file.attrs["file_format_version"] = "3.1"
        entry = file.create_group("entry")
        entry.attrs["NX_class"] = np.bytes_("NXentry")
        entry.attrs["default"] = "data"
        data = entry.create_group("data")
        data.attrs["NX_class"] = np.bytes_("NXdata")
        data.attrs["signal"] = np.bytes_("intensity")
        data.attrs["axes"] = np.array([b"y", b"x", b"raman_shift"])
        for name, values, unit in (
            ("y", np.arange(ny, dtype=float), "um"),
            ("x", np.arange(200, dtype=float), "um"),
            ("raman_shift", x, "1/cm"),
        ):
            data[name] = values
            data[name].attrs["units"] = np.bytes_(unit)
            data[name].attrs["long_name"] = np.bytes_(name)
        out = data.create_dataset("intensity", (ny, 200, POINTS), "f4", chunks=(1, 200, POINTS))
        for line in range(ny):
            heights = rng.lognormal(0, 0.5, (200, len(bands))) * [900, 150, 200, 250, 200, 100]
            y = heights @ shapes + 800 + 200 * (x - 400) / 1400
            out[line] = rng.poisson(np.maximum(y, 0)).astype("f4")
        experiment = file.create_group("Experiments/map")
        experiment["data"] = h5py.SoftLink("/entry/data/intensity")
        for d, (name, size) in enumerate((("y", ny), ("x", 200), ("Raman shift", POINTS))):
            axis = experiment.create_group(f"axis-{d}")
            axis.attrs["name"] = name
            axis.attrs["size"] = size
            axis.attrs["navigate"] = d < 2
            axis.attrs["scale"] = 1.0 if d < 2 else x[1] - x[0]
            axis.attrs["offset"] = 0.0 if d < 2 else x[0]
            axis.attrs["units"] = "um" if d < 2 else "1/cm"
            axis.attrs["_type"] = "UniformDataAxis"
        for name in ("metadata", "original_metadata", "learning_results"):
            experiment.create_group(name)


def measured(command):
    """CPU seconds and peak MB of one child."""
    process = subprocess.Popen(command, env=ONE_THREAD, stderr=subprocess.PIPE)
    message = process.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    if status != 0:
        raise SystemExit(f"{command[0]} failed: {message[-400:]}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def best(command, target, rounds=3):
    results = []
    for _ in range(rounds):
        target.unlink(missing_ok=True)
        results.append(measured([str(part) for part in command]))
    return min(results)


def main():
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    program = pathlib.Path(sys.argv[1]).resolve()
    spectra = int(sys.argv[2]) if len(sys.argv) > 2 else 20000
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        source = folder / "map.hspy"
        make_map(source, spectra)
        input_path = f"{source}:/entry/data/intensity"
        target = folder / "out.nxs"
        rows = []

        def ours(label, *options):
            command = [program, "batch", "run", input_path, "--technique", "raman", "-q", "-j", "1",
                       *options, "-o", target]
            rows.append((f"calcispec {label}", *best(command, target)))

        def theirs(label, script, ending, rounds=3):
            out = folder / f"out.{ending}"
            command = [sys.executable, "-c", script, source, out]
            rows.append((label, *best(command, out, rounds)))

        ours("smooth.savgol", "--steps", "smooth.savgol window=11 polynomial_order=3",
             "--compression", "none")
        theirs("HyperSpy map(savgol_filter)", SMOOTH_EACH, "hspy")
        theirs("dask blocks of savgol_filter", SMOOTH_BLOCKS, "h5")
        ours("baseline.arpls", "--steps", "baseline.arpls", "--compression", "none")
        theirs("SciPy nnls of 12 components", UNMIX, "h5", 1)
        ours("whole analysis", "--method", "raman")
        print(f"{spectra} spectra of {POINTS} points, CPU of the whole process")
        for label, seconds, memory in rows:
            print(f"{label:32s} {seconds:8.2f} s {spectra / seconds:9.0f} spectra/s {memory:6.0f} MB")


if __name__ == "__main__":
    main()
