import json
import logging
import os
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import mrcfile
import numpy as np
import pytest
import torch
from scipy.special import logit

import nunatak
from nunatak.detection import job as job_module
from nunatak.detection.header import ModelClass, NetworkSpec, ThresholdRow, UNetParameters
from nunatak.detection.model import DetectorModel, save_model
from nunatak.detection.preparation import prepare
from nunatak.detection.record import record_path
from nunatak.detection.result import PickResult
from nunatak.detection.summary import in_words
from nunatak.errors import BadInput, Interrupted, Mismatch, UsageError
from nunatak.images.normalisations import NORMALISATIONS
from nunatak.networks.unet import UNet
from nunatak.picks.formats import read_picks

Spots = Callable[..., np.ndarray]
DIAMETER_A = 120.0


@pytest.fixture
def model(blob_model: DetectorModel, tmp_path: Path) -> Path:
    path = tmp_path / "blob.safetensors"
    save_model(blob_model, path)
    return path


@pytest.fixture
def folder(tmp_path: Path, write_spots: Spots) -> Path:
    """Five micrographs: of 12, 9, 0, 7 and 5 particles."""
    folder = tmp_path / "micrographs"
    folder.mkdir()
    for seed, count in enumerate([12, 9, 0, 7, 5]):
        write_spots(folder / f"m{seed}.mrc", count=count, seed=seed)
    return folder


def names(folder: Path) -> list[str]:
    return [str(path) for path in sorted(folder.glob("*.mrc"))]


def same_picks(first: PickResult, second: PickResult) -> bool:
    return (
        first.picks.table.equals(second.picks.table) and first.picks.images == second.picks.images
    )


def test_particles_are_found_where_they_are(
    tmp_path: Path, model: Path, write_spots: Spots
) -> None:
    truth = write_spots(tmp_path / "m.mrc", count=12)
    result = nunatak.pick([tmp_path / "m.mrc"], diameter_A=DIAMETER_A, model=model)
    table = result.picks.table
    chosen = table[table["selected"]]
    distance = np.hypot(
        *(chosen[["x_px", "y_px"]].to_numpy()[:, None] - truth[None]).transpose(2, 0, 1)
    )
    assert len(chosen) == 12
    assert sorted(distance.argmin(axis=1)) == list(range(12))
    assert distance.min(axis=1).max() < 3.0  # of 60 pixels a diameter
    assert np.median(distance.min(axis=1)) < 1.0
    assert result.contrast == "dark"
    assert set(table["diameter_A"]) == {DIAMETER_A}
    assert set(table["pixel_size_A"]) == {2.0}
    assert table["score"].is_monotonic_decreasing
    assert list(result.shapes.values()) == [(700, 601)]


def test_a_particle_that_the_edge_cuts_scores_less(
    tmp_path: Path, blob_model: DetectorModel, write_spots: Spots
) -> None:
    x = write_spots(tmp_path / "whole.mrc", count=12)[:, 0].min()
    with mrcfile.open(tmp_path / "whole.mrc") as whole, mrcfile.new(tmp_path / "m.mrc") as cut:
        cut.set_data(whole.data[:, int(x) - 6 :])
        cut.voxel_size = whole.voxel_size
    scores = []
    for loss in (0.0, 4.0):
        header = blob_model.header.model_copy(update={"cut_logit": loss})
        save_model(replace(blob_model, header=header), tmp_path / f"{loss}.safetensors")
        table = nunatak.pick(
            [tmp_path / "m.mrc"], diameter_A=DIAMETER_A, model=tmp_path / f"{loss}.safetensors"
        ).picks.table
        scores.append(table.sort_values(["x_px", "y_px"]).query("selected or x_px < 30"))
    as_it_is, less = scores
    at_edge = as_it_is["x_px"] < 30  # half a diameter
    assert at_edge.sum() == 1
    assert as_it_is["x_px"].tolist() == less["x_px"].tolist()
    lost = logit(as_it_is["score"].to_numpy()) - logit(less["score"].to_numpy())
    assert 1.0 < lost[at_edge][0] < 2.0  # the centre is 6 of 60 pixels from the edge
    np.testing.assert_allclose(lost[~at_edge], 0.0, atol=1e-9)


