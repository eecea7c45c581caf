"""Whose picks of a copick project are read."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from nunatak.errors import BadInput, UsageError
from nunatak.picks.convert import convert
from nunatak.picks.formats import read_picks, write_picks
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import PickSet
from nunatak.picks.tomogram_facts import TomogramFacts

IMAGES = ImageCatalogue({"TS_1.mrc": (50, 50, 50), "TS_2.mrc": (50, 50, 50)}, pixel_size_A=10.0)


def picks_file(root: Path, run: str, owner: str, name: str, *x_A: float) -> None:
    user, session = owner.split("_")
    content = {
        "pickable_object_name": name,
        "user_id": user,
        "session_id": session,
        "run_name": run,
        "unit": "angstrom",
        "points": [{"location": {"x": x, "y": 10.0, "z": 10.0}} for x in x_A],
    }
    path = root / "ExperimentRuns" / run / "Picks" / f"{owner}_{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Two users picked one object in one run; another object has one user."""
    overlay, static = tmp_path / "overlay", tmp_path / "static"
    picks_file(overlay, "TS_1", "alice_1", "ribosome", 10, 20, 30)
    picks_file(static, "TS_1", "nunatak_0", "ribosome", 40)
    picks_file(static, "TS_1", "nunatak_0", "apoferritin", 50)
    picks_file(static, "TS_2", "alice_1", "ribosome", 60, 70)
    # What the overlay root holds goes before the same file in the static one.
    picks_file(static, "TS_1", "alice_1", "ribosome", 80)
    path = tmp_path / "project.json"
    roots = {"overlay_root": "overlay", "static_root": "static"}
    path.write_text(json.dumps({"config_type": "filesystem", "pickable_objects": [], **roots}))
    return path


def x_px(path: Path, **facts: Any) -> list[float]:
    picks = read_picks(path, images=IMAGES, tomograms=TomogramFacts(**facts))
    return sorted(picks.table["x_px"].tolist())


def test_a_configuration_stands_for_the_picks_of_all_roots(config: Path) -> None:
    assert x_px(config) == [1, 2, 3, 4, 5, 6, 7]
    assert read_picks(config, "copick", images=IMAGES).images == ("TS_1.mrc", "TS_2.mrc")
    report = convert(config, config.with_name("o.csv"), images=IMAGES)
    assert (report.n_out, report.source_formats) == (7, ("copick JSON",))


def test_users_are_joined_with_a_warning_that_counts_them(config: Path) -> None:
    notes = read_picks(config, images=IMAGES).notes
    assert [note for note in notes if note.startswith("Warning")] == [
        "Warning: ribosome has several copick files in 1 tomogram, all of which were taken: "
        "3 picks of user alice, session 1, 1 pick of user nunatak, session 0. Choose by "
        "--copick-user and --copick-session."
    ]
    report = convert(config, config.with_name("o.csv"), images=IMAGES)
    assert "Warning: ribosome has several" in str(report)


def test_a_user_or_a_session_is_chosen(config: Path) -> None:
    assert x_px(config, copick_user="alice") == [1, 2, 3, 6, 7]
    assert x_px(config, copick_session="0") == [4, 5]
    assert x_px(config.parent / "static", copick_user="nunatak", copick_session="0") == [4, 5]
    chosen = TomogramFacts(copick_user="alice")
    notes = read_picks(config, images=IMAGES, tomograms=chosen).notes
    assert not [note for note in notes if note.startswith("Warning")]


def test_users_are_not_joined_where_one_of_them_is_meant(config: Path) -> None:
    with pytest.raises(BadInput) as refused:
        x_px(config, joins_copick_owners=False)
    assert str(refused.value) == (
        "ribosome has several copick files in 1 tomogram: 3 picks of user alice, session 1, 1 pick "
        "of user nunatak, session 0. Choose by --copick-user and --copick-session. To take several "
        "of them, unite them first (nunatak merge)."
    )
    assert x_px(config, copick_user="alice", joins_copick_owners=False) == [1, 2, 3, 6, 7]
    # Two who shared the tomograms or the objects between them do not stand in each other's way.
    next(config.parent.rglob("nunatak_0_ribosome.json")).unlink()
    assert x_px(config, joins_copick_owners=False) == [1, 2, 3, 5, 6, 7]


def test_whose_picks_there_are_is_said_where_nobody_fits(config: Path) -> None:
    with pytest.raises(BadInput, match=r"user bob, session any.*user alice, session 1, user nun"):
        x_px(config, copick_user="bob")
    kaggle = config.with_name("ribosome.json")
    kaggle.write_bytes(next(config.parent.rglob("alice_1_ribosome.json")).read_bytes())
    with pytest.raises(BadInput, match="the files are of nobody"):
        x_px(kaggle, copick_user="alice")


def test_there_is_nothing_to_choose_in_other_formats(tmp_path: Path) -> None:
    table = pd.DataFrame({"image": ["a"], "x_px": 1.0, "y_px": 1.0, "z_px": 1.0})
    write_picks(PickSet(table), tmp_path / "p.csv")
    facts = TomogramFacts(copick_user="alice")
    with pytest.raises(UsageError, match="choose among copick's files"):
        convert(tmp_path / "p.csv", tmp_path / "o.csv", tomograms=facts)


def test_a_project_without_picks_is_said_to_be_empty(config: Path) -> None:
    for file in config.parent.rglob("Picks/*.json"):
        file.unlink()
    with pytest.raises(BadInput, match="a copick project of 2 runs without a file of picks"):
        read_picks(config, images=IMAGES)
