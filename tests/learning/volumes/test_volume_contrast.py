"""Whether labels show the contrast that was stated."""

from dataclasses import replace

import numpy as np

from nunatak.learning.volumes.volume_contrast import contrast_finding


def test_light_particles_that_are_taken_for_dark_are_told(make_volume) -> None:  # type: ignore[no-untyped-def]
    right = [make_volume(particles=6), make_volume("b.mrc", particles=0)]
    inverted = [replace(one, voxels=-one.voxels) for one in right]
    radius_px = (4.0, 6.0)
    assert contrast_finding(right, radius_px, stored="dark") is None
    assert contrast_finding(inverted, radius_px, stored="dark", shown="light") is None
    found = contrast_finding(inverted, radius_px, stored="dark")
    assert found is not None
    assert found.count == 6
    assert str(found).startswith(
        "Particles are taken to be dark, but the 6 labels that were looked"
    )
    assert "--contrast light" in str(found)
    other = contrast_finding(right, radius_px, stored="light", shown="light")
    assert other is not None
    assert "--contrast dark" in str(other)


def test_labels_of_noise_and_too_few_say_nothing(make_volume) -> None:  # type: ignore[no-untyped-def]
    volume = make_volume(particles=6)
    noise = np.random.default_rng(1).standard_normal(volume.voxels.shape).astype(np.float16)
    radius_px = (4.0, 6.0)
    assert contrast_finding([replace(volume, voxels=noise)], radius_px, stored="dark") is None
    few = make_volume(particles=4)
    assert contrast_finding([replace(few, voxels=-few.voxels)], radius_px, stored="dark") is None
    assert contrast_finding([make_volume(particles=0)], radius_px, stored="dark") is None