def test_inverted_micrographs_give_the_same_picks(
    tmp_path: Path, model: Path, write_spots: Spots
) -> None:
    for light in (False, True):
        write_spots(tmp_path / f"{light}.mrc", light=light)
    dark, light_ = (
        nunatak.pick([tmp_path / f"{light}.mrc"], diameter_A=DIAMETER_A, model=model)
        for light in (False, True)
    )
    assert (dark.contrast, light_.contrast) == ("dark", "light")
    columns = ["x_px", "y_px", "score"]
    np.testing.assert_allclose(dark.picks.table[columns], light_.picks.table[columns], atol=0.2)
    forced = nunatak.pick(
        [tmp_path / "True.mrc"], diameter_A=DIAMETER_A, model=model, contrast="dark"
    )
    assert forced.contrast == "dark"
    assert forced.selected_count == 0


def test_output_record_and_nothing_else(tmp_path: Path, model: Path, folder: Path) -> None:
    output = tmp_path / "run" / "picks.star"
    progress: list[int] = []
    result = nunatak.pick(
        names(folder),
        diameter_A=DIAMETER_A,
        model=model,
        output=output,
        on_progress=progress.append,
    )
    names_left = ["picks.star", "picks.star.journal", "picks.star.run.json"]
    assert sorted(path.name for path in output.parent.iterdir()) == names_left
    assert sum(progress) == 5
    read = read_picks(output)
    assert len(read) == len(result.picks)
    assert set(read.images) == set(names(folder))  # the empty micrograph too
    assert read.table["selected"].sum() == result.selected_count
    np.testing.assert_allclose(read.table["score"], result.picks.table["score"], atol=1e-6)
    record = json.loads((output.parent / "picks.star.run.json").read_text())
    assert record["options"]["diameter_A"] == DIAMETER_A
    assert record["options"]["min_distance_A"] == 0.4 * DIAMETER_A
    assert record["model"]["name"] == "blob"
    assert len(record["model"]["sha256"]) == 64
    assert (record["micrographs"]["picked"], record["selected"]) == (5, result.selected_count)
    assert record["contrast"] == "dark"
    assert record["versions"]["torch"] == torch.__version__


