"""The radii of a copick project's configuration become its picks' diameters."""

import json
from pathlib import Path

import pytest

from nunatak.errors import BadInput
from nunatak.picks.evaluate_classes import evaluate_classes
from nunatak.picks.formats import read_picks


def project(folder: Path, **radii_A: float | None) -> Path:
    """Write a project with one pick of each of two objects in two runs; return its JSON."""
    for run in ("TS_1", "TS_2"):
        for name in ("ribosome", "apoferritin"):
            content = {
                "pickable_object_name": name,
                "run_name": run,
                "voxel_spacing": 10.0,
                "unit": "angstrom",
                "points": [{"location": {"x": 100.0, "y": 100.0, "z": 100.0}}],
            }
            path = folder / f"static/ExperimentRuns/{run}/Picks/a_1_{name}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content))
    (folder / "overlay").mkdir()
    objects = [
        {"name": name, "is_particle": True, "radius": radius_A}
        for name, radius_A in radii_A.items()
    ]
    roots = {"overlay_root": "overlay", "static_root": "static"}
    config = folder / "project.json"
    config.write_text(json.dumps({"pickable_objects": objects, **roots}))
    return config


def diameters_A(*paths: Path) -> dict[str, list[float]]:
    table = read_picks(paths).table
    return {
        str(name): rows["diameter_A"].unique().tolist()
        for name, rows in table.groupby("class_name")
    }


def test_a_diameter_is_twice_the_radius(tmp_path: Path) -> None:
    config = project(tmp_path, ribosome=150.0, apoferritin=60.5)
    assert diameters_A(config) == {"ribosome": [300.0], "apoferritin": [121.0]}


def test_objects_without_a_radius_have_no_diameter(tmp_path: Path) -> None:
    config = project(tmp_path, ribosome=150.0, apoferritin=None)
    table = read_picks(config).table
    assert table["diameter_A"].fillna(0).tolist() == [0.0, 300.0] * 2
    assert table["class_name"].tolist() == ["apoferritin", "ribosome"] * 2


def test_a_configuration_speaks_of_its_own_files_alone(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one = project(tmp_path / "one", ribosome=150.0, apoferritin=60.0)
    two = project(tmp_path / "two", ribosome=140.0, apoferritin=60.0)
    assert diameters_A(one, two) == {"ribosome": [300.0, 280.0], "apoferritin": [120.0]}
    assert "diameter_A" not in read_picks(tmp_path / "one" / "static").table


def test_classes_are_judged_within_half_of_their_radii(tmp_path: Path) -> None:
    picks = read_picks(project(tmp_path, ribosome=150.0, apoferritin=60.0))
    judged = evaluate_classes(picks, picks, n_resamples=0)
    assert {one.name: one.evaluation.radius_A for one in judged.classes} == {
        "ribosome": 75.0,
        "apoferritin": 30.0,
    }
    with pytest.raises(BadInput, match="no diameter"):
        evaluate_classes(picks, read_picks(tmp_path / "static"), n_resamples=0)


def test_what_holds_of_all_files_is_said_once(tmp_path: Path) -> None:
    config = project(tmp_path, ribosome=150.0, apoferritin=60.0)
    [note, *others] = [note for note in read_picks(config).notes if "own spacing of" in note]
    assert others == []
    first = tmp_path / "static/ExperimentRuns/TS_1/Picks/a_1_apoferritin.json"
    assert note.startswith(f"{first} and 3 other files: ångström became voxels by the file's own")
