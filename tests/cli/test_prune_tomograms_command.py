"""``nunatak prune`` on picks in tomograms, with a classifier of random weights."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from ended import Ended, Run

from nunatak.errors import EXIT_BAD_INPUT, EXIT_OK, EXIT_SOME_FAILED, EXIT_USAGE
from nunatak.images.write_volume import write_mrc_volume, write_ome_zarr
from nunatak.networks.pruning_network import PruningNetwork
from nunatak.picks.formats import read_picks
from nunatak.pruning.crops import CropSpec
from nunatak.pruning.header import PrunerHeader, PruningNetworkParameters
from nunatak.pruning.model import PruningModel, save_pruner
from nunatak.pruning.volumes.slab_spec import SlabSpec

VOXEL_A = 10.0
SIZES_A = {"ribosome": 120.0, "ferritin": 80.0}
PLACES = {
    "ribosome": [(x, y, 16) for y in (11, 35) for x in (11, 29, 47)],
    "ferritin": [(20, 23, 9), (38, 23, 9), (20, 23, 23), (38, 23, 23)],
}
TOMOGRAMS_STAR = """
data_global

loop_
_rlnTomoName #1
_rlnTomoTiltSeriesPixelSize #2
_rlnTomoSizeX #3
_rlnTomoSizeY #4
_rlnTomoSizeZ #5
_rlnTomoTomogramBinning #6
TS_1 2.5 232 188 128 4
TS_2 2.5 232 188 128 4
"""


def is_ball(row: int) -> bool:
    return row % 3 != 2


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MRC and an OME-Zarr tomogram with balls of two sizes, picks of two classes, a model."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "tomos").mkdir()
    generator = np.random.default_rng(3)
    z, y, x = np.ogrid[:32, :47, :58]
    rows = []
    for name, write in (("TS_1.mrc", write_mrc_volume), ("TS_2.zarr", write_ome_zarr)):
        voxels = generator.normal(size=(32, 47, 58)).astype(np.float32)
        for kind, places in PLACES.items():
            for row, (x_px, y_px, z_px) in enumerate(places):
                ball = (x - x_px) ** 2 + (y - y_px) ** 2 + (z - z_px) ** 2 <= (
                    SIZES_A[kind] / 2 / VOXEL_A
                ) ** 2
                voxels[ball] -= 3.0 * is_ball(row)
                verdict = "good" if is_ball(row) else "bad"
                angles = generator.uniform(1, 170, 3).round(3)
                rows.append((name, x_px, y_px, z_px, *angles, kind, SIZES_A[kind], verdict))
        write(folder / "tomos" / name, voxels, VOXEL_A)
    columns = ["image", "x_px", "y_px", "z_px", "rot_deg", "tilt_deg", "psi_deg"]
    table = pd.DataFrame(rows, columns=[*columns, "class_name", "diameter_A", "verdict"])
    table["mine"] = [f"v{row}" for row in range(len(table))]
    table.to_csv(folder / "picks.csv", index=False)
    (folder / "tomograms.star").write_text(TOMOGRAMS_STAR)
    (folder / "flat.csv").write_text("image,x_px,y_px,label\nTS_1.mrc,11,11,good\n")
    torch.manual_seed(5)
    for name, ndim, crop in (
        ("slabs", 3, SlabSpec(side_px=32, thickness_diameters=0.4)),
        ("flat", 2, CropSpec(side_px=32)),
    ):
        shape = PruningNetworkParameters(width=4, in_channels=crop.channels)
        header = PrunerHeader(name=name, ndim=ndim, network=shape, crop=crop)
        network = PruningNetwork(**shape.model_dump()).eval()
        save_pruner(PruningModel(header, network), folder / f"{name}.safetensors")
    return folder


Prune = Callable[..., Ended]


@pytest.fixture
def prune(run: Run) -> Prune:
    """Prune with the tiny classifier, unless another is given."""
    usual = ["--model", "slabs.safetensors", "--threads", "1", "--device", "cpu"]
    return lambda *words: run("prune", *usual, *map(str, words))


WHERE = ("--tomograms", "tomos")


def test_labels_in_a_column_part_balls_from_nothing(prune: Prune, tmp_path: Path) -> None:
    clean, page = tmp_path / "clean.csv", tmp_path / "page.html"
    words = ["picks.csv", *WHERE, "--label-column", "verdict", "-o", clean, "--report", page]
    ended = prune(*words)
    assert ended.returncode == EXIT_OK, ended.stderr
    assert "Particles are taken to be dark (--contrast)" in ended.stderr
    assert "labels: 14 particles and 6 of junk" in ended.stderr
    assert "Kept of each class: 8 of 12 ribosome, 6 of 8 ferritin." in ended.stderr
    before, after = read_picks("picks.csv"), read_picks(clean)
    pd.testing.assert_frame_equal(after.table[before.table.columns], before.table)
    decision = after.table["decision"].to_numpy()
    assert (decision == np.where(before.table["verdict"] == "good", "keep", "reject")).all()
    assert after.table["probability"].between(0, 1).all()
    counts = pd.read_csv(f"{clean}.tomograms.csv").set_index("image")
    assert counts["picks"].to_dict() == {"TS_1.mrc": 10, "TS_2.zarr": 10}
    assert counts["keep"].to_dict() == {"TS_1.mrc": 7, "TS_2.zarr": 7}
    record = json.loads(Path(f"{clean}.run.json").read_text())
    assert (record["contrast"], record["options"]["fine_tune"]) == ("dark", "never")
    assert record["labels"] == {"particle": 14, "junk": 6}
    text = page.read_text(encoding="utf-8")
    assert "14 of 20 picks kept" in text
    assert "icrograph" not in text


def test_relions_particles_keep_columns_and_orientations(
    prune: Prune, run: Run, tmp_path: Path
) -> None:
    star, clean = tmp_path / "picks.star", tmp_path / "clean.star"
    known = [*WHERE, "--tomograms-star", "tomograms.star"]
    made = run("convert", "picks.csv", "-o", str(star), *known)
    assert made.returncode == EXIT_OK, made.stderr
    # What one person called good: these are particles, of whatever class.
    good = tmp_path / "good.csv"
    rows = read_picks("picks.csv").table
    rows[rows["verdict"] == "good"][["image", "x_px", "y_px", "z_px"]].to_csv(good, index=False)
    ended = prune(star, *known, "--good", good, "-o", clean)
    assert ended.returncode == EXIT_OK, ended.stderr
    before, after = particles_of(star), particles_of(clean)
    ours = ["_nunatakProbability", "_nunatakPredictedClass", "_nunatakDecision"]
    assert {"_rlnAngleTilt", "_rlnCenteredCoordinateZAngst", "_nunatakClassName"} <= {*before}
    assert [*after] == [*before, *ours]
    assert {name: after[name] for name in before} == before
    is_good = rows["verdict"] == "good"
    assert {word for word, said in zip(after[ours[2]], is_good, strict=True) if said} == {"keep"}
    assert all(0 <= float(word) <= 1 for word in after[ours[0]])


def test_what_the_output_needs_is_asked_for_before_anything_is_judged(
    prune: Prune, tmp_path: Path
) -> None:
    ended = prune("picks.csv", *WHERE, "-o", tmp_path / "clean.star")
    assert ended.returncode == EXIT_BAD_INPUT
    assert "size and binning of 2 of 2 tomograms are not known" in ended.stderr
    assert "Judging" not in ended.stderr
    assert "Kept" not in ended.stderr
    assert not list(tmp_path.iterdir())


def particles_of(star: Path) -> dict[str, list[str]]:
    """Return the columns of the particles as text."""
    block = star.read_text().split("data_particles")[1].splitlines()
    names = [line.split()[0] for line in block if line.startswith("_")]
    rows = [line.split() for line in block if line and not line.startswith(("_", "#", "loop_"))]
    return {name: [*column] for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def test_labels_are_matched_in_space_and_within_their_class(prune: Prune, tmp_path: Path) -> None:
    picks, labels, clean = (tmp_path / name for name in ("picks.csv", "labels.csv", "clean.csv"))
    head = "image,x_px,y_px,z_px,class_name,diameter_A"
    # A ferritin inside a ribosome, and one further ribosome.
    rows = ["TS_1,11,11,16,ribosome,120", "TS_1,11,11,16.5,ferritin,80", "TS_1,29,11,16,ribosome,"]
    picks.write_text("\n".join([head, *rows]))
    said = ["TS_1.mrc,11.2,11,15,ferritin,good", "TS_1.mrc,29,11,18.3,ribosome,bad"]
    said += ["TS_1.mrc,29,11,13,ribosome,bad", "TS_9,1,1,1,ferritin,good"]
    labels.write_text("\n".join(["image,x_px,y_px,z_px,class_name,label", *said]))
    sized = [picks, *WHERE, "-o", clean, "--labels", labels]
    ended = prune(*sized, "--diameter", "ribosome=120")
    assert ended.returncode == EXIT_OK, ended.stderr
    assert "1 label on 1 tomogram without picks, such as TS_9" in ended.stderr
    assert (
        "1 label with no pick within 0.2 diameters, such as x 29.0, y 11.0, z 13.0" in ended.stderr
    )
    table = read_picks(clean).table
    assert table["decision"].tolist()[1:] == ["keep", "reject"]
    assert json.loads(Path(f"{clean}.run.json").read_text())["labels"] == {
        "particle": 1,
        "junk": 1,
    }


def test_duplicates_are_of_one_class_and_shared_places_are_counted(
    prune: Prune, tmp_path: Path
) -> None:
    picks, clean = tmp_path / "picks.csv", tmp_path / "clean.csv"
    head = "image,x_px,y_px,z_px,class_name,mine"
    rows = ["11,11,16,ribosome,good", "11,11,18.9,ribosome,", "29,11,16,ribosome,good"]
    rows += ["29,11,20,ribosome,good", "29,11.5,16,ferritin,good"]
    picks.write_text("\n".join([head, *(f"TS_1.mrc,{row}" for row in rows)]))
    sizes = ["-d", "ribosome=120", "-d", "ferritin=80"]
    ended = prune(picks, *WHERE, *sizes, "--label-column", "mine", "-o", clean)
    assert ended.returncode == EXIT_OK, ended.stderr
    table = read_picks(clean).table
    # 0.3 diameters are 3.6 voxels of a ribosome: 2.9 is nearer, 4 is not.
    assert (table["predicted_class"] == "duplicate").tolist() == [False, True, *[False] * 3]
    assert table["decision"].tolist() == ["keep", "reject", "keep", "keep", "keep"]
    assert "diameter_A" not in table
    assert "2 kept picks are within 0.3 diameters of a kept pick of another class" in ended.stderr


def test_picks_of_a_missing_tomogram_stay_unjudged(prune: Prune, tmp_path: Path) -> None:
    picks, clean = tmp_path / "picks.csv", tmp_path / "clean.csv"
    rows = ["tomos/TS_2.zarr,11,11,16", "tomos/gone.mrc,5,5,5"]
    picks.write_text("\n".join(["image,x_px,y_px,z_px", *rows]))
    # Without --tomograms the names are paths.
    ended = prune(picks, "-d", "120", "-o", clean)
    assert ended.returncode == EXIT_SOME_FAILED, ended.stderr
    assert "1 of 2 tomograms failed" in ended.stderr
    assert read_picks(clean).table["decision"].tolist()[1] == "unjudged"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--fine-tune", "always"), EXIT_USAGE, "in tomograms cannot be fine-tuned. Leave the"),
        (
            ("-d", "proteasome=90"),
            EXIT_USAGE,
            "no pick is of this class. picks.csv: there are ferr",
        ),
        (("--copick-user", "me"), EXIT_USAGE, "choose among copick's files of picks, and there"),
        (("--micrographs", "tomos"), EXIT_USAGE, "Give one of the two"),
        (
            ("--labels", "picks.csv"),
            EXIT_BAD_INPUT,
            "no column of labels (label, nunatakLabel, rln",
        ),
        (("--labels", "flat.csv"), EXIT_BAD_INPUT, "labels on micrographs, and the picks are of"),
        (("--model", "flat.safetensors"), EXIT_USAGE, "judges picks of micrographs, and these"),
    ],
)
def test_what_cannot_be_done_is_said(
    words: tuple[str, ...], code: int, message: str, prune: Prune, tmp_path: Path
) -> None:
    clean = tmp_path / "clean.csv"
    ended = prune("picks.csv", *WHERE, *words, "-o", clean)
    assert (ended.returncode, message in ended.stderr) == (code, True), ended.stderr
    assert not clean.exists()


def test_images_of_the_other_kind_are_refused(prune: Prune, tmp_path: Path) -> None:
    clean = tmp_path / "clean.csv"
    ended = prune("flat.csv", *WHERE, "-d", "100", "-o", clean)
    assert ended.returncode == EXIT_USAGE
    assert "picks on micrographs, without z. Give --micrographs instead" in ended.stderr
    ended = prune("picks.csv", "--micrographs", "tomos", "-o", clean)
    assert ended.returncode == EXIT_USAGE
    assert "picks in tomograms, with z. Give --tomograms instead" in ended.stderr
    assert not clean.exists()