def test_selected_only_and_formats_without_scores(
    tmp_path: Path, model: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    common = {"diameter_A": DIAMETER_A, "model": model, "threshold": 0.9}
    result = nunatak.pick(
        names(folder),
        output=tmp_path / "s.star",
        selected_only=True,
        **common,  # type: ignore[arg-type]
    )
    assert 0 < result.selected_count < len(result.picks)
    assert len(read_picks(tmp_path / "s.star")) == result.selected_count
    boxes = tmp_path / "boxes"
    with caplog.at_level(logging.WARNING):
        nunatak.pick(names(folder), output=boxes, file_format="eman-box", **common)  # type: ignore[arg-type]
    assert "only the selected candidates will be written" in caplog.text
    files = sorted(boxes.glob("*.box"))
    assert len(files) == 5
    assert sum(len(file.read_text().splitlines()) for file in files) == result.selected_count
    assert files[0].read_text().split()[2] == "90"  # 1.5 diameters of 60 pixels


def test_threshold_border_and_limit_only_mark(model: Path, folder: Path) -> None:
    def pick(**options: object) -> PickResult:
        return nunatak.pick(names(folder), diameter_A=DIAMETER_A, model=model, **options)  # type: ignore[arg-type]

    everything = pick(threshold=0.0)
    assert everything.picks.table["selected"].all()
    limited = pick(threshold=0.0, max_per_micrograph=3)
    chosen = limited.picks.table[limited.picks.table["selected"]]
    assert chosen.groupby("image").size().max() == 3
    edge = pick(threshold=0.0, border_A=200.0)
    marked = edge.picks.table["selected"]
    assert not marked.all()
    assert edge.picks.table.loc[marked, "x_px"].between(99.5, 500.5).all()
    for result in (limited, edge):
        pd_same = result.picks.table.drop(columns="selected")
        assert pd_same.equals(everything.picks.table.drop(columns="selected"))


def test_bfloat16_and_float32_pick_the_same_particles(model: Path, folder: Path) -> None:
    exact, low = (
        nunatak.pick(names(folder), diameter_A=DIAMETER_A, model=model, arithmetic=arithmetic)
        for arithmetic in ("float32", "bfloat16")
    )
    tables = [r.picks.table[r.picks.table["score"] > 0.7] for r in (exact, low)]
    for image in exact.picks.images[:2]:
        first, second = (
            table[table["image"] == image][["x_px", "y_px"]].sort_values("x_px") for table in tables
        )
        np.testing.assert_allclose(first, second, atol=1.0)


@pytest.fixture
def calibrated(blob_model: DetectorModel, tmp_path: Path) -> Path:
    """The same model with a table: only its best scores are likely right."""
    table = tuple(
        ThresholdRow(threshold=t, precision=p, recall=1 - t, f1=0.5, probability=p)
        for t, p in ((0.05, 0.0), (0.9, 0.2), (0.95, 0.6), (0.99, 0.95))
    )
    header = blob_model.header.model_copy(
        update={"threshold_table": table, "provenance": {"calibration": {"data": "12 labels"}}}
    )
    path = tmp_path / "calibrated.safetensors"
    save_model(replace(blob_model, header=header), path)
    return path


def test_a_threshold_is_chosen_by_the_precision_it_promises(
    tmp_path: Path, calibrated: Path, folder: Path
) -> None:
    output = tmp_path / "picks.star"

    def pick(wanted: float) -> PickResult:
        return nunatak.pick(
            names(folder),
            diameter_A=DIAMETER_A,
            model=calibrated,
            output=output,
            wanted_precision=wanted,
        )

    first = pick(0.92)
    table = first.picks.table
    assert first.threshold_choice is not None
    assert first.options.threshold == first.threshold_choice.threshold
    assert (table["selected"] == (table["score"] >= first.options.threshold)).all()
    assert 0 < first.selected_count < len(table)
    assert "for a precision of 0.92" in in_words(first)
    assert "judging by 12 labels" in in_words(first)
    record = json.loads(record_path(output).read_text())
    assert record["threshold_choice"]["threshold"] == first.options.threshold
    assert record["options"]["threshold"] == first.options.threshold
    # A threshold only selects: nothing is picked anew for another one.
    second = pick(0.94)
    assert second.reused_count == len(names(folder))
    assert second.options.threshold > first.options.threshold


def test_a_precision_that_cannot_be_promised_is_refused_before_any_work(
    tmp_path: Path, model: Path, calibrated: Path, folder: Path
) -> None:
    def pick(path: Path, **options: float) -> None:
        output = tmp_path / "picks.star"
        nunatak.pick(names(folder), diameter_A=DIAMETER_A, model=path, output=output, **options)  # type: ignore[arg-type]

    with pytest.raises(UsageError, match="no table of thresholds"):
        pick(model, wanted_precision=0.9)
    with pytest.raises(UsageError, match=r"the highest is 0\.950"):
        pick(calibrated, wanted_precision=0.99)
    with pytest.raises(UsageError, match="--precision or --threshold"):
        pick(calibrated, wanted_precision=0.9, threshold=0.5)
    assert not list(tmp_path.glob("picks*"))


def test_bad_files_are_reported_and_the_rest_is_picked(
    tmp_path: Path, model: Path, folder: Path
) -> None:
    (folder / "m1.mrc").write_bytes(b"")
    (folder / "m3.mrc").write_bytes((folder / "m3.mrc").read_bytes()[:5000])
    output = tmp_path / "picks.star"
    result = nunatak.pick(
        [*names(folder), folder / "missing.mrc"],
        diameter_A=DIAMETER_A,
        model=model,
        output=output,
    )
    reasons = {Path(failure.image).name: failure.reason for failure in result.failures}
    assert set(reasons) == {"m1.mrc", "m3.mrc", "missing.mrc"}
    assert "0 bytes" in reasons["m1.mrc"]
    assert reasons["missing.mrc"].endswith("there is no such file (named by the command line).")
    images = sorted(Path(image).name for image in read_picks(output).images)
    assert images == ["m0.mrc", "m2.mrc", "m4.mrc"]
    record = json.loads((tmp_path / "picks.star.run.json").read_text())
    assert len(record["failures"]) == 3


def test_names_that_the_format_cannot_hold_are_refused_before_any_work(
    tmp_path: Path, model: Path, write_spots: Spots
) -> None:
    twins = [tmp_path / "a" / "m.mrc", tmp_path / "b" / "m.mrc"]
    for path in twins:
        path.parent.mkdir()
        write_spots(path, count=1)
    quotes = tmp_path / "a'b\"c d.mrc"
    write_spots(quotes, count=1)
    picked: list[int] = []
    before = sorted(tmp_path.iterdir())
    for name, paths, reason in (
        ("p.tsv", twins, "are different images"),
        ("boxes", twins, "are different images"),
        ("p.star", [quotes], "both kinds of quotes"),
    ):
        with pytest.raises((BadInput, Mismatch), match=reason):
            nunatak.pick(
                paths,
                diameter_A=DIAMETER_A,
                model=model,
                output=tmp_path / name,
                file_format="eman-box" if name == "boxes" else None,
                selected_only=True,
                on_progress=picked.append,
            )
    assert picked == []
    assert sorted(tmp_path.iterdir()) == before
    nunatak.pick([quotes, *twins], diameter_A=DIAMETER_A, model=model, output=tmp_path / "p.csv")
    assert len(read_picks(tmp_path / "p.csv").images) == 3


def test_what_was_tolerated_in_a_file_is_recorded(
    tmp_path: Path, model: Path, folder: Path
) -> None:
    damaged = folder / "m1.mrc"
    with mrcfile.open(damaged, "r+") as file:
        file.data[5:9, 5] = np.nan
    output = tmp_path / "picks.star"
    for _ in range(2):  # found out, then remembered
        result = nunatak.pick(names(folder), diameter_A=DIAMETER_A, model=model, output=output)
        assert result.notes == {str(damaged): ("NaN or infinite pixels left out: 4",)}
        record = json.loads(record_path(output).read_text())
        assert record["notes"] == {str(damaged): ["NaN or infinite pixels left out: 4"]}
    assert (
        f"1 micrograph with something to note (all of them in {output}.run.json), such as "
        f"{damaged}: NaN or infinite pixels left out: 4."
    ) in in_words(result).splitlines()


def test_a_name_that_is_no_text_does_not_end_a_run(
    tmp_path: Path, model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undecodable = folder / os.fsdecode(b"\xff.mrc")
    undecodable.write_bytes((folder / "m0.mrc").read_bytes())
    absent = folder / os.fsdecode(b"absent\xfe.mrc")
    asked = [*names(folder)[:2], undecodable, absent]
    monkeypatch.setattr("sys.argv", ["nunatak", "pick", *map(str, asked)])
    output = tmp_path / "picks.star"
    result = nunatak.pick(asked, diameter_A=DIAMETER_A, model=model, output=output)
    assert len(result.picks.images) == 2
    assert sorted(Path(one.image).name for one in result.failures) == [
        "\\udcff.mrc",
        "absent\\udcfe.mrc",
    ]
    assert json.loads(record_path(output).read_bytes())["micrographs"]["failed"] == 2


@pytest.mark.parametrize("normalisation", NORMALISATIONS)
def test_an_image_that_is_all_blank_edge_is_refused(tmp_path: Path, normalisation: str) -> None:
    pixels = np.zeros((400, 400), dtype=np.float32)
    pixels[200] = np.arange(400)
    with mrcfile.new(tmp_path / "m.mrc") as file:
        file.set_data(pixels)
        file.voxel_size = 2.0
    with pytest.raises(BadInput, match="nothing is left of the image between its blank edges"):
        prepare(tmp_path / "m.mrc", diameter_A=200.0, diameter_px=20.0, normalisation=normalisation)


def test_hot_pixels_and_a_blank_frame_change_no_pick(
    tmp_path: Path, model: Path, write_spots: Spots
) -> None:
    truth = write_spots(tmp_path / "clean.mrc", count=12)
    frame = 40
    inside = (np.abs(truth - np.array([300, 350])) < np.array([300, 350]) - 2 * frame).all(axis=1)
    with mrcfile.open(tmp_path / "clean.mrc") as file:
        pixels = file.data + 100
    rng = np.random.default_rng(0)
    pixels.ravel()[rng.choice(pixels.size, 60, replace=False)] = 65535.0
    pixels[:, 333] = -9e4
    for cut in (slice(frame), slice(-frame, None)):
        pixels[cut] = 0
        pixels[:, cut] = 0
    with mrcfile.new(tmp_path / "damaged.mrc") as file:
        file.set_data(pixels)
        file.voxel_size = 2.0
    selected = {}
    for name in ("clean", "damaged"):
        picks = nunatak.pick(
            [tmp_path / f"{name}.mrc"], diameter_A=DIAMETER_A, model=model, contrast="dark"
        ).picks.table
        chosen = picks[picks["selected"]]
        offset = chosen[["x_px", "y_px"]].to_numpy()[:, None] - truth[inside]
        distance = np.hypot(*offset.transpose(2, 0, 1)).min(axis=0)
        assert distance.max() < 3.0
        selected[name] = len(chosen)
    assert inside.sum() >= 5
    assert inside.sum() <= selected["damaged"] <= selected["clean"]


def test_nothing_is_written_if_nothing_could_be_picked(tmp_path: Path, model: Path) -> None:
    for name in ("a.mrc", "b.mrc"):
        (tmp_path / name).write_bytes(b"")
    output = tmp_path / "out" / "picks.star"
    with pytest.raises(BadInput, match="None of the 2 micrographs could be picked"):
        nunatak.pick(
            [tmp_path / "a.mrc", tmp_path / "b.mrc"],
            diameter_A=DIAMETER_A,
            model=model,
            output=output,
        )
    assert list(output.parent.iterdir()) == []
    with pytest.raises(BadInput, match=r"^.*a\.mrc: 0 bytes"):
        nunatak.pick([tmp_path / "a.mrc"], diameter_A=DIAMETER_A, model=model)


def test_one_name_in_two_projects_is_two_micrographs(
    tmp_path: Path, model: Path, write_spots: Spots
) -> None:
    stars = []
    for seed, project in enumerate(("first", "second")):
        (tmp_path / project / "mics").mkdir(parents=True)
        write_spots(tmp_path / project / "mics" / "m.mrc", count=4 + seed, seed=seed)
        stars.append(tmp_path / project / "micrographs_ctf.star")
        stars[-1].write_text("data_micrographs\nloop_\n_rlnMicrographName #1\nmics/m.mrc\n")
    alone = nunatak.pick(stars[:1], diameter_A=DIAMETER_A, model=model)
    assert alone.picks.images == ("mics/m.mrc",)
    both = nunatak.pick(stars, diameter_A=DIAMETER_A, model=model)
    assert [len(Path(image).parts) > 2 for image in both.picks.images] == [True, True]
    assert both.picks.table.groupby("image")["selected"].sum().tolist() == [4, 5]


def test_stopping_from_the_progress_callback_keeps_what_was_done(
    tmp_path: Path, model: Path, folder: Path
) -> None:
    def stop(count: int) -> None:
        if count:
            raise KeyboardInterrupt

    output = tmp_path / "picks.star"
    with pytest.raises(Interrupted):
        nunatak.pick(
            names(folder), diameter_A=DIAMETER_A, model=model, output=output, on_progress=stop
        )
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("pick")]
    lines = (tmp_path / "picks.star.journal").read_text().splitlines()
    assert all(line.startswith('{"') and line.endswith("}") for line in lines)
    assert len(lines) >= 3


def test_one_run_one_result(model: Path, folder: Path) -> None:
    first, second = (
        nunatak.pick(names(folder), diameter_A=DIAMETER_A, model=model) for _ in range(2)
    )
    assert same_picks(first, second)


class Stopper:
    """Interrupts a run when a number of micrographs have been read."""

    def __init__(self, after: int) -> None:
        self.after = after

    def __call__(self, *arguments: object, **keywords: object) -> object:
        self.after -= 1
        if self.after < 0:
            raise KeyboardInterrupt
        return prepare(*arguments, **keywords)  # type: ignore[arg-type]


def test_an_interrupted_run_goes_on_and_ends_the_same(
    tmp_path: Path, model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "picks.star"

    def pick(**options: object) -> PickResult:
        return nunatak.pick(
            names(folder),
            diameter_A=DIAMETER_A,
            model=model,
            output=output,
            **options,  # type: ignore[arg-type]
        )

    with monkeypatch.context() as patch:
        patch.setattr(job_module, "prepare", Stopper(5 + 3))  # 5 for the contrast
        with pytest.raises(Interrupted, match=r"of 5 micrographs are finished and kept in .*picks"):
            pick()
    assert not output.exists()
    assert (tmp_path / "picks.star.journal").exists()
    with pytest.raises(Mismatch, match=re.escape("min_distance_A was 48.0, is 30.0")):
        pick(min_distance_A=30.0)
    seen: list[str] = []

    def counted(path: Path, **keywords: object) -> object:
        seen.append(path.name)
        return prepare(path, **keywords)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(job_module, "prepare", counted)
        resumed = pick(threshold=0.8)  # which candidates are selected may be said anew
    assert 0 < len(seen) < 5  # neither all again, nor the contrast
    assert resumed.reused_count == 5 - len(seen)
    whole = nunatak.pick(names(folder), diameter_A=DIAMETER_A, model=model, threshold=0.8)
    assert same_picks(resumed, whole)


def test_a_micrograph_that_changed_meanwhile_is_picked_again(
    tmp_path: Path,
    model: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    write_spots: Spots,
) -> None:
    output = tmp_path / "picks.star"
    with monkeypatch.context() as patch:
        patch.setattr(job_module, "prepare", Stopper(5 + 4))
        with pytest.raises(Interrupted):
            nunatak.pick(names(folder), diameter_A=DIAMETER_A, model=model, output=output)
    write_spots(folder / "m0.mrc", count=3, seed=77)
    os.utime(folder / "m0.mrc", ns=(1, 1))
    resumed = nunatak.pick(names(folder), diameter_A=DIAMETER_A, model=model, output=output)
    whole = nunatak.pick(names(folder), diameter_A=DIAMETER_A, model=model)
    assert same_picks(resumed, whole)


def test_an_output_that_was_edited_is_not_replaced(
    tmp_path: Path, model: Path, folder: Path
) -> None:
    output = tmp_path / "picks.star"

    def pick(**options: object) -> PickResult:
        return nunatak.pick(
            names(folder),
            diameter_A=DIAMETER_A,
            model=model,
            output=output,
            **options,  # type: ignore[arg-type]
        )

    pick()
    pick(threshold=0.9)  # its own, unchanged output it replaces
    edited = output.read_text() + "\n"
    output.write_text(edited)
    with pytest.raises(UsageError, match="was changed after 'nunatak pick' wrote it"):
        pick()
    assert output.read_text() == edited
    pick(redo=True)
    (tmp_path / "picks.star.run.json").unlink()
    with pytest.raises(UsageError, match="nothing says that 'nunatak pick' wrote it"):
        pick()


def test_a_folder_of_its_own_is_replaced_and_no_other(
    tmp_path: Path, model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def pick(output: str) -> PickResult:
        return nunatak.pick(
            ["micrographs"],
            diameter_A=DIAMETER_A,
            model=model,
            output=output,
            file_format="relion-autopick",
        )

    pick("AutoPick/job001")
    assert len(list(Path("AutoPick/job001/micrographs").glob("*_autopick.star"))) == 5
    pick(str(tmp_path / "AutoPick" / "job001"))
    note = tmp_path / "AutoPick" / "job001" / "micrographs" / "note.txt"
    note.write_text("mine")
    pick("AutoPick/job001")
    assert note.read_text() == "mine"
    note.with_name("m0_autopick.star").write_text("mine")
    with pytest.raises(UsageError, match=r"m0_autopick\.star was changed after"):
        pick("AutoPick/job001")


def test_a_finished_run_picks_only_what_is_new_or_changed(
    tmp_path: Path,
    model: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    write_spots: Spots,
) -> None:
    output = tmp_path / "picks.star"
    seen: list[str] = []

    def counted(path: Path, **keywords: object) -> object:
        seen.append(path.name)
        return prepare(path, **keywords)  # type: ignore[arg-type]

    def pick(**options: object) -> PickResult:
        seen.clear()
        common = {"diameter_A": DIAMETER_A, "model": model, "output": output}
        return nunatak.pick(names(folder), **{**common, **options})  # type: ignore[arg-type]

    monkeypatch.setattr(job_module, "prepare", counted)
    (folder / "m4.mrc").rename(tmp_path / "later.mrc")
    pick()
    assert pick(threshold=0.9).reused_count == 4
    assert seen == []
    (tmp_path / "later.mrc").rename(folder / "m4.mrc")
    write_spots(folder / "m0.mrc", count=3, seed=77)
    result = pick()
    assert sorted(seen) == ["m0.mrc", "m4.mrc"]
    assert (result.reused_count, len(read_picks(output).images)) == (3, 5)
    assert same_picks(result, pick(output=None))
    assert pick(redo=True).reused_count == 0
    assert len(set(seen)) == 5


def test_micrographs_that_are_not_named_again_are_counted(
    tmp_path: Path, model: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for chosen in (names(folder)[:3], names(folder)[:1]):
        nunatak.pick(chosen, diameter_A=DIAMETER_A, model=model, output=tmp_path / "p.star")
    (message,) = (one for one in caplog.messages if "not named now" in one)
    assert "2 micrographs of earlier runs" in message
    assert "no longer in the output" in message
    assert f"they are in {tmp_path / 'p.star.journal'}" in message


@pytest.mark.parametrize(
    ("options", "change"),
    [
        ({"diameter_A": 100.0}, "diameter_A was 120.0, is 100.0; min_distance_A was 48.0, is 40.0"),
        ({"selected_only": True}, "selected_only was False, is True"),
        ({"file_format": "relion-autopick"}, "format was relion-star, is relion-autopick"),
    ],
)
def test_an_output_of_other_settings_is_replaced_only_on_demand(
    tmp_path: Path,
    model: Path,
    folder: Path,
    options: dict[str, object],
    change: str,
) -> None:
    output = tmp_path / "picks.star"
    common = {"diameter_A": DIAMETER_A, "model": model, "output": output, "contrast": "dark"}
    nunatak.pick(names(folder)[:1], **common)  # type: ignore[arg-type]
    before = output.read_bytes()
    (tmp_path / "picks.star.journal").unlink()  # the record knows it as well
    message = f"picks.star was written with other settings ({change}). Choose another output"
    with pytest.raises(UsageError, match=re.escape(message)):
        nunatak.pick(names(folder)[:1], **{**common, **options})  # type: ignore[arg-type]
    assert output.read_bytes() == before


def test_outputs_of_one_stem_do_not_disturb_each_other(
    tmp_path: Path, model: Path, folder: Path
) -> None:
    for name in ("q.star", "q.csv", "q.star"):
        nunatak.pick(names(folder)[:1], diameter_A=DIAMETER_A, model=model, output=tmp_path / name)
    assert {path.name for path in tmp_path.glob("q.*.run.json")} == {
        "q.star.run.json",
        "q.csv.run.json",
    }


@pytest.mark.parametrize("redo", [False, True])
def test_a_foreign_file_where_the_record_belongs_is_kept(
    tmp_path: Path, model: Path, folder: Path, redo: bool
) -> None:
    foreign = tmp_path / "picks.star.run.json"
    foreign.write_text('{"mine": 1}')
    output = tmp_path / "picks.star"
    with pytest.raises(UsageError, match=r"picks\.star\.run\.json exists and is not the record"):
        nunatak.pick(names(folder), diameter_A=DIAMETER_A, model=model, output=output, redo=redo)
    assert foreign.read_text() == '{"mine": 1}'
    assert not output.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"diameter_A": None}, "say the particle's diameter in Å with --diameter"),
        ({"threshold": 1.5}, "Option threshold: Input should be less than or equal to 1"),
        ({"max_per_micrograph": 0}, "Option max_per_micrograph"),
        ({"device": "gpu"}, "Device 'gpu' is not one of"),
        ({"output": "picks.xyz"}, "does not say in which format"),
        ({"output": "p.star", "file_format": "word"}, "no pick format 'word'"),
        ({"output": "p.json", "file_format": "eman2-json"}, "named …_info.json, and there are 5"),
        ({"output": "p.box"}, "Name a folder instead: -o p --to eman-box"),
        ({"output": "new/and/deep/p.star"}, "there is no folder"),
    ],
)
def test_options_are_checked_before_any_work(
    folder: Path,
    model: Path,
    options: dict[str, object],
    message: str,
    tmp_path: Path,
) -> None:
    given = {**options, "output": tmp_path / str(options.get("output", "new/picks.star"))}
    with pytest.raises(UsageError, match=re.escape(message)):
        nunatak.pick(names(folder), **{"diameter_A": DIAMETER_A, "model": model, **given})  # type: ignore[arg-type]
    assert not (tmp_path / "new").exists()


