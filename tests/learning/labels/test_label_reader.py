"""Labels are brought onto their micrographs, and whatever is odd about them is said."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import mrcfile
import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from nunatak.errors import BadInput, Mismatch
from nunatak.geometry import Orientation
from nunatak.images.inputs import list_micrographs
from nunatak.images.micrograph_list import ListedMicrograph, MicrographList
from nunatak.learning.labels.evidence import EvidenceMap, ModelEvidence
from nunatak.learning.labels.fit import Verdict
from nunatak.learning.labels.reader import read_labels
from nunatak.learning.labels.report import Finding, Severity
from nunatak.learning.labels.set import LabelSet
from nunatak.picks.file_grid import FileGrid
from nunatak.picks.formats import read_picks, write_picks
from nunatak.picks.table import PickSet, empty_table

SHAPE = (400, 600)
PIXEL_SIZE_A = 2.0
DIAMETER_A = 40.0
N_PARTICLES = 40


def save_micrograph(path: Path, pixel_size_A: float = PIXEL_SIZE_A) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with mrcfile.new(path) as file:
        file.set_data(np.arange(SHAPE[0] * SHAPE[1], dtype=np.int16).reshape(SHAPE) % 251)
        file.voxel_size = pixel_size_A


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(3):
        save_micrograph(tmp_path / "mics" / f"mic_{number}.mrc")
    return tmp_path


@pytest.fixture
def listed(folder: Path) -> MicrographList:
    return list_micrographs([folder / "mics"])


@pytest.fixture
def truth(listed: MicrographList, rng: np.random.Generator) -> PickSet:
    """Particles on the first two micrographs."""
    tables = []
    for one in list(listed)[:2]:
        y, x = np.divmod(rng.choice(12 * 18, N_PARTICLES, replace=False), 18)
        jitter = rng.uniform(-4, 4, (2, N_PARTICLES))
        tables.append(
            pd.DataFrame({"image": one.name, "x_px": 30 * x + 35, "y_px": 30 * y + 30})
            + pd.DataFrame({"image": "", "x_px": jitter[0], "y_px": jitter[1]})
        )
    return PickSet(pd.concat(tables))


def evidence_of(truth: PickSet) -> Callable[[ListedMicrograph], EvidenceMap]:
    def look(one: ListedMicrograph) -> EvidenceMap:
        here = truth.table[truth.table["image"] == one.name]
        scores = np.random.default_rng(5).normal(0, 0.001, (100, 150))
        rows = np.rint(here["y_px"] / 4).astype(int)
        scores[rows, np.rint(here["x_px"] / 4).astype(int)] += 1
        return EvidenceMap.of_scores(ndimage.gaussian_filter(scores, 1.5))

    return look


def read(labels: PickSet | Path, listed: MicrographList, **options: object) -> LabelSet:
    return read_labels(labels, listed, diameter_A=DIAMETER_A, **options)  # type: ignore[arg-type]


def finding(labels: LabelSet, kind: str) -> Finding:
    (found,) = [found for found in labels.report.findings if found.kind == kind]
    return found


def changed(picks: PickSet, **columns: object) -> PickSet:
    return PickSet(picks.table.assign(**columns))


def scaled(picks: PickSet, factor: float) -> PickSet:
    return changed(picks, x_px=picks.table["x_px"] * factor, y_px=picks.table["y_px"] * factor)


def with_rows(picks: PickSet, rows: Sequence[tuple[str, float, float]]) -> PickSet:
    added = pd.DataFrame(rows, columns=["image", "x_px", "y_px"])
    return PickSet(pd.concat([picks.table, added]))


def test_labels_in_tomograms_are_refused(listed: MicrographList, truth: PickSet) -> None:
    deep = PickSet(truth.table.assign(z_px=3.0), source=Path("deep.csv"))
    with pytest.raises(Mismatch, match=r"deep\.csv: positions with z, in tomograms"):
        read(deep, listed)


def test_good_labels_are_taken_as_they_are(listed: MicrographList, truth: PickSet) -> None:
    labels = read(truth, listed, evidence_of=evidence_of(truth))
    assert len(labels) == 2 * N_PARTICLES
    assert labels.report.findings == ()
    assert labels.report.fit is not None
    assert labels.report.fit.verdict is Verdict.FITS
    assert labels.report.exit_code == 0
    assert [one.name for one in labels.labelled] == [one.name for one in list(listed)[:2]]
    assert [one.name for one in labels.unlabelled] == [list(listed)[2].name]
    assert labels.classes == ("particle",)
    first = labels.labelled[0]
    assert (first.shape, first.pixel_size_A, first.is_complete) == (SHAPE, PIXEL_SIZE_A, None)
    np.testing.assert_array_equal(
        first.positives_px, truth.table[["x_px", "y_px"]].to_numpy()[:N_PARTICLES]
    )
    assert labels.report.to_text() == "80 labels on 2 of 3 micrographs (The labels, 80 rows)."
    assert json.loads(json.dumps(labels.report.to_dict()))["fit"]["verdict"] == "fits"
    assert len(labels.to_picks()) == 2 * N_PARTICLES


def test_a_file_is_matched_by_name_and_its_folder_is_mentioned(
    folder: Path, listed: MicrographList, truth: PickSet
) -> None:
    elsewhere = changed(truth, image=truth.table["image"].map(lambda n: f"old/{Path(n).name}"))
    write_picks(elsewhere, folder / "labels.star")
    labels = read(folder / "labels.star", listed)
    assert len(labels) == 2 * N_PARTICLES
    assert finding(labels, "other folder").count == 2
    assert finding(labels, "other folder").severity is Severity.NOTE
    assert str(folder / "labels.star") in labels.report.to_text()


def test_labels_of_missing_micrographs_are_counted(listed: MicrographList, truth: PickSet) -> None:
    labels = read(with_rows(truth, [("mics/mic_8.mrc", 9, 9), ("other.mrc", 5, 5)]), listed)
    missing = finding(labels, "missing micrograph")
    assert (missing.count, missing.severity) == (2, Severity.ERROR)
    assert "2 of 4 micrographs of the labels (50 %)" in missing.text
    assert "their 2 labels" in missing.text
    assert "mic_2.mrc for mics/mic_8.mrc" in missing.cause
    assert "for other.mrc" not in missing.cause
    assert [name for name, _ in labels.report.unusable] == ["mics/mic_8.mrc", "other.mrc"]
    assert labels.report.exit_code == 3
    assert len(labels) == 2 * N_PARTICLES


def test_an_ambiguous_folder_is_said(folder: Path, truth: PickSet) -> None:
    save_micrograph(folder / "twins" / "mic_0.mrc")
    listed = list_micrographs([folder / "mics", folder / "twins"])
    labels = read(with_rows(truth, [("mic_0.mrc", 9, 9)]), listed)
    assert (
        "differ from given micrographs only by their folders"
        in finding(labels, "missing micrograph").cause
    )


def test_labels_of_none_of_the_micrographs_are_refused(
    listed: MicrographList, truth: PickSet
) -> None:
    strangers = changed(truth, image="grid7/stranger.mrc")
    with pytest.raises(Mismatch, match=r"None of the 1 micrographs.*No name is similar"):
        read(strangers, listed)


@pytest.mark.parametrize(
    ("change", "cause", "option"),
    [
        (lambda p: scaled(p, 2), "images 2 times larger", "--input-binning 0.5"),
        (lambda p: scaled(p, 1 / 2), "binned by 2", "--input-binning 2"),
        (lambda p: scaled(p, 1 / 4), "binned by 4", "--input-binning 4"),
        (
            lambda p: changed(p, y_px=SHAPE[0] - 1 - p.table["y_px"]),
            "mirrored top to bottom",
            "--input-orientation flip-y",
        ),
        (
            lambda p: changed(p, x_px=SHAPE[1] - 1 - p.table["x_px"]),
            "mirrored left to right",
            "--input-orientation flip-x",
        ),
        (
            lambda p: changed(p, x_px=p.table["y_px"], y_px=p.table["x_px"]),
            "x and y are exchanged",
            "Exchange the columns",
        ),
    ],
)
def test_misread_labels_are_refused_with_the_cause(
    listed: MicrographList,
    truth: PickSet,
    change: Callable[[PickSet], PickSet],
    cause: str,
    option: str,
) -> None:
    with pytest.raises(Mismatch) as caught:
        read(change(truth), listed, evidence_of=evidence_of(truth))
    assert cause in str(caught.value)
    assert option in str(caught.value)


def test_the_remedy_comes_on_top_of_how_the_labels_were_read(
    folder: Path, listed: MicrographList, truth: PickSet
) -> None:
    binned = scaled(truth, 1 / 4)
    write_picks(binned, folder / "labels.star")
    with pytest.raises(Mismatch, match="--input-binning 4"):
        read(
            folder / "labels.star",
            listed,
            grid=FileGrid.binned(2),
            evidence_of=evidence_of(truth),
        )
    write_picks(truth, folder / "good.star")
    with pytest.raises(Mismatch, match="--input-orientation identity"):
        read(
            folder / "good.star",
            listed,
            orientation=Orientation.FLIP_Y,
            evidence_of=evidence_of(truth),
        )


def test_labels_that_fit_nothing_are_doubted(listed: MicrographList, truth: PickSet) -> None:
    rng = np.random.default_rng(8)
    nowhere = changed(
        truth,
        x_px=rng.uniform(0, SHAPE[1] - 1, len(truth)),
        y_px=rng.uniform(0, SHAPE[0] - 1, len(truth)),
    )
    labels = read(nowhere, listed, evidence_of=evidence_of(truth))
    assert finding(labels, "doubtful").severity is Severity.WARNING
    assert labels.report.exit_code == 0


def test_many_labels_outside_are_refused_without_looking(
    listed: MicrographList, truth: PickSet
) -> None:
    with pytest.raises(Mismatch, match=r"outside their micrograph. Perhaps .*--input-binning 0.5"):
        read(scaled(truth, 2), listed)
    with pytest.raises(Mismatch, match=r"No usual binning explains that"):
        read(changed(truth, x_px=-50.0 - truth.table["x_px"]), listed)


def test_labels_in_one_corner_are_suspected_without_looking(
    listed: MicrographList, truth: PickSet
) -> None:
    labels = read(scaled(truth, 1 / 4), listed)
    assert "binned by 4" in finding(labels, "corner").text
    assert finding(labels, "crowded").severity is Severity.WARNING


def test_a_few_labels_outside_are_left_out(listed: MicrographList, truth: PickSet) -> None:
    name = next(iter(listed)).name
    odd = [(name, -0.6, 5.0), (name, 5.0, SHAPE[0] - 0.4), (name, -0.5, 100.0)]
    labels = read(with_rows(truth, odd), listed)
    outside = finding(labels, "outside")
    assert (outside.count, outside.severity) == (2, Severity.ERROR)
    assert outside.examples[0].endswith(f"on {name} of 600 × 400")
    assert len(labels) == 2 * N_PARTICLES + 1
    assert labels.report.exit_code == 3


def test_duplicates_count_once_and_contradictions_not_at_all(listed: MicrographList) -> None:
    name = next(iter(listed)).name
    rows = [
        (100, 100, "a"),
        (101, 101, "a"),
        (102.5, 101, "a"),
        (200, 200, "a"),
        (200, 201, "junk"),
    ]
    table = pd.DataFrame(rows, columns=["x_px", "y_px", "class_name"]).assign(image=name)
    labels = read(PickSet(table), listed)
    # The third is within a tenth of the diameter (2 px) of the second, which is not kept itself.
    assert labels.labelled[0].positives_px.tolist() == [[100, 100], [102.5, 101]]
    assert len(labels.labelled[0].negatives_px) == 0
    assert finding(labels, "duplicate").count == 1
    assert finding(labels, "contradictory").count == 2


def test_classes_and_negatives(listed: MicrographList) -> None:
    name = next(iter(listed)).name
    rows = [(50, 50, "70S"), (150, 50, "Junk"), (250, 50, "50S"), (350, 50, "70S")]
    table = pd.DataFrame(rows, columns=["x_px", "y_px", "class_name"]).assign(image=name)
    labels = read(PickSet(table), listed)
    assert labels.classes == ("70S", "50S")
    assert labels.labelled[0].class_index.tolist() == [0, 1, 0]
    assert labels.labelled[0].negatives_px.tolist() == [[150, 50]]
    assert finding(labels, "negative").count == 1
    assert labels.report.to_text().startswith("3 labels and 1 places marked as no particle on 1")


def test_rejected_by_hand_is_negative_but_a_low_score_is_not(
    listed: MicrographList, truth: PickSet
) -> None:
    selected = np.arange(len(truth)) % 4 != 0
    by_hand = read(changed(truth, selected=selected), listed)
    assert sum(len(one.negatives_px) for one in by_hand.labelled) == 20
    scored = read(changed(truth, selected=selected, score=0.7), listed)
    assert sum(len(one.negatives_px) for one in scored.labelled) == 0
    assert len(scored) == 60
    assert finding(scored, "not selected").count == 20
    # What a pruning doubts, or finds no micrograph for, is no more empty than a low score is.
    pruned = read(changed(truth, selected=selected, selected_before=True), listed)
    assert sum(len(one.negatives_px) for one in pruned.labelled) == 0
    assert finding(pruned, "not selected").count == 20
    bare = read(changed(truth, score=0.7), listed)
    assert finding(bare, "scored").severity is Severity.WARNING


def test_few_labels_and_one_micrograph_are_warned_about(
    listed: MicrographList, truth: PickSet
) -> None:
    labels = read(PickSet(truth.table.iloc[:4]), listed, evidence_of=evidence_of(truth))
    assert finding(labels, "few labels").count == 4
    assert "validate" in finding(labels, "one micrograph").text
    with pytest.raises(Mismatch, match="No usable label"):
        read(PickSet(empty_table()), listed)


def test_unreadable_micrographs_are_counted(folder: Path, truth: PickSet) -> None:
    (folder / "mics" / "mic_1.mrc").write_bytes(b"cut")
    listed = list_micrographs([folder / "mics"])
    labels = read(truth, listed)
    found = finding(labels, "unreadable micrograph")
    assert "1 of 2 labelled micrographs (50 %)" in found.text
    assert "40 labels" in found.text
    assert len(labels) == N_PARTICLES
    assert labels.report.exit_code == 3

    def damaged(one: ListedMicrograph) -> EvidenceMap:
        raise BadInput(f"{one.path}: blank")

    with pytest.raises(Mismatch, match="blank"):
        read(PickSet(truth.table.iloc[:10]), listed, evidence_of=damaged)


def test_an_unknown_pixel_size_is_asked_for(folder: Path, truth: PickSet) -> None:
    for path in (folder / "mics").iterdir():
        save_micrograph(folder / "unknown" / path.name, 0.0)
    listed = list_micrographs([folder / "unknown"])
    with pytest.raises(Mismatch, match="--pixel-size"):
        read(truth, listed)
    assert len(read(truth, listed, pixel_size_A=2.0)) == 2 * N_PARTICLES


def test_another_pixel_size_is_a_sign_of_another_grid(
    listed: MicrographList, truth: PickSet
) -> None:
    labels = read(changed(truth, pixel_size_A=5.0), listed, evidence_of=evidence_of(truth))
    assert "binned by 2.5" in finding(labels, "pixel size").cause
    # 2.5 is none of the usual binnings: only the stated pixel size makes it a suspect.
    with pytest.raises(Mismatch, match=r"binned by 2\.5"):
        read(
            changed(scaled(truth, 1 / 2.5), pixel_size_A=5.0),
            listed,
            evidence_of=evidence_of(truth),
        )
    labels = read(changed(truth, pixel_size_A=2.05), listed)
    assert "calibration" in finding(labels, "pixel size").cause


def test_a_topaz_table_must_state_its_unit_unless_it_fits(
    folder: Path, listed: MicrographList, truth: PickSet
) -> None:
    write_picks(changed(truth, score=1.0), folder / "labels.txt", "topaz")
    with pytest.raises(Mismatch, match="--input-binning"):
        read(folder / "labels.txt", listed)
    assert len(read(folder / "labels.txt", listed, grid=FileGrid())) == 2 * N_PARTICLES
    looked = read(folder / "labels.txt", listed, evidence_of=evidence_of(truth))
    assert len(looked) == 2 * N_PARTICLES


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("data", "labels", "pixel_size_A", "diameter_A"),
    [
        ("empiar10146", "particles.star", 1.5, 122.0),
        ("empiar10017", "cryoppp.star", 3.54, 180.0),
        ("empiar10028", "particles.star", 5.36, 300.0),
    ],
)
def test_ten_real_labels_are_accepted_and_misread_ones_refused(
    shared_data: Path, data: str, labels: str, pixel_size_A: float, diameter_A: float
) -> None:
    picks = read_picks(shared_data / data / labels)
    images = sorted(set(picks.table["image"]))[:2]
    here = picks.table[picks.table["image"].isin(images)]
    few = PickSet(here.sample(20, random_state=1))
    paths = [shared_data / data / image for image in images]
    model = ModelEvidence(
        diameter_A=diameter_A, pixel_size_A=pixel_size_A, override_pixel_size=True, device="cpu"
    )
    kept = {str(path): model(ListedMicrograph(path, str(path))) for path in paths}
    options: dict[str, object] = {
        "diameter_A": diameter_A,
        "pixel_size_A": pixel_size_A,
        "evidence_of": lambda one: kept[one.name],
    }
    listed = list_micrographs(paths)
    ten = PickSet(few.table.iloc[:10])
    good = read_labels(ten, listed, **options)  # type: ignore[arg-type]
    assert good.report.fit is not None
    assert good.report.fit.verdict is Verdict.FITS
    side = good.labelled[0].shape[0]
    for wrong in (
        scaled(few, 2),
        scaled(few, 1 / 2),
        scaled(few, 1 / 4),
        changed(few, y_px=side - 1 - few.table["y_px"]),
        changed(few, x_px=few.table["y_px"], y_px=few.table["x_px"]),
    ):
        with pytest.raises(Mismatch, match="Most likely"):
            read_labels(wrong, listed, **options)  # type: ignore[arg-type]
