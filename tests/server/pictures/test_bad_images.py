"""Images that cannot be shown."""

import mrcfile
import numpy as np
import pytest

from nunatak.errors import BadInput, Mismatch
from nunatak.server.pictures import Pictures, pyramids, versions
from nunatak.workspace.errors import NotFound
from nunatak.workspace.images import image_of, set_problem


@pytest.fixture
def pixels(rng):
    return rng.normal(0, 1, (60, 70)).astype(np.float32)


def problem_of(shown):
    return image_of(shown.workspace, shown.images[0]).problem


def test_a_pixel_size_that_contradicts_the_list(show, write_mrc, tmp_path, pixels):
    path = write_mrc(tmp_path / "mic.mrc", pixels)
    shown = show(path)
    with shown.workspace.writing() as connection:
        connection.execute('UPDATE image SET "stated_pixel_size_A" = 5.0')
    with pytest.raises(BadInput, match="pixel size") as error:
        shown.pictures.pyramid(shown.images[0])
    assert not isinstance(error.value, Mismatch)
    assert problem_of(shown) == str(error.value)


def test_an_unknown_number(show, write_mrc, tmp_path, pixels):
    pictures = show(write_mrc(tmp_path / "mic.mrc", pixels)).pictures
    for ask in (
        lambda: pictures.pyramid(99),
        lambda: pictures.tile(99, 0, 0, 0),
        lambda: pictures.slices(99),
        lambda: pictures.slice(99, "xy", 0),
        lambda: pictures.thumbnail(99),
    ):
        with pytest.raises(NotFound):
            ask()


def _gone(path, _):
    path.unlink()


def _cut(path, _):
    path.write_bytes(path.read_bytes()[:-1000])


def _text(path, _):
    path.write_text("no picture")


def _empty(path, _):
    path.write_bytes(b"")


def _folder(path, _):
    path.unlink()
    path.mkdir()


def _blank(path, write_mrc):
    write_mrc(path, np.zeros((60, 70), dtype=np.float32))


def _nan(path, write_mrc):
    write_mrc(path, np.full((60, 70), np.nan, dtype=np.float32))


def _stack(path, write_mrc):
    write_mrc(path, np.random.default_rng(0).normal(0, 1, (5, 60, 70)).astype(np.float32))


@pytest.mark.parametrize("spoil", [_gone, _cut, _text, _empty, _folder, _blank, _nan, _stack])
@pytest.mark.parametrize("ask", ["pyramid", "thumbnail"])
def test_why_an_image_cannot_be_shown_is_known_to_the_project(
    spoil, ask, show, write_mrc, *, tmp_path, pixels
):
    path = write_mrc(tmp_path / "mic.mrc", pixels)
    shown = show(path)
    spoil(path, write_mrc)
    with pytest.raises(BadInput, match=r"mic\.mrc") as error:
        getattr(shown.pictures, ask)(shown.images[0])
    assert problem_of(shown) == str(error.value)


def test_a_folder_that_may_not_be_entered(show, write_mrc, tmp_path, pixels, monkeypatch):
    shown = show(write_mrc(tmp_path / "mic.mrc", pixels))

    def denied(path):
        raise PermissionError(13, "Permission denied", str(path))

    # Tests may run as root, who may enter everywhere.
    monkeypatch.setattr(versions, "is_zarr", denied)
    with pytest.raises(BadInput, match="Permission denied"):
        shown.pictures.thumbnail(shown.images[0])


@pytest.mark.parametrize("spoil", [_gone, _cut, _text, _blank])
def test_a_file_that_goes_bad_later(spoil, show, write_mrc, tmp_path, pixels):
    path = write_mrc(tmp_path / "mic.mrc", pixels)
    shown = show(path)
    assert shown.pictures.tile(shown.images[0], 0, 0, 0) is not None
    spoil(path, write_mrc)
    with pytest.raises(BadInput):
        shown.pictures.tile(shown.images[0], 0, 0, 0)
    assert problem_of(shown) is not None


def test_a_problem_is_over_when_the_file_is_good_again(show, write_mrc, tmp_path, pixels):
    path = write_mrc(tmp_path / "mic.mrc", pixels)
    shown = show(path)
    _cut(path, write_mrc)
    with pytest.raises(BadInput):
        shown.pictures.pyramid(shown.images[0])
    write_mrc(path, pixels)
    shown.pictures.pyramid(shown.images[0])
    assert problem_of(shown) is None