def test_torch_threads_are_put_back(model: Path, folder: Path) -> None:
    before = torch.get_num_threads()
    result = nunatak.pick(names(folder)[:1], diameter_A=DIAMETER_A, model=model, threads=before + 1)
    assert torch.get_num_threads() == before
    assert result.provenance["options"]["threads"] == before + 1


def test_a_model_that_knows_its_particles_names_them(
    tmp_path: Path, blob_model: DetectorModel, write_spots: Spots
) -> None:
    write_spots(tmp_path / "m.mrc", count=6)
    parameters = UNetParameters(classes=2, width=1, depth=1)
    network = UNet(**parameters.model_dump()).eval()
    weights = blob_model.network.state_dict()
    head = weights["head.weight"]
    weights["head.weight"] = torch.cat([0.5 * head, head])
    weights["head.bias"] = torch.tensor([-6.0, -6.0])
    network.load_state_dict(weights)
    kinds = (ModelClass(name="small", diameter_A=90), ModelClass(name="large", diameter_A=120))
    header = blob_model.header.model_copy(
        update={"classes": kinds, "network": NetworkSpec(parameters=parameters)}
    )
    save_model(DetectorModel(header, network), tmp_path / "two.safetensors")
    output = tmp_path / "picks.star"
    result = nunatak.pick([tmp_path / "m.mrc"], model=tmp_path / "two.safetensors", output=output)
    chosen = result.picks.table[result.picks.table["selected"]]
    assert len(chosen) == 6
    assert set(chosen["class_name"]) == {"large"}
    assert set(chosen["diameter_A"]) == {120.0}
    assert set(read_picks(output).table["class_name"]) >= {"large"}


