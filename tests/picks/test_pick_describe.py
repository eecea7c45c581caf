"""What `nunatak info` says of picks."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nunatak.picks.describe import describe
from nunatak.picks.formats import FORMATS, FormatContext
from nunatak.picks.table import PickSet
from nunatak.picks.tilt_series import TiltSeries
from nunatak.picks.tomogram_facts import TomogramFacts


def test_a_relion_file(tmp_path: Path) -> None:
    path = tmp_path / "p.star"
    path.write_text(
        "data_optics\nloop_\n_rlnOpticsGroup\n_rlnMicrographPixelSize\n1 1.25\n\n"
        "data_particles\nloop_\n_rlnMicrographName\n_rlnCoordinateX\n_rlnCoordinateY\n"
        "_rlnAutopickFigureOfMerit\n_rlnOpticsGroup\n_nunatakSelected\n"
        "a.mrc 1 2 0.5 1 1\nb.mrc 1 2 nan 1 0\nb.mrc 1 2 0.125 1 1\n"
    )
    assert describe(path) == {
        "file": str(path),
        "kind": "picks",
        "format": "RELION STAR (relion-star)",
        "picks": "3 on 2 images",
        "scores": "0.125 to 0.5",
        "selected": "2",
        "pixel size": "1.25 Å",
        "columns": "image, x_px, y_px, score, selected, rlnOpticsGroup, pixel_size_A",
    }


def test_no_image_is_needed_even_where_reading_would_mirror(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("X-Coordinate,Y-Coordinate,Diameter\n1,2,3\n")
    assert describe(path)["picks"] == "1 on 1 image"


def test_what_the_reader_noticed_is_told(tmp_path: Path) -> None:
    path = tmp_path / "p.box"
    path.write_text("1 2 0 0\n")
    assert "1 box has no size; its corner was taken for its centre" in describe(path)["notes"]


def test_tomograms_have_voxels(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("image,x_px,y_px,z_px,pixel_size_A\na.mrc,1,2,3,10\n")
    text = describe(path)
    assert (text["picks"], text["voxel size"]) == ("1 in 1 tomogram", "10 Å")
    assert "pixel size" not in text


@pytest.mark.parametrize("name", ["relion4-tomo", "relion5-tomo", "em-motl", "dynamo"])
def test_nothing_that_the_file_leaves_unsaid_is_needed(name: str, tmp_path: Path) -> None:
    """Neither tilt series nor the tomograms' names."""
    table = pd.DataFrame({"image": ["TS_1", "TS_2", "TS_2"], "score": [0.25, 0.5, 0.75]})
    table = table.assign(x_px=1.0, y_px=2.0, z_px=3.0, class_name=["2", "1", "1"])
    table = table.assign(rot_deg=[10.0, 20.0, 30.0], tilt_deg=40.0, psi_deg=50.0)
    facts = TomogramFacts(
        tilt_series=dict.fromkeys(("TS_1", "TS_2"), TiltSeries((64, 64, 64), 1.0, 8.0)),
        numbers={3: "TS_1", 7: "TS_2"},
    )
    fmt = FORMATS[name]
    path = tmp_path / f"in{fmt.suffixes[0]}"
    files = fmt.write(PickSet(table), path, FormatContext(tomograms=facts))
    for beside in files[1:]:
        beside.unlink()
    text = describe(path)
    assert text["format"] == f"{fmt.title} ({name})"
    assert text["picks"] == "3 in 2 tomograms"
    assert text["scores"] == "0.25 to 0.75"
    assert text["orientations"] == "of 3 picks"
    assert text["classes"] == "1 (2), 2 (1)"


def test_positions_in_angstrom_need_no_voxel_size(tmp_path: Path) -> None:
    table = tmp_path / "k.csv"
    table.write_text(
        "id,experiment,particle_type,x,y,z\n0,TS_1,ribosome,10,20,30\n1,TS_2,ferritin,1,2,3\n"
    )
    text = describe(table)
    assert (text["picks"], text["classes"]) == ("2 in 2 tomograms", "ribosome (1), ferritin (1)")
    assert "voxel size" not in text
    points = tmp_path / "ribosome.json"
    point = {"location": {"x": 1, "y": 2, "z": 3}, "transformation_": np.eye(4).tolist()}
    points.write_text(json.dumps({"pickable_object_name": "ribosome", "points": [point]}))
    text = describe(points)
    assert (text["picks"], text["classes"]) == ("1 in 1 tomogram", "ribosome (1)")


def test_a_file_of_one_tomogram_need_not_name_it(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text('{"type": "point", "location": {"x": 1, "y": 2, "z": 3}}\n')
    assert describe(path)["picks"] == "1 in 1 tomogram"
