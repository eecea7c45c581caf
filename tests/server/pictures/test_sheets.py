"""Pictures of candidates on a sheet."""

import numpy as np
import pytest
import tifffile

from nunatak.errors import UsageError
from nunatak.server.pictures.sheet import Place, assemble, diameter_px_of, level_for


@pytest.fixture
def marked(rng):
    """A micrograph with a dark disk of 20 pixels (40 Å) at x 431, y 212, brighter to the right."""
    y, x = np.indices((600, 1000))
    pixels = rng.normal(0, 0.3, y.shape) + x / 1000
    pixels[np.hypot(y - 212, x - 431) < 10] -= 2
    return pixels.astype(np.float32)


def middle_of_disk(greys):
    return np.argwhere(greys < 60).mean(axis=0)


@pytest.mark.parametrize("has_pyramid", [False, True])
@pytest.mark.parametrize("tile_px", [16, 48, 96, 201])
def test_the_candidate_is_in_the_middle(
    show, write_mrc, tmp_path, marked, *, decoded, has_pyramid, tile_px
):
    shown = show(write_mrc(tmp_path / "mic.mrc", marked))
    image = shown.images[0]
    shown.pictures.thumbnail(image)  # The pixel size is known.
    if has_pyramid:
        shown.pictures.pyramid(image)
    sheet = decoded(shown.pictures.sheet([Place(image, 431.0, 212.0)], tile_px=tile_px, columns=1))
    assert sheet.shape == (tile_px, tile_px)
    assert np.abs(middle_of_disk(sheet) - (tile_px - 1) / 2).max() < 0.06 * tile_px
    # The view is 1.6 diameters wide.
    area = np.count_nonzero(sheet < 60) / tile_px**2
    assert area == pytest.approx(np.pi / 4 / 1.6**2, rel=0.25)


def test_candidates_of_a_compressed_micrograph(show, tmp_path, marked, decoded):
    tifffile.imwrite(tmp_path / "mic.tif", marked, compression="zlib")
    shown = show(tmp_path / "mic.tif")
    place = Place(shown.images[0], 431, 212)
    sheet = decoded(shown.pictures.sheet([place], tile_px=64, columns=1))
    assert np.abs(middle_of_disk(sheet) - 31.5).max() < 4


def test_pictures_are_in_the_order_asked_for(show, write_mrc, tmp_path, rng, decoded):
    paths = []
    for number in range(2):
        pixels = rng.uniform(0, 1, (400, 400)).astype(np.float32)
        pixels[200:, :] += 3 * number + 1
        paths.append(write_mrc(tmp_path / f"mic{number}.mrc", pixels))
    first, second = (shown := show(*paths)).images
    places = [Place(first, 100, 300), Place(second, 100, 100), Place(first, 100, 100)]
    sheet = decoded(shown.pictures.sheet(places, tile_px=32, columns=2))
    assert sheet.shape == (64, 64)
    assert sheet[:32, :32].mean() > 150
    assert sheet[:32, 32:].mean() < 100
    assert sheet[32:, :32].mean() < 110
    assert np.all(np.abs(sheet[34:, 34:].astype(int) - 128) < 6)


def test_pictures_of_one_image_share_a_contrast(show, write_mrc, tmp_path, marked, decoded):
    shown = show(write_mrc(tmp_path / "mic.mrc", marked))
    image = shown.images[0]
    left, right = Place(image, 100, 400), Place(image, 900, 400)
    sheet = decoded(shown.pictures.sheet([left, right], tile_px=64, columns=2)).astype(float)
    assert sheet[:, 64:].mean() - sheet[:, :64].mean() > 30


@pytest.mark.parametrize("has_pyramid", [False, True])
def test_beyond_the_image_is_grey(show, write_mrc, tmp_path, rng, *, decoded, has_pyramid):
    pixels = rng.normal(0, 1, (300, 400)).astype(np.float32)
    pixels[:40, :40] = -8
    shown = show(write_mrc(tmp_path / "mic.mrc", pixels))
    image = shown.images[0]
    shown.pictures.thumbnail(image)
    if has_pyramid:
        shown.pictures.pyramid(image)
    corner = decoded(shown.pictures.sheet([Place(image, -0.5, -0.5)], tile_px=64, columns=1))
    assert np.all(np.abs(corner[:30, :].astype(int) - 128) < 20)
    assert np.all(corner[34:, 34:] < 40)
    for far in [Place(image, -1e6, 0), Place(image, 0, 1e6), Place(image, 1e6, -1e6)]:
        outside = decoded(shown.pictures.sheet([far], tile_px=32, columns=1))
        assert np.all(outside == 128)


