"""``nunatak prune`` end to end, with a classifier of random weights."""

import json
from collections.abc import Callable
from pathlib import Path

import mrcfile
import numpy as np
import pandas as pd
import pytest
import torch
from ended import Ended, Run

from nunatak.errors import EXIT_BAD_INPUT, EXIT_OK, EXIT_SOME_FAILED, EXIT_USAGE
from nunatak.networks.pruning_network import PruningNetwork
from nunatak.picks.formats import read_picks
from nunatak.pruning.crops import CropSpec
from nunatak.pruning.header import PrunerHeader, PruningNetworkParameters
from nunatak.pruning.model import PruningModel, save_pruner

SIDE_PX, PIXEL_SIZE_A, DIAMETER_A = 240, 5.0, 100.0
PLACES = [(x, y) for y in (40, 120, 200) for x in (40, 120, 200)]
FOREIGN = [f"rlnForeign{number:02}" for number in range(14)]


def is_blob(row: int) -> bool:
    return row % 3 != 2


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two micrographs with six blobs each, picks on blobs and on ice, and a tiny classifier."""
    folder = tmp_path_factory.mktemp("project")
    generator = np.random.default_rng(3)
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX]
    for name in ("a", "b"):
        image = generator.normal(size=(SIDE_PX, SIDE_PX))
        for row, (x_px, y_px) in enumerate(PLACES):
            if is_blob(row):
                image -= 3.0 * (np.hypot(x - x_px, y - y_px) < 10)
        with mrcfile.new(folder / f"{name}.mrc") as file:
            file.set_data(image.astype(np.float32))
            file.voxel_size = PIXEL_SIZE_A
    (folder / "picks.star").write_text(particles_star(["a.mrc", "b.mrc"]))
    for name, label in (("far", "a,80,80,good"), ("other", "z,1,1,good"), ("odd", "a,40,40,maybe")):
        (folder / f"{name}.csv").write_text(f"image,x_px,y_px,label\n{label}\n")
    torch.manual_seed(1)
    network = PruningNetworkParameters(width=4)
    header = PrunerHeader(name="tiny", network=network, crop=CropSpec(side_px=32))
    model = PruningModel(header, PruningNetwork(**network.model_dump()).eval())
    save_pruner(model, folder / "tiny.safetensors")
    return folder


def particles_star(images: list[str]) -> str:
    """A particles STAR as RELION has it: two optics groups and 20 columns, most of them foreign."""
    names = ["rlnMicrographName", "rlnCoordinateX", "rlnCoordinateY", "rlnOpticsGroup"]
    names += ["rlnAutopickFigureOfMerit", "myVerdict", *FOREIGN]
    lines = ["# version 30001", "", "data_optics", "", "loop_", "_rlnOpticsGroup #1"]
    lines += ["_rlnOpticsGroupName #2", "_rlnMicrographPixelSize #3", "1 one 5.0", "2 two 5.0", ""]
    lines += ["data_particles", "", "loop_", *(f"_{name} #{i}" for i, name in enumerate(names, 1))]
    for group, image in enumerate(images, 1):
        for row, (x_px, y_px) in enumerate(PLACES):
            verdict = ("good" if is_blob(row) else "bad") if row < 6 else "None"
            foreign = " ".join(f"v{group}_{row}_{number}" for number in range(len(FOREIGN)))
            lines.append(f"{image} {x_px} {y_px} {group} {row / 8} {verdict} {foreign}")
    return "\n".join(lines) + "\n"


Prune = Callable[..., Ended]


@pytest.fixture
def prune(run: Run) -> Prune:
    """Prune with the tiny classifier, without asking for the contrast."""
    usual = ["--model", "tiny.safetensors", "--contrast", "dark", "--threads", "1"]
    return lambda *words: run("prune", *map(str, words), *usual)


SIZE = ("--diameter", DIAMETER_A)
BLOB = np.array([is_blob(row) for row in range(len(PLACES))])


def test_labels_in_a_column_part_blobs_from_ice(prune: Prune, tmp_path: Path) -> None:
    clean = tmp_path / "clean.star"
    ended = prune("picks.star", "--label-column", "myVerdict", *SIZE, "-o", clean)
    assert ended.returncode == EXIT_OK, ended.stderr
    assert ended.stdout == ""
    assert "by a linear head on the shipped classifier (labels: 8 particles and 4" in ended.stderr
    before, after = read_picks("picks.star"), read_picks(clean)
    pd.testing.assert_frame_equal(after.table[before.table.columns], before.table)
    assert before.optics is not None
    assert after.optics is not None
    pd.testing.assert_frame_equal(after.optics, before.optics)
    probability = after.table["probability"].to_numpy().reshape(2, 9)[:, 6:]
    assert probability[:, BLOB[6:]].min() > probability[:, ~BLOB[6:]].max()
    decision = after.table["decision"].to_numpy().reshape(2, 9)[:, :6]
    assert (decision == np.where(BLOB[:6], "keep", "reject")).all()
    counts = pd.read_csv(tmp_path / "clean.star.micrographs.csv").set_index("image")
    assert list(counts["picks"]) == [9, 9]
    for name in ("keep", "review", "reject", "unjudged"):
        assert counts.loc["a.mrc", name] == (after.table["decision"][:9] == name).sum()
    record = json.loads((tmp_path / "clean.star.run.json").read_text())
    assert (record["method"], record["labels"]) == ("linear", {"particle": 8, "junk": 4})
    assert sum(record["counts"].values()) == 18
    assert record["model"]["name"] == "tiny"


def test_a_pruned_table_can_be_pruned_in_its_place_and_converted(
    prune: Prune, run: Run, tmp_path: Path
) -> None:
    clean = tmp_path / "clean.star"
    first = prune("picks.star", "--label-column", "myVerdict", *SIZE, "-o", clean)
    assert first.returncode == EXIT_OK, first.stderr
    before, one = clean.read_text(), read_picks(clean).table
    # The micrographs are found from here.
    again = [clean, *SIZE, "-o", clean]
    refused = prune(*again)
    assert refused.returncode == EXIT_USAGE
    assert f"{clean} exists already" in refused.stderr
    assert clean.read_text() == before
    ended = prune(*again, "--overwrite")
    assert ended.returncode == EXIT_OK, ended.stderr
    assert _tags(before) == _tags(clean.read_text())
    assert sum(tag.startswith("_nunatak") for tag in _tags(before)) == 3
    two = read_picks(clean).table
    assert two["myVerdict"].tolist() == one["myVerdict"].tolist()
    converted = tmp_path / "again.csv"
    assert run("convert", str(clean), "-o", str(converted)).returncode == EXIT_OK
    for column in ("probability", "predicted_class", "decision"):
        pd.testing.assert_series_equal(read_picks(converted).table[column], two[column])


def _tags(star: str) -> set[str]:
    return {line.split()[0] for line in star.splitlines() if line.startswith("_")}


def test_good_and_bad_files_and_only_the_kept_ones(prune: Prune, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("image,x_px,y_px\na,41,39\na,120,42\nb.mrc,40,120\n")
    bad.write_text("image,x_px,y_px\na,200,40\nb,199,121\nc.mrc,5,5\nb,10,10\n")
    clean = tmp_path / "clean.star"
    ended = prune("picks.star", "--good", good, "--bad", bad, *SIZE, "--only", "keep", "-o", clean)
    assert ended.returncode == EXIT_OK, ended.stderr
    assert f"{bad}: 1 label on 1 micrograph without picks, such as c.mrc." in ended.stderr
    assert f"{bad}: 1 label with no pick within 0.2 diameters" in ended.stderr
    kept = read_picks(clean)
    assert set(kept.table["decision"]) == {"keep"}
    assert set(kept.images) == {"a.mrc", "b.mrc"}
    places = set(zip(kept.table["image"], kept.table["x_px"], kept.table["y_px"], strict=True))
    assert {("a.mrc", 40, 40), ("a.mrc", 120, 40), ("b.mrc", 40, 120)} <= places
    assert ("a.mrc", 200, 40) not in places


def test_particles_alone_will_do_for_labels(prune: Prune, tmp_path: Path) -> None:
    good, clean = tmp_path / "good.csv", tmp_path / "clean.star"
    good.write_text("image,x_px,y_px\na,40,40\n")
    ended = prune("picks.star", "--good", good, *SIZE, "-o", clean)
    assert ended.returncode == EXIT_OK, ended.stderr
    assert "labels of one kind and from the unlabelled picks (labels: 1 particle" in ended.stderr
    assert read_picks(clean).table["decision"].iloc[0] == "keep"


def test_picks_of_a_missing_micrograph_stay_unjudged(
    prune: Prune, project: Path, tmp_path: Path
) -> None:
    star, clean = tmp_path / "picks.star", tmp_path / "clean.star"
    star.write_text(particles_star(["a.mrc", "gone.mrc"]))
    labels = ["--label-column", "myVerdict"]
    ended = prune(star, *labels, *SIZE, "--images", project, "-o", clean)
    assert ended.returncode == EXIT_SOME_FAILED
    assert "6 labels are each of a pick that cannot be seen; nothing is learned" in ended.stderr
    assert "1 of 2 micrographs failed" in ended.stderr
    table = read_picks(clean).table
    assert len(table) == 18
    gone = table["image"] == "gone.mrc"
    # A label decides even about a pick that nobody can see.
    assert (table["decision"][gone] == "unjudged").tolist() == [False] * 6 + [True] * 3
    assert set(table["predicted_class"][gone]) == {"particle", "junk", "unjudged"}
    assert table["probability"].isna().equals(gone)
    counts = pd.read_csv(f"{clean}.micrographs.csv").set_index("image")
    assert counts.loc["gone.mrc", "unjudged"] == 3


def test_the_second_pick_of_a_particle_is_its_duplicate(prune: Prune, tmp_path: Path) -> None:
    picks, clean = tmp_path / "picks.csv", tmp_path / "clean.csv"
    rows = ["a.mrc,40,40,100", "a.mrc,45.9,40,100", "a.mrc,120,40,100", "a.mrc,126.1,40,100"]
    picks.write_text("\n".join(["image,x_px,y_px,diameter_A", *rows]))
    # The diameter comes from the picks: 20 pixels, of which 6 part one particle from another.
    assert prune(picks, "-o", clean).returncode == EXIT_OK
    table = read_picks(clean).table
    duplicate = table["predicted_class"] == "duplicate"
    assert duplicate[:2].sum() == 1
    assert not duplicate[2:].any()
    assert set(table["decision"][duplicate]) == {"reject"}
    assert table["probability"][duplicate].item() == table["probability"][:2].min()


def test_a_report_is_written_and_the_kept_ones_go_into_boxes(prune: Prune, tmp_path: Path) -> None:
    page, boxes = tmp_path / "report.html", tmp_path / "a.box"
    picks = tmp_path / "picks.csv"
    picks.write_text("image,x_px,y_px,label\na.mrc,40,40,good\na.mrc,200,40,ice\n")
    words = [picks, "--label-column", "label", *SIZE, "-o", boxes]
    refused = prune(*words)
    assert refused.returncode == EXIT_USAGE
    assert "holds no decisions" in refused.stderr
    ended = prune(*words, "--only", "keep", "--report", page)
    assert ended.returncode == EXIT_OK, ended.stderr
    assert boxes.read_text().split() == ["25", "25", "30", "30"]
    assert "1 of 2 picks kept" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ((), EXIT_USAGE, "do not say how large the particle is. Give --diameter"),
        ((*SIZE, "--labels", "far.csv"), EXIT_BAD_INPUT, "None of 1 label fits a pick"),
        ((*SIZE, "--labels", "other.csv"), EXIT_BAD_INPUT, "no label is on a micrograph of the"),
        ((*SIZE, "--labels", "odd.csv"), EXIT_BAD_INPUT, "The label 'maybe' is not known"),
        ((*SIZE, "--label-column", "nothing"), EXIT_BAD_INPUT, "no column nothing"),
        ((*SIZE, "--fine-tune", "always"), EXIT_USAGE, "no labels to learn from"),
        ((*SIZE, "--loss-weight", "third=1"), EXIT_USAGE, "the terms are second, consistency"),
        ((*SIZE, "--loss-weight", "second=-1"), EXIT_USAGE, "greater than or equal to 0"),
        ((*SIZE, "--keep-fdr", "0"), EXIT_USAGE, "a share between 0 and 1"),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_done_is_said(
    words: tuple[str, ...], code: int, message: str, prune: Prune, tmp_path: Path
) -> None:
    clean = tmp_path / "clean.star"
    ended = prune("picks.star", *words, "-o", clean)
    assert (ended.returncode, message in ended.stderr) == (code, True), ended.stderr
    assert not clean.exists()


def test_no_picks_are_refused_and_picks_in_tomograms_need_a_model_of_their_own(
    prune: Prune, tmp_path: Path
) -> None:
    picks, clean = tmp_path / "picks.csv", tmp_path / "clean.csv"
    picks.write_text("image,x_px,y_px\n")
    ended = prune(picks, *SIZE, "-o", clean)
    assert (ended.returncode, "nothing to prune" in ended.stderr) == (EXIT_BAD_INPUT, True)
    picks.write_text("image,x_px,y_px,z_px\nt.mrc,1,2,3\n")
    ended = prune(picks, *SIZE, "-o", clean)
    said = "judges picks of micrographs, and these are of tomograms"
    assert (ended.returncode, said in ended.stderr) == (EXIT_USAGE, True)


def test_what_is_more_likely_a_particle_is_kept_unless_a_rate_is_asked_for(
    prune: Prune, tmp_path: Path
) -> None:
    clean = tmp_path / "clean.star"
    ended = prune("picks.star", "--label-column", "myVerdict", *SIZE, "-o", clean)
    assert "Kept from a probability of 0.5 on: an estimated" in ended.stderr
    assert "of the kept are false (95 % interval" in ended.stderr
    record = json.loads((tmp_path / "clean.star.run.json").read_text())
    assert (record["options"]["keep_fdr"], record["keep_from"]) == (None, 0.5)
    # What an earlier run decided is a label only if somebody says so.
    again = prune(clean, "--labels", clean, *SIZE, "-o", tmp_path / "again.star")
    assert again.returncode == EXIT_BAD_INPUT
    assert "looked through by a person, are meant, that is --label-column nunatakDecision" in (
        again.stderr
    )


def test_a_place_that_cannot_be_written_is_noticed_before_the_work(prune: Prune) -> None:
    ended = prune("picks.star", *SIZE, "-o", "/proc/clean.star")
    assert ended.returncode != EXIT_OK
    assert "/proc/clean.star: cannot write there" in ended.stderr
    assert "judged" not in ended.stderr


@pytest.mark.parametrize("output", [".", "./", "/"])
def test_an_output_without_a_name_is_refused(prune: Prune, output: str) -> None:
    ended = prune("picks.star", *SIZE, "-o", output)
    assert ended.returncode == EXIT_USAGE, ended.stderr
    assert "names no file or folder of its own" in ended.stderr


def test_labels_are_never_replaced(prune: Prune, tmp_path: Path) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text("image,x_px,y_px,label\na,40,40,good\n")
    (tmp_path / "run").symlink_to(tmp_path)
    there, alias = mine.read_text(), tmp_path / "run" / "mine.csv"
    for words in (
        ("--labels", mine, "-o", alias),
        ("--good", tmp_path, "-o", mine),
        ("--bad", mine, "-o", tmp_path / "clean.star", "--report", mine, "--seen", mine),
    ):
        ended = prune("picks.star", *words, *SIZE, "--overwrite")
        assert ended.returncode == EXIT_USAGE, ended.stderr
        assert "labels are never replaced. Write elsewhere" in ended.stderr
    assert mine.read_text() == there
    assert not (tmp_path / "clean.star").exists()


@pytest.mark.parametrize("only", [("--only", "keep"), ()])
def test_labels_in_a_column_of_the_picks_are_never_replaced(
    prune: Prune, only: tuple[str, ...], tmp_path: Path
) -> None:
    picks = tmp_path / "picks.star"
    picks.write_text(particles_star(["a.mrc", "b.mrc"]))
    there = picks.read_text()
    ended = prune(*(picks, "--label-column", "myVerdict", *SIZE, "-o", picks, *only, "--overwrite"))
    assert ended.returncode == EXIT_USAGE, ended.stderr
    assert "labels are never replaced. Write elsewhere" in ended.stderr
    assert picks.read_text() == there


def test_columns_of_the_user_and_odd_names_come_through(
    prune: Prune, project: Path, tmp_path: Path
) -> None:
    odd = tmp_path / "=cmd|x.mrc"
    odd.symlink_to(project / "a.mrc")
    picks, clean = tmp_path / "picks.star", tmp_path / "clean.star"
    names = ("rlnMicrographName", "rlnCoordinateX", "rlnCoordinateY", "decision")
    rows = [f"'{odd.name}' {x} {y} mine{n}" for n, (x, y) in enumerate(PLACES)]
    picks.write_text("\n".join(["data_", "loop_", *(f"_{name}" for name in names), *rows, ""]))
    ended = prune(picks, *SIZE, "-o", clean)
    assert ended.returncode == EXIT_OK, ended.stderr
    assert "what is in decision is not as an earlier pruning left it" in ended.stderr
    assert {"_decision_before", "_nunatakDecision"} <= _tags(clean.read_text())
    after = read_picks(clean).table
    assert after["decision_before"].tolist() == [f"mine{n}" for n in range(len(PLACES))]
    counts = Path(f"{clean}.micrographs.csv").read_text().splitlines()
    assert counts[1].startswith("'=cmd|x.mrc,9,")
    again = prune(clean, *SIZE, "-o", clean, "--overwrite")
    assert "not as an earlier pruning" not in again.stderr
    pd.testing.assert_frame_equal(read_picks(clean).table, after)


def test_positions_that_are_not_on_particles_are_doubted(prune: Prune, tmp_path: Path) -> None:
    picks, clean = tmp_path / "picks.csv", tmp_path / "clean.csv"
    rows = [f"a.mrc,{x},{y},bad" for x, y in PLACES] + ["b.mrc,40,40,bad"]
    picks.write_text("\n".join(["image,x_px,y_px,label", *rows]))
    ended = prune(picks, "--label-column", "label", *SIZE, "-o", clean)
    assert "Only 0 of 10 are kept" in ended.stderr
    assert "check the labels, the diameter" in ended.stderr


def test_particle_images_without_places_are_judged(prune: Prune, tmp_path: Path) -> None:
    with mrcfile.open("a.mrc") as file:
        image = file.data
    with mrcfile.new(tmp_path / "s.mrcs") as file:
        file.set_data(np.stack([image[y - 40 : y + 40, x - 40 : x + 40] for x, y in PLACES]))
        file.voxel_size = PIXEL_SIZE_A
    picks, clean = tmp_path / "particles.star", tmp_path / "clean.star"
    rows = [f"{n + 1:06d}@s.mrcs {'good' if is_blob(n) else 'bad'}" for n in range(len(PLACES))]
    picks.write_text("\n".join(["data_", "", "loop_", "_rlnImageName", "_verdict", *rows, ""]))
    page = tmp_path / "report.html"
    words = [picks, "--label-column", "verdict", *SIZE, "--report", page, "-o", clean]
    ended = prune(*words)
    assert ended.returncode == EXIT_OK, ended.stderr
    assert "picks are judged by their particle images" in ended.stderr
    text = clean.read_text()
    assert _tags(text) == {
        *("_rlnImageName", "_verdict", "_nunatakProbability", "_nunatakPredictedClass"),
        "_nunatakDecision",
    }
    decisions = [line.split()[-1] for line in text.splitlines() if "@s.mrcs" in line]
    assert decisions == ["keep" if is_blob(n) else "reject" for n in range(len(PLACES))]
    counts = pd.read_csv(f"{clean}.micrographs.csv")
    assert counts[["image", "picks", "keep"]].to_numpy().tolist() == [["s.mrcs", 9, 6]]
    assert "<h2>Stacks</h2>" in page.read_text(encoding="utf-8")
    assert "Micrograph" not in page.read_text(encoding="utf-8")
    picks.write_text(picks.read_text() + "000001@gone.mrcs None\n")
    assert "1 of 2 stacks failed" in prune(*words, "--overwrite").stderr


def test_it_is_said_beforehand_that_fine_tuning_takes_its_time(run: Run, tmp_path: Path) -> None:
    words = ["picks.star", "--label-column", "myVerdict", "--diameter", "100"]
    words += ["-o", str(tmp_path / "clean.star"), "--model", "nothing-here"]
    for choice, is_said in (("always", True), ("auto", False), ("never", False)):
        ended = run("prune", *words, "--fine-tune", choice)
        assert ended.returncode == EXIT_BAD_INPUT
        assert ("Fine-tuning is tried on 12 labels" in ended.stderr) is is_said
