"""Particle images of which no place on a micrograph is known."""

from pathlib import Path

import mrcfile
import numpy as np
import pandas as pd
import pytest

from nunatak.errors import BadInput, FormatError, Mismatch, UsageError
from nunatak.picks.context import FormatContext
from nunatak.picks.formats.star import read_star
from nunatak.picks.table import PickSet
from nunatak.pruning.image_files import micrograph_files
from nunatak.pruning.labels import labels_by_position
from nunatak.pruning.particle_files import CRYOSPARC_ROWS, RELION_PARTICLES
from nunatak.pruning.particle_names import lacks_places, particle_names
from nunatak.pruning.particle_tables import read_prunable, source_formats
from nunatak.pruning.radii import radii_px

STAR = """data_optics

loop_
_rlnOpticsGroupName
_rlnOpticsGroup
_rlnImagePixelSize
one 1 3.0
two 2 3.0

data_particles

loop_
_rlnImageName
_rlnMicrographName
_rlnOpticsGroup
_rlnDefocusU
_rlnAutopickFigureOfMerit
_verdict
000002@s.mrcs m.mrc 1 12000.50 0.5 good
000001@s.mrcs m.mrc 2 0012.00 nan 'two words'
000001@t.mrcs n.mrc 1 7 -1 None
"""


def stack(path: Path, shape: tuple[int, int, int]) -> None:
    with mrcfile.new(path) as file:
        file.set_data(np.zeros(shape, np.float32))
        file.set_image_stack()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    stack(tmp_path / "s.mrcs", (2, 40, 44))
    stack(tmp_path / "t.mrcs", (1, 30, 30))
    (tmp_path / "p.star").write_text(STAR)
    return tmp_path


def records(n: int = 4) -> np.ndarray:
    fields = [("uid", "<u8"), ("blob/path", "S8"), ("blob/idx", "<u4"), ("blob/shape", "<u4", (2,))]
    result = np.zeros(n, dtype=[*fields, ("alignments2D/class", "<u4")])
    result["uid"] = np.uint64(2**63) + np.arange(n, dtype=np.uint64)
    result["blob/path"], result["blob/idx"] = b">s.mrcs", np.arange(n) % 2
    result["blob/shape"], result["alignments2D/class"] = 40, np.arange(n)
    return result


@pytest.fixture
def cs(folder: Path) -> Path:
    path = folder / "p.cs"
    with path.open("wb") as stream:
        np.save(stream, records())
    return path


def test_the_image_is_the_stack_and_the_place_its_middle(folder: Path) -> None:
    picks = read_prunable(folder / "p.star")
    table = picks.table
    assert table["image"].tolist() == ["s.mrcs", "s.mrcs", "t.mrcs"]
    assert table[["x_px", "y_px"]].to_numpy().tolist() == [[22, 20], [22, 20], [15, 15]]
    assert lacks_places(picks)
    assert particle_names(picks).section.tolist() == [1, 0, 0]
    # Neither are the stacks micrographs, nor has a distance between two particles a meaning.
    assert micrograph_files(picks, [folder / "s.mrcs"]) == ({}, [])
    assert np.isnan(radii_px(picks, 100.0, {}, 3.0)).all()


def test_every_cell_comes_back(folder: Path) -> None:
    picks = read_prunable(folder / "p.star")
    before = {one.block: one.columns for one in read_star(folder / "p.star")}
    out = folder / "out.star"
    decided = PickSet(picks.table.assign(decision="keep"), picks.optics, source=picks.source)
    assert RELION_PARTICLES.write(decided, out, FormatContext()) == [out]
    after = {one.block: one.columns for one in read_star(out)}
    assert after["optics"] == before["optics"]
    score = before["particles"].pop("rlnAutopickFigureOfMerit")
    written = after["particles"].pop("rlnAutopickFigureOfMerit")
    assert [float(cell) for cell in written[::2]] == [float(cell) for cell in score[::2]]
    assert after["particles"].pop("nunatakDecision") == ["keep"] * 3
    assert after["particles"] == before["particles"]
    assert lacks_places(read_prunable(out))


