"""A simulated specimen on a few small micrographs, and what is known about it."""

import pytest
from specimens import Specimen, noise_image, simulate_specimen

from nunatak.learning.working_images import WorkingImage


@pytest.fixture(scope="session")
def specimen(tmp_path_factory: pytest.TempPathFactory) -> Specimen:
    """Four micrographs of some thirty strong particles each."""
    return simulate_specimen(tmp_path_factory.mktemp("specimen"))


@pytest.fixture
def noise_images() -> list[WorkingImage]:
    """Two labelled images and one without labels."""
    return [
        noise_image("a.mrc", 5, negatives=1),
        noise_image("b.mrc", 3, seed=1),
        noise_image("c.mrc", 0, seed=2),
    ]
