"""Crops made on several processes."""

import numpy as np
import pytest

from nunatak.simulate.bank import crop_factory
from nunatak.simulate.crops import CropConfig, make_crop
from nunatak.simulate.procedural import procedural_complex


@pytest.mark.slow
def test_crops_do_not_depend_on_the_workers() -> None:
    rng = np.random.default_rng(1)
    complexes = [procedural_complex(rng).thinned(300, rng)]
    config = CropConfig(side_px=32)
    with crop_factory(complexes, config, seed=6, workers=2) as factory:
        made = factory.make(30, 40)
    assert len(made) == 40
    for index in (30, 69):
        alone = make_crop(complexes, config, np.random.default_rng([6, index]))
        np.testing.assert_array_equal(made[index - 30].image, alone.image)
