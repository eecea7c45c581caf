import numpy as np
import pytest

from nunatak.images import mixture, normalise
from nunatak.images.normalisations import DEFAULT, NORMALISATIONS


def test_names_are_the_versions_and_the_default_is_the_general_models() -> None:
    assert set(NORMALISATIONS) == {normalise.VERSION, mixture.VERSION}
    assert normalise.VERSION == DEFAULT


@pytest.mark.parametrize("name", sorted(NORMALISATIONS))
def test_every_normalisation_standardises_the_ice_and_repeats_itself(name: str) -> None:
    rng = np.random.default_rng(0)
    image = rng.normal(700.0, 30.0, (160, 120)).astype(np.float32)
    bad = np.zeros(image.shape, dtype=bool)
    bad[20:40, 50:60] = True
    result = NORMALISATIONS[name](image, bad=bad)
    assert result.dtype == np.float32
    assert not result[bad].any()
    assert abs(float(result[~bad].mean())) < 0.1
    assert float(result[~bad].std()) == pytest.approx(1.0, abs=0.1)
    assert np.array_equal(NORMALISATIONS[name](image, bad=bad), result)
