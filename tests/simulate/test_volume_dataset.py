"""Whole data sets of tomograms: files, truth, resuming, one seed one result."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import pytest
import scipy.ndimage
from pydantic import ValidationError

from nunatak.errors import BadInput, FormatError, Mismatch, UsageError
from nunatak.images.tomogram_reader import read_tomogram
from nunatak.picks.table import PickSet
from nunatak.simulate import volume_dataset, volume_drawing
from nunatak.simulate.density import Density
from nunatak.simulate.volume_config_file import resolved
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


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder by its path, however deep."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


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
    assert contents(tmp_path / "same") == contents(made)
    one = SMALL.model_copy(update={"count": 1, "seed": 4})
    simulate_tomograms(one, tmp_path / "other")
    assert (volumes(tmp_path / "other")[0] != volumes(made)[0]).any()


def test_a_larger_count_extends_and_an_interrupted_run_resumes(made: Path, tmp_path: Path) -> None:
    simulate_tomograms(SMALL.model_copy(update={"count": 1}), tmp_path)
    assert simulate_tomograms(SMALL, tmp_path).already_there == 1
    (tmp_path / "parameters" / "tomo_000001.json").unlink()
    (tmp_path / "tomograms" / "tomo_000002.mrc").unlink()
    resumed = simulate_tomograms(SMALL, tmp_path)
    assert resumed.already_there == 0
    assert contents(tmp_path) == contents(made)
    assert resumed.truth.equals(simulate_tomograms(SMALL, made).truth)


def test_a_run_that_was_stopped_goes_on(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*args: object, **settings: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("nunatak.simulate.volume_files.write_truth", stopped)
        with pytest.raises(KeyboardInterrupt):
            simulate_tomograms(SMALL, tmp_path)
    assert not (tmp_path / "particles.csv").exists()
    assert simulate_tomograms(SMALL, tmp_path).already_there == 2
    assert contents(tmp_path) == contents(made)


def test_ome_zarr_holds_the_same_tomograms(made: Path, tmp_path: Path) -> None:
    config = SMALL.model_copy(update={"format": "zarr", "count": 1})
    first = simulate_tomograms(config, tmp_path / "a")
    assert first.images == ("copick/ExperimentRuns/tomo_000001/VoxelSpacing10.000/direct.zarr",)
    stored = read_tomogram(tmp_path / "a" / first.images[0])
    np.testing.assert_array_equal(stored.slab(0, 32), volumes(made)[0])
    assert set(first.truth["image"]) == set(first.images)
    simulate_tomograms(config, tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    # What others keep with a tomogram is not deleted.
    run = tmp_path / "b" / "copick/ExperimentRuns/tomo_000001"
    for name in ("Picks/alice_1_complex-1.json", "VoxelSpacing10.000/wbp.zarr/.zgroup"):
        theirs = run / name
        theirs.parent.mkdir(exist_ok=True)
        theirs.write_text("{}")
        before = contents(tmp_path / "b")
        with pytest.raises(Mismatch, match=f"{name.removesuffix('/.zgroup')} is not of the sim"):
            simulate_tomograms(SMALL, tmp_path / "b", redo=True)
        assert contents(tmp_path / "b") == before
        theirs.unlink()
    theirs.parent.rmdir()
    # Starting over leaves nothing of the other format.
    simulate_tomograms(SMALL, tmp_path / "b", redo=True)
    assert contents(tmp_path / "b") == contents(made)


def test_another_configuration_needs_another_folder(made: Path, tmp_path: Path) -> None:
    other = SMALL.model_copy(update={"snr": (1.0, 1.0)})
    with pytest.raises(Mismatch, match=r"snr \[0\.05, 0\.4\] there, \[1\.0, 1\.0\] here.*--redo"):
        simulate_tomograms(other, made)
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    assert simulate_tomograms(other, tmp_path, redo=True).already_there == 0


def test_a_smaller_number_needs_another_folder_too(made: Path, tmp_path: Path) -> None:
    fewer = SMALL.model_copy(update={"count": 1})
    with pytest.raises(Mismatch, match=r"2 tomograms there, 1 here"):
        simulate_tomograms(fewer, made)
    (tmp_path / "config.json").write_bytes((made / "config.json").read_bytes())
    for index in (1, 2):
        path = tmp_path / "parameters" / f"tomo_00000{index}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text("from an earlier run")
    assert simulate_tomograms(fewer, tmp_path, redo=True).already_there == 0
    assert [path.name for path in (tmp_path / "parameters").iterdir()] == ["tomo_000001.json"]


@pytest.mark.parametrize("redo", [False, True])
def test_a_folder_of_something_else_stays_as_it_is(tmp_path: Path, redo: bool) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(Mismatch, match=r"holds 1 files or folders \(first: thesis.tex\)"):
        simulate_tomograms(SMALL, tmp_path, redo=redo)
    with pytest.raises(Mismatch, match=r"is a file\. Name a folder"):
        simulate_tomograms(SMALL, tmp_path / "thesis.tex", redo=redo)
    (tmp_path / "config.json").write_text('{"config": {"pixel_size_A": 1.5}}')
    with pytest.raises(Mismatch, match="not the configuration of simulated tomograms"):
        simulate_tomograms(SMALL, tmp_path, redo=redo)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(FormatError, match=r"config\.json: not JSON.*Choose another folder"):
        simulate_tomograms(SMALL, tmp_path, redo=redo)
    assert {path.name for path in tmp_path.iterdir()} == {"config.json", "thesis.tex"}


def test_missing_densities_are_named_before_anything_is_written(tmp_path: Path) -> None:
    config = SMALL.model_copy(update={"densities": (str(tmp_path / "none.mrc"),)})
    with pytest.raises(BadInput, match=r"none\.mrc: no such file"):
        simulate_tomograms(config, tmp_path / "made")
    assert not (tmp_path / "made").exists()


def test_as_many_at_once_as_cores_and_half_of_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    config = SMALL.model_copy(update={"shape": (100, 100, 100)})
    pages = {"SC_PAGE_SIZE": 1000, "SC_PHYS_PAGES": 400_000}  # 0.4 GB; a tomogram takes 0.06
    monkeypatch.setattr(os, "sysconf", pages.get)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)))
    assert volume_dataset._at_once(config) == 3
    pages["SC_PHYS_PAGES"] = 100
    assert volume_dataset._at_once(config) == 1
    pages["SC_PHYS_PAGES"] = 10**9
    assert volume_dataset._at_once(config) == 8


def test_spoiled_parameters_are_named(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "made")
    path = tmp_path / "made" / "parameters" / "tomo_000001.json"
    tomogram = '"tomogram": "tomograms/tomo_000001.mrc"'
    for content, problem in (
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "tomogram: names no tomogram"),
        (f"{{{tomogram}}}", "particles: lists no particles"),
        (f'{{{tomogram}, "particles": {{"x_px": [1], "y_px": [1, 2]}}}}', "same length"),
        (f'{{{tomogram}, "particles": {{"x_px": [1]}}}}', "lacks y_px"),
    ):
        path.write_text(content)
        with pytest.raises(
            FormatError, match=rf"tomo_000001\.json.*{problem}.*Remove it and run again"
        ):
            simulate_tomograms(SMALL, tmp_path / "made")


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


def test_a_scene_without_a_complex_is_drawn_again(
    complexes: Complexes, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = volume_drawing.place_spheres
    full = [True, True, False]

    def crowded(*args: Any, **options: Any) -> np.ndarray:
        places = draw(*args, **options)
        return np.full_like(places, np.nan) if full.pop(0) else places

    monkeypatch.setattr(volume_drawing, "place_spheres", crowded)
    scene = draw_volume_scene(SMALL, complexes, np.random.default_rng(1))
    assert full == []
    assert scene.particles or scene.distractors
    monkeypatch.setattr(volume_drawing, "_MOST_SCENES", 2)
    full[:] = [True, True]
    with pytest.raises(BadInput, match=r"found room in any of 2 .*\(--shape\), a higher"):
        draw_volume_scene(SMALL, complexes, np.random.default_rng(1))


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
        {"voxel_size_A": 0.0},
        {"voxel_size_A": 100.0},
        {"format": "tiff"},
        {"colour": "red"},
    ],
)
def test_impossible_wishes_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(values))):
        VolumeDatasetConfig.model_validate(values)


def test_a_volume_beyond_any_memory_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"1e\+12 voxels in shape"):
        VolumeDatasetConfig(shape=(10_000, 10_000, 10_000))


def test_options_go_before_the_file_and_the_file_before_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "crowded.toml"
    file.write_text("count = 7\noccupancy = [0.1, 0.2]\nseed = 5\n")
    config = resolved(file, {"seed": 6, "mode": None})
    assert (config.count, config.occupancy, config.seed, config.mode) == (7, (0.1, 0.2), 6, "tilts")
    with pytest.raises(UsageError, match=r"Cannot simulate this: snr: the range 2 to 1 runs back"):
        resolved(file, {"snr": (2.0, 1.0)})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("count = ", "not TOML"),
        ("colour = 1", "colour: Extra inputs"),
        ("snr = [2.0, 1.0]", "snr: the range 2 to 1 runs backwards"),
        (None, "cannot read the configuration"),
    ],
)
def test_what_is_wrong_with_the_file_is_said_of_it(
    tmp_path: Path, text: str | None, problem: str
) -> None:
    file = tmp_path / "wrong.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(BadInput, match=rf"wrong\.toml: {problem}"):
        resolved(file, {"count": 1})


def test_a_tomogram_without_particles_to_find_has_an_empty_truth(tmp_path: Path) -> None:
    config = SMALL.model_copy(
        update={"count": 1, "occupancy": (1e-6, 1e-6), "distractor_share": (0.99, 0.99)}
    )
    result = simulate_tomograms(config, tmp_path)
    assert len(result.truth) == 0
    assert PickSet(result.truth, images=result.images).ndim == 3