def test_who_picks_is_told_that_an_image_is_usable_again(show, write_mrc, tmp_path, pixels):
    path = write_mrc(tmp_path / "mic.mrc", pixels)
    told = []
    shown = show(path, when_usable=lambda: told.append(problem_of(shown)))
    _cut(path, write_mrc)
    with pytest.raises(BadInput):
        shown.pictures.pyramid(shown.images[0])
    assert not told
    write_mrc(path, pixels)
    shown.pictures.pyramid(shown.images[0])
    shown.pictures.pyramid(shown.images[0])
    assert told == [None]


def test_who_picks_is_told_nothing_of_an_image_without_a_pixel_size(show, tmp_path, pixels):
    path = tmp_path / "mic.mrc"
    mrcfile.write(path, pixels)
    told = []
    shown = show(path, when_usable=lambda: told.append(1))
    set_problem(shown.workspace, shown.images[0], f"{path}: the header states no pixel size.")
    shown.pictures.thumbnail(shown.images[0])
    assert not told


def test_a_problem_that_others_found_stays(show, write_mrc, tmp_path, pixels):
    shown = show(write_mrc(tmp_path / "mic.mrc", pixels))
    shown.pictures.thumbnail(shown.images[0])
    set_problem(shown.workspace, shown.images[0], "Nothing was picked here.")
    shown.pictures.pyramid(shown.images[0])
    assert problem_of(shown) == "Nothing was picked here."


def test_a_problem_of_the_file_that_an_earlier_server_found(show, write_mrc, tmp_path, pixels):
    path = write_mrc(tmp_path / "mic.mrc", pixels)
    shown = show(path)
    shown.pictures.pyramid(shown.images[0])
    set_problem(shown.workspace, shown.images[0], f"{path}: was cut short.")
    again = Pictures(shown.workspace)
    again.thumbnail(shown.images[0])
    assert problem_of(shown) is None
    # What was found while it could be shown is about something else.
    set_problem(shown.workspace, shown.images[0], f"{path}: has no pixel size.")
    again.thumbnail(shown.images[0])
    again.close()
    assert problem_of(shown) == f"{path}: has no pixel size."


def test_a_file_that_vanishes_and_appears_again(show, write_mrc, tmp_path, pixels):
    path = write_mrc(tmp_path / "mic.mrc", pixels)
    shown = show(path)
    before = shown.pictures.tile(shown.images[0], 0, 0, 0)
    path.rename(tmp_path / "away")
    with pytest.raises(BadInput, match="cannot be read"):
        shown.pictures.tile(shown.images[0], 0, 0, 0)
    (tmp_path / "away").rename(path)
    assert shown.pictures.tile(shown.images[0], 0, 0, 0) == before
    assert problem_of(shown) is None


def test_a_file_that_changes_while_it_is_read(show, write_mrc, tmp_path, pixels, monkeypatch):
    path = write_mrc(tmp_path / "mic.mrc", pixels)
    shown = show(path)
    build = pyramids.build_pyramid

    def meanwhile(read):
        pyramid = build(read)
        write_mrc(path, np.zeros((80, 90), dtype=np.float32))
        return pyramid

    monkeypatch.setattr(pyramids, "build_pyramid", meanwhile)
    with pytest.raises(BadInput, match="changed while"):
        shown.pictures.pyramid(shown.images[0])


@pytest.mark.parametrize("spoil", [_gone, _cut, _text])
def test_bad_tomograms(spoil, show, write_mrc, tmp_path, rng):
    volume = rng.normal(0, 1, (10, 60, 70)).astype(np.float32)
    path = write_mrc(tmp_path / "tomo.mrc", volume)
    shown = show(path, ndim=3)
    spoil(path, write_mrc)
    with pytest.raises(BadInput):
        shown.pictures.slices(shown.images[0])
    assert problem_of(shown) is not None


def test_a_tomogram_that_is_cut_while_it_is_looked_at(show, write_mrc, tmp_path, rng):
    volume = rng.normal(0, 1, (10, 60, 70)).astype(np.float32)
    path = write_mrc(tmp_path / "tomo.mrc", volume)
    shown = show(path, ndim=3)
    shown.pictures.slices(shown.images[0])
    _cut(path, write_mrc)
    with pytest.raises(BadInput):
        shown.pictures.slice(shown.images[0], "xz", 3)


def test_a_damaged_chunk_is_a_problem(show, tmp_path, rng):
    from nunatak.images.write_volume import write_ome_zarr

    path = tmp_path / "tomo.zarr"
    write_ome_zarr(path, rng.normal(0, 1, (10, 60, 70)).astype(np.float32), 2.0)
    chunks = [file for file in path.rglob("*") if file.is_file() and "json" not in file.name]
    for chunk in chunks:
        chunk.write_bytes(chunk.read_bytes()[:-20])
    shown = show(path, ndim=3)
    with pytest.raises(BadInput):
        shown.pictures.slice(shown.images[0], "xy", 3)
    assert problem_of(shown) is not None
