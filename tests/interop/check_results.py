#!/usr/bin/env python3
"""Results of batches as others read them: h5py, and HyperSpy and silx where they are installed.

Usage: tests/interop/check_results.py build/dev/calcispec sample_spectra
"""

import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def run(program, *words):
    subprocess.run([str(word) for word in (program, *words)], check=True)


def follow_default(file):
    """The chain of @default from the root to a group with a signal."""
    group = file
    while "signal" not in group.attrs:
        group = group[text(group.attrs["default"])]
    return group


def check_picture(path):
    with h5py.File(path, "r") as file:
        group = follow_default(file)
        assert text(group.attrs["NX_class"]) == "NXdata", group.name
        assert group.name.startswith("/entry/composition/"), group.name
        signal = group[text(group.attrs["signal"])]
        assert signal.shape == (3, 4), signal.shape
        axes = [text(name) for name in group.attrs["axes"]]
        assert axes == ["y", "x"], axes
        for d, name in enumerate(axes):
            assert group[name].shape == (signal.shape[d],)
            assert text(group[name].attrs["units"]) == "um"
        assert np.isfinite(signal[...]).any()
        assert group["fraction_errors"].shape == signal.shape
        for name, phase in file["entry/composition"].items():
            known = phase["fraction"][...][np.isfinite(phase["fraction"][...])]
            assert ((known >= 0) & (known <= 1)).all(), name
        band = file["entry/fit/nu1_po4"]
        assert band["area"].shape == band["area_u"].shape == (3, 4)
        assert text(file["entry/provenance/bands"][()]) == "raman_phosphate_nu1"
        for name, marker in file["entry/markers"].items():
            assert marker["value"].shape == (3, 4), name
            assert "meaning" in marker["status"].attrs
        assert set(file["entry/quality"]) >= {"status", "verdict", "reasons"}
        assert text(file["entry/provenance/program"][()]) == "calcispec"
    print("h5py: picture, axes, units, provenance")


def check_spectra(path, is_falling):
    with h5py.File(path, "r") as file:
        group = follow_default(file)
        axis = group[text(group.attrs["axes"][-1])]
        assert (np.diff(axis[...]) > 0).all(), "axes rise in results"
        assert text(axis.attrs["units"]) == "1/cm"
        assert group["intensity"].dtype == np.dtype("f4")
        assert group["intensity"].shape[-1] == axis.shape[0]
    print("h5py: spectra,", "falling" if is_falling else "rising", "input")


def turned(source, target):
    """The same map along a falling axis, in big-endian numbers."""
    with h5py.File(source, "r") as old, h5py.File(target, "w") as new:
        group = follow_default(old)
        name = text(group.attrs["axes"][-1])
        new["cube"] = group["intensity"][...][..., ::-1].astype(">f8")
        new["axis"] = group[name][...][::-1]
        data = new.create_group("data")
        data.attrs["NX_class"] = np.bytes_("NXdata")
        data.attrs["signal"] = np.bytes_("intensity")
        data.attrs["axes"] = np.array([b"y", b"x", name.encode()])
        data["intensity"] = h5py.SoftLink("/cube")
        data[name] = new["axis"]
        data[name].attrs["units"] = np.bytes_("1/cm")


def check_same(first, second):
    with h5py.File(first, "r") as a, h5py.File(second, "r") as b:
        np.testing.assert_array_equal(a["entry/data/intensity"][...], b["entry/data/intensity"][...])
    print("h5py: the direction of the axis changes nothing")


def check_hyperspy(spectra, picture):
    try:
        import hyperspy.api as hs
    except ImportError:
        print("HyperSpy is not installed, not checked")
        return
    for is_lazy in (False, True):
        signals = hs.load(str(spectra), lazy=is_lazy, reader="HSPY")
        signal = signals[0] if isinstance(signals, list) else signals
        axis = signal.axes_manager.signal_axes[0]
        with h5py.File(spectra, "r") as file:
            group = follow_default(file)
            stored = group[text(group.attrs["axes"][-1])][...]
        assert axis.size == stored.size
        assert abs(axis.axis[0] - stored[0]) < 1e-6 and abs(axis.axis[-1] - stored[-1]) < 1e-6
        assert axis.units == "1/cm", axis.units
    for is_lazy in (False, True):
        signals = hs.load(str(picture), lazy=is_lazy, reader="HSPY")
        assert len(signals) > 3
        shapes = {signal.data.shape for signal in signals}
        assert shapes == {(3, 4)}, shapes
    print("HyperSpy: spectra and", len(signals), "pictures, lazy too")


def check_silx(*paths):
    try:
        import silx.io
        from silx.io.nxdata import get_default
    except ImportError:
        print("silx is not installed, not checked")
        return
    for path in paths:
        with silx.io.open(str(path)) as file:
            data = get_default(file)
            assert data is not None and data.is_valid, path
            assert all(axis is not None for axis in data.axes)
    print("silx: default plots are valid")


def main():
    program, samples = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        picture = folder / "picture.nxs"
        spectra = folder / "spectra.nxs"
        other = folder / "turned.h5"
        again = folder / "again.nxs"
        steps = ["--steps", "smooth.savgol window=9", "--technique", "raman", "-q"]
        run(program, "batch", "run", samples / "map_4x3.txt", "--method", "raman", "--bands",
            "raman_phosphate_nu1", "-q", "-o", picture)
        run(program, "batch", "run", samples / "map_4x3.txt", *steps, "-o", spectra)
        check_picture(picture)
        check_spectra(spectra, False)
        plain = folder / "plain.nxs"
        run(program, "convert", samples / "map_4x3.txt", "--to", "nxs", "-o", plain)
        turned(plain, other)
        run(program, "batch", "run", other, *steps, "-o", again)
        check_spectra(again, True)
        check_same(spectra, again)
        check_hyperspy(spectra, picture)
        check_silx(spectra, picture)


if __name__ == "__main__":
    main()
