"""Whole data sets: files, truth, resuming, one seed one result."""

import json
from pathlib import Path

import gemmi
import mrcfile
import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from nunatak.errors import BadInput, FormatError, Mismatch
from nunatak.picks.formats.doors import read_picks
from nunatak.simulate.dataset import simulate_dataset
from nunatak.simulate.dataset_config import DatasetConfig
from nunatak.simulate.dataset_scene import complex_of_diameter, draw_scene, specimens
from nunatak.simulate.field import JunkClass

SMALL = DatasetConfig(
    count=3, shape=(160, 200), pixel_size_A=5.0, diameter_A=150.0, coverage=(0.2, 0.3), seed=19
)


def contents(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def parameters(folder: Path, number: int) -> dict:
    return json.loads((folder / "parameters" / f"mic_{number:06d}.json").read_text())


def star_table(path: Path, block: str, *columns: str) -> list[list[str]]:
    found = gemmi.cif.read(str(path)).find_block(block)
    return [list(row) for row in found.find([f"_{column}" for column in columns])]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    simulate_dataset(SMALL, folder, threads=1)
    return folder


def test_one_seed_one_result_on_any_number_of_threads(made: Path, tmp_path: Path) -> None:
    simulate_dataset(SMALL, tmp_path, threads=3)
    assert contents(tmp_path) == contents(made)
    other = tmp_path / "other"
    simulate_dataset(SMALL.model_copy(update={"seed": 4}), other)
    ours, theirs = contents(made), contents(other)
    assert ours.keys() == theirs.keys()
    assert ours["micrographs/mic_000001.mrc"] != theirs["micrographs/mic_000001.mrc"]


def test_an_interrupted_run_resumes_to_the_same_result(made: Path, tmp_path: Path) -> None:
    done: list[int] = []

    def interrupt(count: int) -> None:
        done.append(count)
        if sum(done) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate_dataset(SMALL, tmp_path, threads=1, advance=interrupt)
    assert not (tmp_path / "particles.star").exists()
    finished = {path: path.stat().st_mtime_ns for path in (tmp_path / "parameters").iterdir()}
    assert 1 <= len(finished) <= 3
    result = simulate_dataset(SMALL, tmp_path)
    assert result.already_there == len(finished)
    assert all(path.stat().st_mtime_ns == written for path, written in finished.items())
    assert contents(tmp_path) == contents(made)


def test_a_larger_count_extends(made: Path, tmp_path: Path) -> None:
    simulate_dataset(SMALL.model_copy(update={"count": 1}), tmp_path)
    assert simulate_dataset(SMALL, tmp_path).already_there == 1
    assert contents(tmp_path) == contents(made)


def test_another_configuration_needs_another_folder(tmp_path: Path) -> None:
    one = SMALL.model_copy(update={"count": 1})
    simulate_dataset(one, tmp_path)
    other = one.model_copy(update={"dose_e_A2": 30.0})
    with pytest.raises(Mismatch, match=r"\(dose_e_A2 40\.0 there, 30\.0 here\).*--redo"):
        simulate_dataset(other, tmp_path)
    simulate_dataset(other, tmp_path, redo=True)
    assert parameters(tmp_path, 1)["dose_e_A2"] == 30.0


def test_redo_mixes_nothing_of_the_old_data_set_into_the_new(tmp_path: Path) -> None:
    simulate_dataset(SMALL, tmp_path)
    (tmp_path / "micrographs" / "mic_000003.star").write_text("picks of a user")
    users_own = tmp_path / "micrographs" / "mic_000009.mrc"
    with mrcfile.new(users_own, np.zeros((4, 4), np.float32)):
        pass
    other = SMALL.model_copy(update={"seed": 20})
    fewer = simulate_dataset(other.model_copy(update={"count": 1}), tmp_path, redo=True)
    assert (fewer.micrographs, fewer.already_there) == (1, 0)
    assert sorted(path.name for path in tmp_path.rglob("mic_*")) == [
        "mic_000001.json", "mic_000001.mrc", "mic_000001.png", "mic_000003.star", "mic_000009.mrc",
    ]  # fmt: skip
    more = simulate_dataset(other, tmp_path)
    assert more.already_there == 1
    simulate_dataset(other, tmp_path / "fresh")
    assert parameters(tmp_path, 2) == parameters(tmp_path / "fresh", 2)


def test_an_interrupted_redo_goes_on_with_the_new_data_set_alone(tmp_path: Path) -> None:
    simulate_dataset(SMALL, tmp_path)
    other = SMALL.model_copy(update={"seed": 20})

    def interrupt(count: int) -> None:
        if count:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate_dataset(other, tmp_path, redo=True, threads=1, advance=interrupt)
    assert not (tmp_path / "particles.star").exists()  # that of the old one
    simulate_dataset(other, tmp_path)
    simulate_dataset(other, tmp_path / "fresh")
    assert parameters(tmp_path, 3) == parameters(tmp_path / "fresh", 3)


def test_a_damaged_parameter_file_is_named(tmp_path: Path) -> None:
    one = SMALL.model_copy(update={"count": 1})
    simulate_dataset(one, tmp_path)
    (tmp_path / "parameters" / "mic_000001.json").write_text("{")
    with pytest.raises(FormatError, match=r"mic_000001\.json: not JSON"):
        simulate_dataset(one, tmp_path)


def test_images_hold_counts(made: Path) -> None:
    with mrcfile.open(made / "micrographs" / "mic_000002.mrc") as file:
        assert file.data.shape == (160, 200)
        assert file.data.dtype == np.float32
        assert float(file.voxel_size.x) == pytest.approx(5.0)
        told = parameters(made, 2)
        electrons = 40.0 * 25.0 * 0.85 * np.exp(-told["ice"]["thickness_A"] / 3150.0)
        assert np.median(file.data) == pytest.approx(electrons, rel=0.15)
        np.testing.assert_array_equal(file.data, np.rint(file.data))


def test_truth_lies_on_dark_spots(tmp_path: Path) -> None:
    config = SMALL.model_copy(
        update={"count": 1, "junk": 0.0, "contrast_factor": (1.0, 1.0), "ice_gradient": (0.0, 0.0),
                "ice_meniscus": (0.0, 0.0), "defocus_A": (25_000.0, 25_000.0)}
    )  # fmt: skip
    simulate_dataset(config, tmp_path)
    image = mrcfile.read(tmp_path / "micrographs" / "mic_000001.mrc")
    rows = star_table(tmp_path / "particles.star", "particles", "rlnCoordinateX", "rlnCoordinateY")
    assert len(rows) == len(parameters(tmp_path, 1)["particles"]) > 5
    centres = np.round(np.array(rows, dtype=float)).astype(int)
    inner = [(x, y) for x, y in centres if 5 <= x < 195 and 5 <= y < 155]
    levels = np.array([image[y - 5 : y + 6, x - 5 : x + 6].mean() for x, y in inner])
    assert (levels < np.median(image)).mean() > 0.9
    transposed = [image[x - 5 : x + 6, y - 5 : y + 6].mean() for x, y in inner if x < 155]
    assert np.mean(transposed) > levels.mean()


def test_stars_follow_relion(made: Path) -> None:
    for name in ("particles.star", "micrographs_ctf.star"):
        optics = star_table(
            made / name, "optics", "rlnOpticsGroup", "rlnMicrographPixelSize", "rlnVoltage",
            "rlnSphericalAberration", "rlnAmplitudeContrast",
        )  # fmt: skip
        assert [list(map(float, row)) for row in optics] == [[1, 5.0, 300.0, 2.7, 0.1]]
    micrographs = star_table(
        made / "micrographs_ctf.star", "micrographs", "rlnMicrographName", "rlnDefocusU",
        "rlnDefocusAngle",
    )  # fmt: skip
    assert [row[0] for row in micrographs] == [f"micrographs/mic_{n:06d}.mrc" for n in (1, 2, 3)]
    told = parameters(made, 1)["optics"]
    assert float(micrographs[0][1]) == told["defocus_u_A"]
    assert float(micrographs[0][2]) == pytest.approx(np.rad2deg(told["astigmatism_angle_rad"]))
    named = star_table(made / "particles.star", "particles", "rlnMicrographName")
    assert all((made / row[0]).is_file() for row in named)


def test_truth_reads_as_picks(made: Path, tmp_path: Path) -> None:
    truth = read_picks(made / "particles.star")
    told = [one for number in (1, 2, 3) for one in parameters(made, number)["particles"]]
    assert truth.table["x_px"].tolist() == [one["x_px"] for one in told]
    assert truth.table["y_px"].tolist() == [one["y_px"] for one in told]
    assert set(truth.table["pixel_size_A"]) == {5.0}
    assert set(truth.table["diameter_A"]) == {150.0}
    simulate_dataset(SMALL.model_copy(update={"count": 1, "empty": 1.0}), tmp_path)
    assert len(read_picks(tmp_path / "particles.star")) == 0


def test_masks_show_the_classes(tmp_path: Path) -> None:
    config = SMALL.model_copy(
        update={"count": 1, "junk": 1e9, "junk_kinds": ("mottled_ice", "gold_beads")}
    )
    simulate_dataset(config, tmp_path)
    mask = np.asarray(Image.open(tmp_path / "masks" / "mic_000001.png"))
    assert mask.shape == (160, 200)
    names = json.loads((tmp_path / "masks" / "classes.json").read_text())
    assert names == {str(int(kind)): kind.name.lower() for kind in JunkClass}
    areas = parameters(tmp_path, 1)["junk_area"]
    assert {names[str(value)]: float((mask == value).mean()) for value in np.unique(mask)} == (
        pytest.approx(areas)
    )
    assert {"mottled_ice"} <= areas.keys() <= {"mottled_ice", "gold_bead"}


def test_int16_rounds_the_same_counts(tmp_path: Path) -> None:
    for dtype in ("int16", "float32"):
        simulate_dataset(SMALL.model_copy(update={"count": 1, "dtype": dtype}), tmp_path / dtype)
    small, large = (
        mrcfile.read(tmp_path / dtype / "micrographs" / "mic_000001.mrc")
        for dtype in ("int16", "float32")
    )
    assert small.dtype == np.int16
    np.testing.assert_array_equal(small, np.rint(large))


def test_no_particle_under_opaque_junk_or_outside() -> None:
    config = SMALL.model_copy(update={"junk": 4.0, "shape": (400, 400)})
    specimen = specimens(config)[0]
    for seed in range(6):
        scene, truth = draw_scene(config, specimen, np.random.default_rng(seed))
        for one in truth:
            assert -0.5 <= one.x_px < 399.5
            assert -0.5 <= one.y_px < 399.5
            y, x = round(one.y_px + scene.margin_px), round(one.x_px + scene.margin_px)
            assert scene.surroundings.label[y, x] in {0, JunkClass.CARBON, JunkClass.MOTTLED_ICE}


def test_empty_micrographs_are_listed_without_particles(tmp_path: Path) -> None:
    result = simulate_dataset(SMALL.model_copy(update={"empty": 1.0}), tmp_path)
    assert result.particles == 0
    assert star_table(tmp_path / "particles.star", "particles", "rlnCoordinateX") == []
    assert len(star_table(tmp_path / "micrographs_ctf.star", "micrographs", "rlnDefocusU")) == 3


def test_the_number_of_particles_can_be_set() -> None:
    config = SMALL.model_copy(
        update={"particles": (12, 12), "shape": (600, 600), "spacing": 0.3, "junk": 0.0}
    )
    specimen = specimens(config)[0]
    counts = [len(draw_scene(config, specimen, np.random.default_rng(s))[1]) for s in range(30)]
    assert np.mean(counts) == pytest.approx(12, abs=1)


def test_preferred_views_agree() -> None:
    config = SMALL.model_copy(update={"preferred": 1.0, "coverage": (0.4, 0.4), "junk": 0.0})
    specimen = specimens(config)[0]
    for preferred, low, high in ((1.0, 0.9, 1.0), (0.0, -0.5, 0.5)):
        chosen = config.model_copy(update={"preferred": preferred})
        scene, _ = draw_scene(chosen, specimen, np.random.default_rng(1))
        facing = [(one.rotation @ specimen.view.T)[2, 2] for one in scene.particles]
        assert low < np.mean(facing) <= high


def test_a_wanted_ratio_is_recorded(tmp_path: Path) -> None:
    config = SMALL.model_copy(update={"count": 2, "snr": 0.3, "junk": 0.0})
    simulate_dataset(config, tmp_path)
    for number in (1, 2):
        told = parameters(tmp_path, number)
        assert told["snr"] == pytest.approx(0.3, rel=0.05)
        assert told["contrast_factor"] > 0


@pytest.mark.parametrize("diameter_A", [70.0, 150.0, 260.0])
def test_built_in_complexes_come_in_any_size(diameter_A: float) -> None:
    density = complex_of_diameter(diameter_A, np.random.default_rng(0))
    assert density.diameter_A == diameter_A
    radius = np.linalg.norm(density.positions_A, axis=1)
    inside = density.potential_VA3[radius <= diameter_A / 2 * 1.001].sum()
    assert inside / density.potential_VA3.sum() == pytest.approx(0.99, abs=0.01)
    assert density.potential_VA3.sum() == pytest.approx(
        density.mass_kDa * 1000 / 14.5 * 70, rel=1e-3
    )


def test_micrographs_take_turns_with_given_densities(tmp_path: Path) -> None:
    for name, reach in (("a", 20), ("b", 40)):
        lines = [
            f"ATOM  {i + 1:5d}  CA  GLY A{i + 1:4d}    {i % reach:8.3f}{i // reach:8.3f}   0.000"
            "  1.00 10.00           C\n"
            for i in range(300)
        ]
        (tmp_path / f"{name}.pdb").write_text("".join(lines))
    config = SMALL.model_copy(
        update={"densities": (str(tmp_path),), "diameter_A": None, "coverage": (0.01, 0.02)}
    )
    result = simulate_dataset(config, tmp_path / "out")
    assert list(result.diameters_A) == ["a", "b"]
    names = [parameters(tmp_path / "out", n)["density"]["name"] for n in (1, 2, 3)]
    assert names == ["a", "b", "a"]


def test_a_missing_density_leaves_no_data_set(tmp_path: Path) -> None:
    config = SMALL.model_copy(update={"densities": ("absent.pdb",), "diameter_A": None})
    with pytest.raises(BadInput, match=r"absent\.pdb: no such file"):
        simulate_dataset(config, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"defocus_A": (3e4, 1e4)}, "the range 30000 to 10000 runs backwards"),
        ({"junk_kinds": ("dust",)}, "unknown kinds of junk: dust; known are carbon_edge"),
        ({"densities": ("a.pdb",)}, "a diameter scales built-in complexes"),
        ({"coverage": (-0.1, 0.2)}, "coverage must not be negative"),
        ({"ice_thickness_A": (0.0, 100.0)}, "ice_thickness_A"),
        ({"dtype": "int16", "dose_e_A2": 1e4}, "do not fit int16"),
        ({"pixel_size_A": float("nan")}, "finite number"),
        ({"dosis": 3}, "Extra inputs are not permitted"),
    ],
)
def test_impossible_configurations_are_refused(wrong: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        DatasetConfig.model_validate({**SMALL.model_dump(), **wrong})