def test_an_unreadable_image_is_grey_and_the_others_are_drawn(
    show, write_mrc, tmp_path, marked, decoded
):
    shown = show(write_mrc(tmp_path / "mic.mrc", marked), tmp_path / "gone.mrc")
    good, gone = shown.images
    sheet = decoded(
        shown.pictures.sheet([Place(gone, 431, 212), Place(good, 431, 212)], tile_px=64, columns=2)
    )
    assert np.all(np.abs(sheet[:, :56].astype(int) - 128) < 3)
    assert sheet[:, 64:].min() < 60


@pytest.mark.parametrize("diameter_A", [1e-3, 1e5])
def test_a_wrong_diameter_takes_no_more_memory(show, write_mrc, tmp_path, marked, diameter_A):
    shown = show(write_mrc(tmp_path / "mic.mrc", marked))
    place = Place(shown.images[0], 431, 212, None, diameter_A)
    assert shown.pictures.sheet([place], tile_px=64, columns=1)


def test_the_class_decides_on_the_size_of_the_view(show, write_mrc, tmp_path, marked, decoded):
    shown = show(write_mrc(tmp_path / "mic.mrc", marked))
    image = shown.images[0]
    shown.pictures.thumbnail(image)
    places = [Place(image, 431, 212, None, size_A) for size_A in (None, 40.0, 80.0)]
    sheet = decoded(shown.pictures.sheet(places, tile_px=64, columns=3))
    areas = [np.count_nonzero(sheet[:, 64 * i : 64 * i + 64] < 60) for i in range(3)]
    assert areas[0] == pytest.approx(areas[1], rel=0.05)
    assert areas[2] == pytest.approx(areas[1] / 4, rel=0.3)


def test_without_a_diameter_a_view_is_still_of_use():
    assert diameter_px_of((4000, 6000), None, 180.0) == 200.0
    assert diameter_px_of((4000, 6000), 1.0, None) == 200.0
    assert diameter_px_of((4000, 6000), 2.0, 180.0) == 90.0


def test_candidates_are_seen_at_about_the_same_number_of_pixels():
    diameters_px = (4, 20, 39, 40, 81, 1e6)
    levels = [level_for(diameter_px, (4096, 4096)) for diameter_px in diameters_px]
    assert levels == [0, 0, 0, 1, 2, 3]


def test_a_sheet_too_long_for_a_picture(show, write_mrc, tmp_path, marked):
    shown = show(write_mrc(tmp_path / "mic.mrc", marked))
    places = [Place(shown.images[0], 100.0, 100.0)] * 400
    with pytest.raises(UsageError, match="256 × 102400"):
        shown.pictures.sheet(places, tile_px=256, columns=1)


def test_the_sheet_is_filled_by_rows():
    pictures = [np.full((4, 4), value, dtype=np.uint8) for value in (1, 2, 3)]
    sheet = assemble(pictures, tile_px=4, columns=2)
    assert sheet[::4, ::4].tolist() == [[1, 2], [3, 128]]


def test_candidates_of_a_tomogram_are_seen_along_z(show, write_mrc, tmp_path, rng, decoded):
    volume = rng.normal(0, 1, (40, 200, 300)).astype(np.float32)
    z, y, x = np.indices(volume.shape)
    volume[np.sqrt((z - 21) ** 2 + (y - 60) ** 2 + (x - 211) ** 2) < 10] -= 8
    shown = show(write_mrc(tmp_path / "tomo.mrc", volume), ndim=3)
    image = shown.images[0]
    shown.pictures.slices(image)
    places = [
        Place(image, 211, 60, 21.0),
        Place(image, 211, 60, 3.0),
        Place(image, 211, 60, 1e6),
        Place(image, 211, 60, -50.0),
    ]
    sheet = decoded(shown.pictures.sheet(places, tile_px=64, columns=4))
    there, above, beyond, before = np.split(sheet, 4, axis=1)
    assert np.abs(middle_of_disk(there) - 31.5).max() < 4
    assert np.count_nonzero(above < 30) < 0.3 * np.count_nonzero(there < 30)
    assert np.all(np.abs(beyond[:, 8:].astype(int) - 128) < 3)
    assert np.all(np.abs(before.astype(int) - 128) < 3)
