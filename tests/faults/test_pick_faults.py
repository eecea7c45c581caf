"""Damaged pick files: only errors of nunatak's own tree come out, and nothing is run."""

import pickle
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nunatak.errors import BadInput, NunatakError
from nunatak.picks.formats import FORMATS, FormatContext, ImageCatalogue, read_picks, write_picks
from nunatak.picks.table import PickSet

IMAGES = ImageCatalogue({"m/one.mrc": (61, 83)})
CONTEXT = FormatContext(images=IMAGES)
ONE_FILE = [name for name in FORMATS if name != "relion-autopick"]


@cache
def small_file(name: str) -> bytes:
    """Return a file of three picks, with everything that the format can hold."""
    table = pd.DataFrame(
        {
            "image": "m/one.mrc",
            "x_px": [1.5, 40.0, 82.0],
            "y_px": [2.0, 30.25, 60.0],
            "score": [0.5, -1.0, 2.0],
            "pixel_size_A": 1.25,
            "note": ["a b", "it's", "=1"],
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / file_name(name)
        return write_picks(PickSet(table), target, name, images=IMAGES, box_px=10)[0].read_bytes()


def file_name(name: str) -> str:
    return "one" + FORMATS[name].suffixes[0]


def read_or_refuse(name: str, path: Path) -> None:
    try:
        picks = FORMATS[name].read(path, CONTEXT)
    except NunatakError as error:
        assert str(path) in str(error) or "pick table" in str(error)
    else:
        assert np.isfinite(picks.table[["x_px", "y_px"]].to_numpy()).all()


@pytest.mark.parametrize("name", ONE_FILE)
def test_every_prefix_is_read_or_refused(name: str, tmp_path: Path) -> None:
    path, whole = tmp_path / file_name(name), small_file(name)
    # Parquet carries kilobytes of schema: a few hundred cuts will do.
    cuts = np.unique(np.linspace(0, len(whole) - 1, 400).astype(int)).tolist()
    for length in cuts:
        path.write_bytes(whole[:length])
        read_or_refuse(name, path)


@pytest.mark.parametrize("name", ["relion-star", "cryosparc", "parquet"])
def test_a_cut_file_is_never_taken_for_a_whole_one(name: str, tmp_path: Path) -> None:
    path, whole = tmp_path / file_name(name), small_file(name)
    path.write_bytes(whole)
    n_whole = len(FORMATS[name].read(path, CONTEXT))
    content = len(whole.rstrip())
    for length in range(max(1, content - 40), content - 8):
        path.write_bytes(whole[:length])
        try:
            picks = FORMATS[name].read(path, CONTEXT)
        except BadInput:
            continue
        assert len(picks) < n_whole, f"cut at byte {length}"


@pytest.mark.parametrize("name", ONE_FILE)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_flipped_bytes_are_read_or_refused(name: str, tmp_path: Path, data: st.DataObject) -> None:
    path, content = tmp_path / file_name(name), bytearray(small_file(name))
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(content) - 1))
        content[position] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    read_or_refuse(name, path)


@pytest.mark.parametrize("name", ONE_FILE)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
def test_anything_at_all_is_read_or_refused(name: str, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / file_name(name)
    path.write_bytes(content)
    read_or_refuse(name, path)


class Trap:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("suffix", [".cs", ".npy", ".pkl", ".sav", ".tloc", ".star", ".json"])
@pytest.mark.parametrize("wrapped", [False, True], ids=["pickle", "numpy-object-array"])
def test_pickles_are_never_opened(suffix: str, wrapped: bool, tmp_path: Path) -> None:
    mark, path = tmp_path / "ran", tmp_path / f"picks{suffix}"
    with path.open("wb") as stream:
        if wrapped:
            np.save(stream, np.array([Trap(mark)], dtype=object), allow_pickle=True)
        else:
            pickle.dump(Trap(mark), stream)
    with pytest.raises(BadInput):
        read_picks(path)
    assert not mark.exists()
    pickle.loads(pickle.dumps(Trap(mark)))  # noqa: S301 - shows that the trap works
    assert mark.exists()
