import pytest

from nunatak.errors import BadInput
from nunatak.learning.region_shares import disc_offsets, region_shares


def test_a_disc_of_radius_three_has_29_pixels() -> None:
    offsets = disc_offsets(3)
    assert len(offsets) == 29
    assert (offsets**2).sum(axis=1).max() == 9


def test_shares_follow_from_counts() -> None:
    shares = region_shares(
        expected_particles=100, n_labels=40, n_images=2, n_pixels=290_000, radius_px=3
    )
    assert shares.positive == pytest.approx(0.02)
    assert shares.labelled == pytest.approx(0.004)


def test_particles_that_cover_everything_are_refused() -> None:
    with pytest.raises(BadInput, match="cover every pixel"):
        region_shares(expected_particles=1e6, n_labels=4, n_images=2, n_pixels=290_000, radius_px=3)
