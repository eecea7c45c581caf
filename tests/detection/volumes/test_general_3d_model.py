"""The shipped general model for tomograms, on simulated ones of complexes that it has not seen."""

import pytest

import nunatak
from nunatak.detection.volumes.volume_model import load_volume_model
from nunatak.learning.volumes.volume_settings import VolumeLearningSettings
from nunatak.learning.volumes.volume_start import volume_start
from nunatak.picks.evaluate import evaluate
from nunatak.picks.table import PickSet
from nunatak.recipes.general_3d import LEAST_PARTICLES
from nunatak.simulate.volume_dataset import SimulatedTomograms, simulate_tomograms
from nunatak.simulate.volume_dataset_config import VolumeDatasetConfig


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> SimulatedTomograms:
    config = VolumeDatasetConfig(
        count=2,
        shape=(64, 128, 128),
        seed=31,
        complexes=1,
        distractor_complexes=0,
        smallest_kDa=1500.0,
        occupancy=(0.08, 0.1),
        snr=(0.3, 0.4),
        carbon=0.0,
    )
    return simulate_tomograms(config, tmp_path_factory.mktemp("simulated"))


def test_particles_are_found_by_their_diameter(simulated: SimulatedTomograms) -> None:
    ((name, diameter_A),) = simulated.diameters_A.items()
    images = [str(simulated.folder / image) for image in simulated.images]
    truth = PickSet(
        simulated.truth.assign(image=[str(simulated.folder / i) for i in simulated.truth["image"]]),
        images=tuple(images),
    )
    assert len(truth) > 10, name
    found = nunatak.pick_tomograms(images, diameter_A=diameter_A, device="cpu")
    judged = evaluate(found.picks, truth, radius_A=diameter_A / 4, n_resamples=0)
    assert judged.best_f1.value > 0.8
    selected = found.picks.table["selected"]
    assert 0.6 < selected.sum() / len(truth) < 1.6


def test_it_was_not_trained_on_what_judges_it() -> None:
    header = load_volume_model("general-3d").header
    assert header.classes_are == "sizes"
    recipe = header.provenance["recipe"]
    assert isinstance(recipe, dict)
    assert recipe["excluded_maps"] == ["6pxm", "1f4a", "6qzp", "7n4y", "8tux", "3j9i"]
    assert not set(recipe["excluded_maps"]) & set(header.provenance["maps"])  # type: ignore[arg-type]


def test_no_threshold_rests_on_a_handful_of_particles() -> None:
    header = load_volume_model("general-3d").header
    judged = header.provenance["validation"]
    assert isinstance(judged, dict)
    assert set(judged) == {size.name for size in header.classes}
    assert min(one["particles"] for one in judged.values()) >= LEAST_PARTICLES
    assert min(size.threshold for size in header.classes) > 0.1


def test_a_training_begins_with_the_heatmap_of_a_size() -> None:
    model = load_volume_model("general-3d")
    sizes = [size.diameter_A for size in model.header.classes]
    begun = volume_start(VolumeLearningSettings(), {"ribosome": sizes[5]}, voxel_size_A=None)
    weights = begun.network.state_dict()["heatmap.weight"]
    assert weights.allclose(model.network.state_dict()["heatmap.weight"][5:6], atol=1e-6)
    assert begun.model is not None
    assert begun.model.header.name == "general-3d"
