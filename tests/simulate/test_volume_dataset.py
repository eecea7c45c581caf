"""Whole data sets of tomograms: files, truth, resuming, one seed one result."""

import json
from pathlib import Path

import mrcfile
import numpy as np
import pytest
import scipy.ndimage
from pydantic import ValidationError

from nunatak.errors import BadInput, FormatError, Mismatch
from nunatak.picks.table import PickSet
from nunatak.simulate import volume_drawing
from nunatak.simulate.density import Density
from nunatak.simulate.volume_dataset import simulate_tomograms
from nunatak.simulate.volume_dataset_config import VolumeDatasetConfig
from nunatak.simulate.volume_drawing import Complexes, complexes_of, draw_volume_scene
from nunatak.simulate.volume_imaging import simulate_tomogram
from nunatak.simulate.volume_scene import potential_V

SMALL = VolumeDatasetConfig(
    count=2, shape=(32, 64, 72), mode="direct", complexes=2, distractor_complexes=1, seed=3
)


@pytest.fixture(scope="module")
def complexes() -> Complexes:
    return complexes_of(SMALL)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    simulate_tomograms(SMALL, folder)
    return folder


def volumes(folder: Path) -> list[np.ndarray]:
    return [mrcfile.read(path) for path in sorted((folder / "tomograms").iterdir())]


def test_files_hold_what_was_simulated(made: Path, complexes: Complexes) -> None:
    result = simulate_tomograms(SMALL, made)
    assert result.already_there == 2
    assert result.images == ("tomograms/tomo_000001.mrc", "tomograms/tomo_000002.mrc")
    with mrcfile.open(made / result.images[0]) as file:
        assert file.is_volume()
        assert float(file.voxel_size.x) == 10.0
        assert file.data.shape == SMALL.shape
    picks = PickSet(result.truth, images=result.images)
    assert picks.ndim == 3
    assert picks.has_angles
    direct = [
        simulate_tomogram(SMALL, complexes, index, image=result.images[index]) for index in (0, 1)
    ]
    np.testing.assert_array_equal(volumes(made)[1], direct[1].tomogram)
    assert len(result.truth) == sum(len(one.truth) for one in direct) > 4
    np.testing.assert_allclose(
        picks.positions_px[: len(direct[0].truth)],
        direct[0].truth[["x_px", "y_px", "z_px"]].to_numpy(),
    )
    assert set(result.truth["class_name"]) <= {"complex-1", "complex-2"} == set(result.diameters_A)
    parameters = json.loads((made / "parameters" / "tomo_000001.json").read_text())
    assert parameters["voxel_size_A"] == 10.0
    assert 20_000 <= parameters["optics"]["defocus_u_A"] <= 50_000


def test_results_depend_on_the_seed_and_not_on_threads(made: Path, tmp_path: Path) -> None:
    simulate_tomograms(SMALL, tmp_path / "same", threads=2)
    for first, second in zip(volumes(made), volumes(tmp_path / "same"), strict=True):
        np.testing.assert_array_equal(first, second)
    one = SMALL.model_copy(update={"count": 1, "seed": 4})
    simulate_tomograms(one, tmp_path / "other")
    assert (volumes(tmp_path / "other")[0] != volumes(made)[0]).any()


def test_a_larger_count_extends_and_an_interrupted_run_resumes(made: Path, tmp_path: Path) -> None:
    simulate_tomograms(SMALL.model_copy(update={"count": 1}), tmp_path)
    assert simulate_tomograms(SMALL, tmp_path).already_there == 1
    (tmp_path / "parameters" / "tomo_000001.json").unlink()
    resumed = simulate_tomograms(SMALL, tmp_path)
    assert resumed.already_there == 1
    np.testing.assert_array_equal(volumes(tmp_path)[0], volumes(made)[0])
    assert resumed.truth.equals(simulate_tomograms(SMALL, made).truth)


def test_another_configuration_needs_another_folder(tmp_path: Path) -> None:
    one = SMALL.model_copy(update={"count": 1})
    simulate_tomograms(one, tmp_path)
    other = one.model_copy(update={"snr": (1.0, 1.0)})
    with pytest.raises(Mismatch, match=r"snr \[0\.05, 0\.4\] there, \[1\.0, 1\.0\] here.*--redo"):
        simulate_tomograms(other, tmp_path)
    assert simulate_tomograms(other, tmp_path, redo=True).already_there == 0


@pytest.mark.parametrize("content", ["{", "[]", "{}"])
def test_spoiled_parameters_are_named(tmp_path: Path, content: str) -> None:
    one = SMALL.model_copy(update={"count": 1})
    simulate_tomograms(one, tmp_path)
    path = tmp_path / "parameters" / "tomo_000001.json"
    path.write_text(content)
    with pytest.raises(FormatError, match=r"tomo_000001\.json.*Remove it and run again"):
        simulate_tomograms(one, tmp_path)


