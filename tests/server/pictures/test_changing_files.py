"""Files that others write while they are looked at: an error, and never the server's end."""

import os
import subprocess
import sys
from contextlib import contextmanager, suppress
from types import SimpleNamespace

import numpy as np
import pytest
from browser import Browser

from nunatak.errors import BadInput
from nunatak.images import file_part
from nunatak.images.write_volume import write_ome_zarr
from nunatak.server.app import create_api
from nunatak.server.pictures.sheet import Place
from nunatak.workspace.images import image_of

REWRITE = """
import os, random, sys, time
path, whole = sys.argv[1], open(sys.argv[1], "rb").read()
print("begun", flush=True)
random.seed(1)
parent = os.getppid()
while os.getppid() == parent:
    os.truncate(path, random.choice([0, 700, 5000, len(whole) // 2]))
    time.sleep(random.choice([0, 0.002]))
    with open(path, "r+b") as file:
        file.write(whole)
    time.sleep(random.choice([0, 0.002]))
"""
"""What motion correction does to a file that it writes once more, a hundred times as often."""


@contextmanager
def rewritten(path):
    """Rewrite a file all the time, in another process; it is whole again at the end."""
    content = path.read_bytes()
    command = [sys.executable, "-c", REWRITE, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "begun\n"
        try:
            yield
        finally:
            process.kill()
    path.write_bytes(content)


@pytest.mark.parametrize("what", ["micrograph", "gallery", "tomogram"])
def test_a_file_that_is_written_all_the_time(what, show, write_mrc, tmp_path, rng):
    is_3d = what == "tomogram"
    shape = (20, 200, 300) if is_3d else (900, 1000)
    path = write_mrc(tmp_path / "one.mrc", rng.normal(0, 1, shape).astype(np.float32))
    shown = show(path, ndim=3 if is_3d else 2)
    (image,) = shown.images
    places = [Place(image, 100.0 * number, 90.0 * number) for number in range(9)]
    ask = {
        "micrograph": lambda: shown.pictures.tile(image, 0, 0, 0),
        "gallery": lambda: shown.pictures.sheet(places, tile_px=32, columns=3),
        "tomogram": lambda: shown.pictures.slice(image, "yz", 150),
    }[what]
    with rewritten(path):
        # Who reads from a map is ended by the system within a few of them.
        for _ in range(60):
            with suppress(BadInput):
                ask()
    assert ask() is not None


@pytest.mark.parametrize("address", ["pyramid", "tiles/0/0/0", "thumbnail"])
def test_the_page_is_told_and_the_server_goes_on(
    address, show, write_mrc, tmp_path, *, rng, monkeypatch
):
    pixels = rng.normal(0, 1, (900, 1000)).astype(np.float32)
    path, other = (write_mrc(tmp_path / name, pixels) for name in ("one.mrc", "other.mrc"))
    shown = show(path, other)
    app = create_api()
    app.state.services = SimpleNamespace(workspace=shown.workspace, pictures=shown.pictures)
    read_into = file_part._read_into

    def cut_meanwhile(*arguments):
        os.truncate(path, 200_000)
        read_into(*arguments)

    first, second = shown.images
    with Browser(app) as client:
        monkeypatch.setattr(file_part, "_read_into", cut_meanwhile)
        answer = client.get(f"/api/images/{first}/{address}")
        assert answer.status_code == 422
        assert "one.mrc: changed since it was opened, or was cut short" in answer.json()["message"]
        assert image_of(shown.workspace, first).problem == answer.json()["message"]
        monkeypatch.undo()
        assert client.get(f"/api/images/{second}/{address}").status_code == 200
        write_mrc(path, pixels)
        assert client.get(f"/api/images/{first}/{address}").status_code == 200
    assert image_of(shown.workspace, first).problem is None


def _smaller(path, write_mrc):
    write_mrc(
        path.with_name("new.mrc"), np.random.default_rng(0).normal(0, 1, (90, 80)).astype("f4")
    )
    path.with_name("new.mrc").replace(path)


def _grown(path, _):
    with path.open("ab") as stream:
        stream.write(b"\0" * 1000)


@pytest.mark.parametrize("change", [_smaller, _grown])
def test_a_file_that_is_another_at_the_next_look(change, show, write_mrc, tmp_path, rng):
    path = write_mrc(tmp_path / "one.mrc", rng.normal(0, 1, (900, 1000)).astype(np.float32))
    shown = show(path)
    (image,) = shown.images
    before = shown.pictures.pyramid(image)
    change(path, write_mrc)
    after = shown.pictures.pyramid(image)
    assert after.version != before.version
    assert (after.levels[0].width == 80) == (change is _smaller)
    assert shown.pictures.tile(image, 0, 1, 1) is None or change is _grown


def test_a_tomogram_that_vanishes_and_appears_again(show, tmp_path, rng):
    voxels = rng.normal(0, 1, (10, 60, 70)).astype(np.float32)
    path, away = tmp_path / "tomo.zarr", tmp_path / "away.zarr"
    write_ome_zarr(path, voxels, 2.0)
    shown = show(path, ndim=3)
    (image,) = shown.images
    assert shown.pictures.slice(image, "xy", 3) is not None
    path.rename(away)
    with pytest.raises(BadInput, match=r"tomo\.zarr: cannot be read"):
        shown.pictures.slice(image, "xy", 4)
    assert image_of(shown.workspace, image).problem is not None
    away.rename(path)
    assert shown.pictures.slice(image, "xy", 4) is not None
    assert image_of(shown.workspace, image).problem is None
