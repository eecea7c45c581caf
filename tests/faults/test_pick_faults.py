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
from nunatak.picks.formats import FORMATS, FormatContext, ImageCatalogue, read_picks
from nunatak.picks.table import ANGLE_COLUMNS, PickSet
from nunatak.picks.tilt_series import TiltSeries
from nunatak.picks.tomogram_facts import TomogramFacts

CONTEXT = FormatContext(images=ImageCatalogue({"m/one.mrc": (61, 83)}), box_px=10)
VOLUME_CONTEXT = FormatContext(
    images=ImageCatalogue({"m/one.mrc": (71, 61, 83)}, pixel_size_A=10.0),
    box_px=10,
    tomograms=TomogramFacts(tilt_series={"one": TiltSeries((332, 244, 284), 2.5, 4.0)}),
)
ONE_FILE = [name for name in FORMATS if name != "relion-autopick"]


@cache
def small_file(name: str) -> tuple[str, bytes]:
    """Return path and content of a file of three picks, with everything that it can hold."""
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
    if context_for(name) is VOLUME_CONTEXT:
        table = table.assign(z_px=[3.0, 70.0, 12.5], class_name="ribosome", pixel_size_A=10.0)
        table[list(ANGLE_COLUMNS)] = [[10.0, 20.0, 30.0], [-90.0, 45.0, 170.0], [1.0, 2.0, 3.0]]
    with tempfile.TemporaryDirectory() as folder:
        many = FORMATS[name].capabilities.multi_image
        target = Path(folder) / (f"one{FORMATS[name].suffixes[0]}" if many else "many")
        file = FORMATS[name].write(PickSet(table), target, context_for(name))[0]
        return file.relative_to(folder).as_posix(), file.read_bytes()


def context_for(name: str) -> FormatContext:
    return CONTEXT if 2 in FORMATS[name].capabilities.dimensions else VOLUME_CONTEXT


def place_for(name: str, folder: Path) -> Path:
    """Return where the file may lie: some formats say in their folders what files do not."""
    path = folder / small_file(name)[0]
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


@pytest.mark.parametrize("name", ONE_FILE)
def test_the_undamaged_file_is_read(name: str, tmp_path: Path) -> None:
    path = place_for(name, tmp_path)
    path.write_bytes(small_file(name)[1])
    assert len(FORMATS[name].read(path, context_for(name))) == 3


def read_or_refuse(name: str, path: Path) -> None:
    try:
        picks = FORMATS[name].read(path, context_for(name))
    except NunatakError as error:
        assert str(path) in str(error) or "pick table" in str(error)
    else:
        assert np.isfinite(picks.positions_px).all()


@pytest.mark.parametrize("name", ONE_FILE)
def test_every_prefix_is_read_or_refused(name: str, tmp_path: Path) -> None:
    path, whole = place_for(name, tmp_path), small_file(name)[1]
    # Parquet carries kilobytes of schema: a few hundred cuts will do.
    cuts = np.unique(np.linspace(0, len(whole) - 1, 400).astype(int)).tolist()
    for length in cuts:
        path.write_bytes(whole[:length])
        read_or_refuse(name, path)


@pytest.mark.parametrize("name", ["relion-star", "cryosparc", "parquet"])
def test_a_cut_file_is_never_taken_for_a_whole_one(name: str, tmp_path: Path) -> None:
    path, whole = place_for(name, tmp_path), small_file(name)[1]
    path.write_bytes(whole)
    n_whole = len(FORMATS[name].read(path, context_for(name)))
    content = len(whole.rstrip())
    for length in range(max(1, content - 40), content - 8):
        path.write_bytes(whole[:length])
        try:
            picks = FORMATS[name].read(path, context_for(name))
        except BadInput:
            continue
        assert len(picks) < n_whole, f"cut at byte {length}"


@pytest.mark.parametrize("name", ONE_FILE)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_flipped_bytes_are_read_or_refused(name: str, tmp_path: Path, data: st.DataObject) -> None:
    path, content = place_for(name, tmp_path), bytearray(small_file(name)[1])
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
    path = place_for(name, tmp_path)
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
    with pytest.raises(BadInput) as refused:
        read_picks(path)
    assert ("tomotwin_pick.py -l picks.tloc" in str(refused.value)) == (suffix == ".tloc")
    assert not mark.exists()
    pickle.loads(pickle.dumps(Trap(mark)))  # noqa: S301 - shows that the trap works
    assert mark.exists()
