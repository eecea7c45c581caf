"""Refined positions, in ångström and in the pixels of RELION 3.0."""

from pathlib import Path

import pytest

from nunatak.errors import FormatError
from nunatak.picks.formats import FileGrid, ImageCatalogue, read_picks, write_picks

LABELS = ("rlnMicrographName", "rlnCoordinateX", "rlnCoordinateY", "rlnOriginX", "rlnOriginY")
ROW = ("mic.mrc", "100", "200", "2.5", "-5")


def old_star(folder: Path, **more: str) -> Path:
    """Write a particle of RELION 3.0."""
    path = folder / "run_data.star"
    names = "\n".join(f"_{label}" for label in (*LABELS, *more))
    path.write_text(f"data_\nloop_\n{names}\n{' '.join((*ROW, *more.values()))}\n")
    return path


def positions(path: Path, **options: object) -> list[float]:
    [position] = read_picks(path, refined=True, **options).table[["x_px", "y_px"]].to_numpy()
    return [float(axis) for axis in position]


PARTICLE = {"rlnImageName": "1@p.mrcs", "rlnDetectorPixelSize": "5", "rlnMagnification": "20000"}
"""2.5 Å in the particle image."""


def test_pixels_of_a_rescaled_particle_image(tmp_path: Path) -> None:
    path = old_star(tmp_path, **PARTICLE)
    stated = ImageCatalogue(pixel_size_A=1.25)
    assert positions(path, images=stated) == [95, 210]
    assert positions(path, images=ImageCatalogue({"mic.mrc": (9, 9)}, pixel_size_A=2.5)) == [
        97.5,
        205,
    ]
    # On a micrograph binned by 2, a pixel of the file has the particle image's 2.5 Å.
    assert positions(path, images=stated, grid=FileGrid.binned(2)) == [195, 410]


def test_the_micrographs_size_may_stand_in_the_file(tmp_path: Path) -> None:
    path = old_star(tmp_path, **PARTICLE, rlnMicrographPixelSize="1.25")
    assert positions(path) == [95, 210]


def test_nothing_is_assumed_of_the_extraction(tmp_path: Path) -> None:
    with pytest.raises(FormatError) as caught:
        positions(old_star(tmp_path, **PARTICLE))
    assert str(caught.value).endswith(
        "origins in pixels of the particle images, but no pixel size of the micrographs to "
        "convert them by. Give --pixel-size or the micrographs, or add rlnMicrographPixelSize "
        "to the file"
    )
    path = old_star(tmp_path, rlnImageName="1@p.mrcs")
    with pytest.raises(FormatError, match="whose size is not stated"):
        positions(path, images=ImageCatalogue(pixel_size_A=1.25))


def test_without_particle_images_pixels_are_those_of_the_coordinates(tmp_path: Path) -> None:
    assert positions(old_star(tmp_path)) == [97.5, 205]
    path = old_star(tmp_path, rlnDetectorPixelSize="5", rlnMagnification="20000")
    assert positions(path) == [97.5, 205]


def test_origins_are_mentioned_and_applied_once(tmp_path: Path) -> None:
    path = old_star(tmp_path, **PARTICLE)
    [note] = read_picks(path).notes
    assert "holds refined origins (rlnOriginX), which were not applied" in note
    images = ImageCatalogue(pixel_size_A=1.25)
    picks = read_picks(path, refined=True, images=images)
    assert picks.notes == []
    write_picks(picks, tmp_path / "out.star")
    assert positions(tmp_path / "out.star", images=images) == [95, 210]


def test_angstrom_count_on_any_grid(tmp_path: Path) -> None:
    path = tmp_path / "new.star"
    path.write_text(
        "data_\nloop_\n_rlnMicrographName\n_rlnCoordinateX\n_rlnCoordinateY\n"
        "_rlnOriginXAngst\n_rlnOriginYAngst\nmic.mrc 100 200 2.5 -5\n"
    )
    images = ImageCatalogue(pixel_size_A=1.25)
    assert positions(path, images=images) == [98, 204]
    assert positions(path, images=images, grid=FileGrid.binned(2)) == [198, 404]
    in_angstrom = positions(path, images=images, grid=FileGrid.in_angstrom(1.25))
    assert in_angstrom == pytest.approx([97.5 / 1.25, 205 / 1.25])
    with pytest.raises(FormatError, match="origins in ångström, but no pixel size"):
        positions(path)


def test_there_must_be_origins(star: Path) -> None:
    with pytest.raises(FormatError, match="no column rlnOriginXAngst and rlnOriginYAngst"):
        read_picks(star, refined=True)