def test_records_of_cryosparc_keep_every_bit(cs: Path) -> None:
    picks = read_prunable(cs)
    assert lacks_places(picks)
    assert picks.table["alignments2D/class"].tolist() == [0, 1, 2, 3]
    some = PickSet(picks.table.iloc[[1, 3]], source=cs)
    out = cs.with_name("kept.cs")
    CRYOSPARC_ROWS.write(some, out, FormatContext())
    assert np.load(out).tobytes() == records()[[1, 3]].tobytes()
    star = cs.with_name("all.star")
    RELION_PARTICLES.write(picks, star, FormatContext())
    assert read_star(star)[0].columns["rlnImageName"][:2] == ["000001@s.mrcs", "000002@s.mrcs"]
    with cs.open("wb") as stream:
        np.save(stream, records(2))
    with pytest.raises(FormatError, match="has other records"):
        CRYOSPARC_ROWS.write(some, out, FormatContext())


def test_labels_are_found_by_the_particle_images(folder: Path, cs: Path) -> None:
    picks = read_prunable(folder / "p.star")
    none = np.full(3, np.nan)
    found = labels_by_position(picks, read_prunable(cs), none, class_name="particle")
    assert found.row.tolist() == [0, 1]
    by_word = picks.table.assign(label=["good", "", "ice"]).iloc[::-1]
    found = labels_by_position(picks, PickSet(by_word), none)
    assert dict(zip(found.row.tolist(), found.class_name, strict=True)) == {0: "particle", 2: "ice"}
    few = PickSet(picks.table.iloc[:1])
    with pytest.raises(Mismatch, match=r"such as 000001@t\.mrcs\. None of 1 label fits a pick"):
        labels_by_position(few, PickSet(by_word.iloc[:1]), none)
    places = PickSet(pd.DataFrame({"image": ["s.mrcs"], "x_px": 22.0, "y_px": 20.0}))
    with pytest.raises(Mismatch, match="no particle images are named"):
        labels_by_position(picks, places, none, class_name="junk")


def test_labels_without_places_are_found_by_the_particle_images_of_picks_on_micrographs(
    folder: Path,
) -> None:
    labelled = read_prunable(folder / "p.star")
    # The micrograph has the stem of a stack, and a pick where the middle of its boxes would be.
    table = pd.DataFrame({"image": "s.mrc", "x_px": [22.0, 90.0], "y_px": [20.0, 90.0]})
    picks = PickSet(table.assign(rlnImageName=["000001@t.mrcs", "000001@s.mrcs"]))
    radius = np.full(2, 5.0)
    words = PickSet(labelled.table.assign(label=["bad", "good", ""]), source=Path("labels.star"))
    found = labels_by_position(picks, words, radius)
    assert dict(zip(found.row.tolist(), found.class_name, strict=True)) == {1: "particle"}
    assert found.unmatched == (
        "labels.star: 1 label of particle images that are not among the picks, such as "
        "000002@s.mrcs.",
    )
    with pytest.raises(Mismatch, match=r"labels\.star: .* and the picks name no particle images"):
        labels_by_position(PickSet(table), words, radius)


def test_what_cannot_be_read_is_said(folder: Path) -> None:
    assert [fmt.name for fmt in source_formats([folder / "p.star"])] == ["relion-particles"]
    with pytest.raises(UsageError, match="images of particles without a table"):
        read_prunable([folder / "s.mrcs"])
    (folder / "q.csv").write_text("image,x_px,y_px\nm,1,1\n")
    with pytest.raises(UsageError, match=r"p\.star names particle images .* and .*q\.csv holds"):
        read_prunable([folder / "q.csv", folder / "p.star"])
    (folder / "gone.star").write_text(STAR.replace("s.mrcs", "u.mrcs").replace("t.mrcs", "v.mrcs"))
    with pytest.raises(BadInput, match=r"none of the stacks .* such as u\.mrcs"):
        read_prunable([folder / "gone.star"])


def test_a_damaged_stack_does_not_stop_the_others(folder: Path) -> None:
    (folder / "t.mrcs").write_bytes(b"cut short")
    picks = read_prunable(folder / "p.star")
    assert picks.table["image"].tolist() == ["s.mrcs", "s.mrcs", "t.mrcs"]
    assert np.isfinite(picks.positions_px).all()