def test_numbers_that_look_like_a_mistake_are_doubted(
    tmp_path: Path, model: Path, write_spots: Spots, caplog: pytest.LogCaptureFixture
) -> None:
    write_spots(tmp_path / "m.mrc", shape=(100, 100), count=0, pixel_size_A=24.0)
    nunatak.pick(
        [tmp_path / "m.mrc"], diameter_A=DIAMETER_A, model=model, contrast="dark", threshold=1.0
    )
    tiny, none_selected = caplog.messages
    assert tiny.startswith("a particle of 120 Å spans only 5 pixels of 24 Å. Check the diameter")
    assert re.match(
        r"none of \d+ candidates is selected: the best score is 0\.\d+, the threshold 1\. Check",
        none_selected,
    )
    nunatak.pick(
        [tmp_path / "m.mrc"], diameter_A=DIAMETER_A, model=model, contrast="dark", border_A=1e6
    )
    assert caplog.messages[-1].endswith("lie within the border of 1e+06 Å")


def test_a_micrograph_without_any_candidate(tmp_path: Path, model: Path) -> None:
    rng = np.random.default_rng(0)
    with mrcfile.new(tmp_path / "m.mrc") as file:
        file.set_data(rng.standard_normal((600, 600), dtype=np.float32))
        file.voxel_size = 2.0
    output = tmp_path / "picks.star"
    result = nunatak.pick(
        [tmp_path / "m.mrc"], diameter_A=240.0, model=model, output=output, contrast="dark"
    )
    assert len(result.picks) == result.selected_count == 0
    assert read_picks(output).images == (str(tmp_path / "m.mrc"),)