@pytest.mark.parametrize("mode", ["direct", "tilts"])
@pytest.mark.parametrize("protein", ["dark", "light"])
def test_tomograms_have_the_asked_contrast(complexes: Complexes, mode: str, protein: str) -> None:
    config = SMALL.model_copy(
        update={
            "mode": mode,
            "protein": protein,
            "snr": (1.0, 1.0),
            "phase_flipped": 1.0,
            "tilt_step_deg": 6.0,
            "membranes": (0, 0),
            "microtubules": (0, 0),
            "actin": (0, 0),
            "gold_beads": (0, 0),
            "carbon": 0.0,
        }
    )
    made = simulate_tomogram(config, complexes, 0, image="a.mrc")
    assert made.tomogram.shape == config.shape
    assert made.tomogram.dtype == np.float32
    smooth = scipy.ndimage.gaussian_filter(made.tomogram, 2.0)
    scene = draw_volume_scene(config, complexes, np.random.default_rng([config.seed, 1, 0]))
    protein_V = potential_V(config.shape, config.voxel_size_A, scene.particles)
    sign = -1 if protein == "dark" else 1
    blurred = scipy.ndimage.gaussian_filter(protein_V, 2.0)
    assert sign * np.corrcoef(smooth.ravel(), blurred.ravel())[0, 1] > 0.15
    assert json.loads(json.dumps(made.parameters))["mode"] == mode


def test_scenes_are_crowded_as_asked(complexes: Complexes) -> None:
    config = SMALL.model_copy(
        update={
            "shape": (48, 96, 96),
            "occupancy": (0.15, 0.15),
            "distractor_share": (0.3, 0.3),
            "membranes": (1, 1),
            "gold_beads": (3, 3),
            "carbon": 1.0,
            "contamination": (1, 1),
            "microtubules": (1, 1),
            "actin": (1, 1),
        }
    )
    scene = draw_volume_scene(config, complexes, np.random.default_rng(1))
    assert scene.surroundings_V.max() > 40
    every = [*scene.particles, *scene.distractors]
    assert {one.density.name for one in scene.distractors} == {"distractor-1"}
    assert {one.density.name for one in scene.particles} == {"complex-1", "complex-2"}
    assert 0.1 < len(scene.distractors) / len(every) < 0.5
    places = np.array([(one.x_px, one.y_px, one.z_px) for one in every])
    radii = np.array([one.radius_A / 10 for one in every])
    distance = np.linalg.norm(places[:, None] - places[None], axis=2)
    assert (distance - radii[:, None] - radii + 1e9 * np.eye(len(every))).min() >= 0
    # Particles keep clear of membranes, filaments and beads.
    protein_V = potential_V(scene.shape, 10.0, every)
    assert ((protein_V > 1.0) & (scene.surroundings_V > 1.0)).mean() < 1e-4


def test_given_densities_are_the_classes(tmp_path: Path) -> None:
    for folder, name in (("a", "one"), ("a", "two"), ("b", "one")):
        (tmp_path / folder).mkdir(exist_ok=True)
        z, y, x = np.indices((12, 12, 12)) - 5.5
        ball = (np.sqrt(x**2 + y**2 + z**2) < 4).astype(np.float32)
        with mrcfile.new(tmp_path / folder / f"{name}.mrc", ball) as file:
            file.voxel_size = 10.0
    config = SMALL.model_copy(update={"densities": (str(tmp_path / "a"),)})
    found = complexes_of(config)
    assert [one.name for one in found.classes] == ["one", "two"]
    assert [one.name for one in found.distractors] == ["distractor-1"]
    both = config.model_copy(update={"densities": (str(tmp_path / "a"), str(tmp_path / "b"))})
    with pytest.raises(BadInput, match="called one, but the name of the file"):
        complexes_of(both)


def test_a_volume_too_shallow_for_any_complex_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    giant = Density.from_scatterers("giant", [[-200, 0, 0], [200, 0, 0]], [1, 1], mass_kDa=900)
    monkeypatch.setattr(volume_drawing, "procedural_complex", lambda rng: giant)
    with pytest.raises(BadInput, match=r"no built-in complex of 150 kDa .* 320 Å deep"):
        complexes_of(SMALL)


@pytest.mark.parametrize(
    "values",
    [
        {"snr": (0.0, 1.0)},
        {"snr": (2.0, 1.0)},
        {"membranes": (3, 1)},
        {"membranes": (-1, 1)},
        {"occupancy": (0.1, 1.0)},
        {"occupancy": (0.0, 0.1)},
        {"largest_tilt_deg": (60.0, 89.0)},
        {"ice_slope_deg": (-50.0, 0.0)},
        {"b_factor_A2": (-1.0, 10.0)},
        {"shape": (8, 64, 64)},
        {"colour": "red"},
    ],
)
def test_impossible_wishes_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(values))):
        VolumeDatasetConfig.model_validate(values)


def test_a_tomogram_without_particles_to_find_has_an_empty_truth(tmp_path: Path) -> None:
    config = SMALL.model_copy(
        update={"count": 1, "occupancy": (1e-6, 1e-6), "distractor_share": (0.99, 0.99)}
    )
    result = simulate_tomograms(config, tmp_path)
    assert len(result.truth) == 0
    assert PickSet(result.truth, images=result.images).ndim == 3
