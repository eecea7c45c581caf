"""What the user says of a file's unit."""

import pytest

from nunatak.errors import Mismatch, UsageError
from nunatak.picks.file_grid import FileGrid, GridRule
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.stated_grid import stated_grid

ONE_SIZE = ImageCatalogue({"a.mrc": (4092, 5760), "b.mrc": (4092, 5760)}, pixel_size_A=1.25)


def test_nothing_stated_is_nothing() -> None:
    assert stated_grid(images=ONE_SIZE) is None


def test_each_statement() -> None:
    assert stated_grid(binning=4, rule=GridRule.MEAN) == FileGrid(4, 4, GridRule.MEAN, ratio_z=4)
    assert stated_grid(in_angstrom=True, images=ONE_SIZE) == FileGrid(
        0.8, 0.8, in_pixels=False, ratio_z=0.8
    )
    grid = stated_grid(image_size="720 x 511", images=ONE_SIZE)
    assert grid == FileGrid(5760 / 720, 4092 / 511)


@pytest.mark.parametrize("size", ["720", "720x", "0x511", "720x00", "-1x5", "1.5x2", ""])
def test_unreadable_sizes_are_refused(size: str) -> None:
    with pytest.raises(UsageError, match="is not a size such as 1440x1023"):
        stated_grid(image_size=size, images=ONE_SIZE)


def test_what_contradicts_itself_or_cannot_be_known_is_refused() -> None:
    several = ImageCatalogue({"a.mrc": (4092, 5760), "b.mrc": (100, 200)})
    with pytest.raises(UsageError, match="State the unit once"):
        stated_grid(binning=2, in_angstrom=True)
    with pytest.raises(UsageError, match="without the images"):
        stated_grid(image_size="10x10")
    with pytest.raises(Mismatch, match=r"several sizes \(200 x 100, 5760 x 4092\)"):
        stated_grid(image_size="10x10", images=several)
    with pytest.raises(UsageError, match="need the pixel size"):
        stated_grid(in_angstrom=True, images=several)


def test_picks_in_tomograms_are_told_to_state_a_binning() -> None:
    tomograms = ImageCatalogue({"TS_1.mrc": (200, 512, 512)})
    with pytest.raises(UsageError, match=r"for micrographs.*--input-binning.*such as 4"):
        stated_grid(image_size="128x128", images=tomograms)
    with pytest.raises(UsageError, match=r"picks in tomograms, give the binning"):
        stated_grid(image_size="128x128")
