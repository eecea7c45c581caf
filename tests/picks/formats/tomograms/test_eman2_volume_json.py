"""Boxes of tomograms in EMAN2's information files: both frames, classes, what is kept."""

import json
from pathlib import Path

import pandas as pd
import pytest

from nunatak.errors import FormatError, Mismatch, UsageError
from nunatak.picks.context import FormatContext
from nunatak.picks.file_grid import FileGrid
from nunatak.picks.formats.tomograms.eman2_volume_json import read, write
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import PickSet

XYZ = ["x_px", "y_px", "z_px"]
SHAPE = (61, 383, 127)
IMAGES = ImageCatalogue({"t/TS_01__bin4.hdf": SHAPE}, pixel_size_A=10.0)
KNOWN = FormatContext(images=IMAGES, box_px=40)


def info_file(folder: Path, **content: object) -> Path:
    path = folder / "TS_01_info.json"
    path.write_text(json.dumps(content))
    return path


def picks_of(**columns: object) -> PickSet:
    places = {"image": ["t/TS_01__bin4.hdf"], "x_px": [64.0], "y_px": [190.0], "z_px": [28.0]}
    return PickSet(pd.DataFrame({**places, **columns}))


def test_unbinned_boxes_count_from_the_middle_voxel(tmp_path: Path) -> None:
    # The middle voxels of 127 x 383 x 61 are 63, 191 and 30; a voxel is 4 unbinned pixels.
    boxes = [[0, 0, 0, "manual", 0.0, 0], [4, -4, -8, "manual", 0.0, 0]]
    path = info_file(tmp_path, boxes_3d=boxes, apix_unbin=2.5)
    table = read(path, KNOWN).table
    assert table[XYZ].to_numpy().tolist() == [[63, 191, 30], [64, 190, 28]]
    assert table["image"].tolist() == ["t/TS_01__bin4.hdf"] * 2


def test_boxes_without_apix_unbin_count_from_the_first_voxel(tmp_path: Path) -> None:
    path = info_file(tmp_path, boxes_3d=[[1, 2.5, 3, "tm"]])
    context = FormatContext(grid=FileGrid.binned(2))
    assert read(path, context).table[XYZ].to_numpy().tolist() == [[2, 5, 6]]
    assert read(path, context).images == ("TS_01",)


def test_a_file_that_exists_keeps_its_frame_and_other_keys(tmp_path: Path) -> None:
    path = info_file(tmp_path, apix_unbin=2.5, tlt_file="raw.hdf", boxes_3d=[])
    write(picks_of(score=[0.5]), path, KNOWN)
    content = json.loads(path.read_text())
    assert content["boxes_3d"] == [[4.0, -4.0, -8.0, "nunatak", 0.5, 0]]
    assert content["class_list"] == {"0": {"name": "particles_00", "boxsize": 40}}
    assert (content["tlt_file"], content["apix_unbin"]) == ("raw.hdf", 2.5)
    pd.testing.assert_frame_equal(
        read(path, KNOWN).table,
        picks_of(score=[0.5], eman2_picker=["nunatak"]).table,
        check_like=True,
    )


def test_files_go_by_the_base_name(tmp_path: Path) -> None:
    assert write(picks_of(), tmp_path, KNOWN) == [tmp_path / "TS_01_info.json"]
    both = pd.concat([picks_of().table, picks_of(image=["t/TS_01__bin8.hdf"]).table])
    with pytest.raises(Mismatch, match=r"share the file TS_01_info\.json in EMAN2"):
        write(PickSet(both), tmp_path, KNOWN)


def test_classes_have_names_scores_and_pickers(tmp_path: Path) -> None:
    classes = {"0": {"name": "ribosome", "boxsize": 32}, "4": {"name": "fas", "boxsize": 20}}
    boxes = [[1, 2, 3, "manual", 0.0, 4], [1, 2, 3, "tm", 7.5, 0], [1, 2, 3, "tm", 6.0, 9]]
    path = info_file(tmp_path, boxes_3d=boxes, class_list=classes)
    table = read(path, FormatContext()).table
    assert table["class_name"].tolist() == ["fas", "ribosome", "9"]
    assert table["score"].tolist() == [0.0, 7.5, 6.0]
    assert table["eman2_picker"].tolist() == ["manual", "tm", "tm"]


def test_new_classes_get_free_numbers(tmp_path: Path) -> None:
    path = info_file(tmp_path, class_list={"0": {"name": "ribosome", "boxsize": 32}})
    table = pd.concat([picks_of(class_name=[name]).table for name in ("fas", "ribosome", "9")])
    write(PickSet(table), path, KNOWN)
    content = json.loads(path.read_text())
    assert [box[5] for box in content["boxes_3d"]] == [1, 0, 9]
    assert content["class_list"] == {
        "0": {"name": "ribosome", "boxsize": 32},
        "1": {"name": "fas", "boxsize": 40},
        "9": {"name": "9", "boxsize": 40},
    }


def test_what_the_middle_needs_is_asked_for(tmp_path: Path) -> None:
    path = info_file(tmp_path, boxes_3d=[[1, 2, 3]], apix_unbin=2.5)
    no_size = FormatContext(images=ImageCatalogue({"TS_01.mrc": SHAPE}))
    with pytest.raises(Mismatch, match=r"the voxel size of TS_01\.mrc must be known"):
        read(path, no_size)
    no_shape = FormatContext(images=ImageCatalogue(pixel_size_A=10.0))
    with pytest.raises(Mismatch, match="The size of TS_01 is needed but unknown"):
        read(path, no_shape)
    with pytest.raises(UsageError, match=r"which no binning changes\. Leave the binning out"):
        read(path, FormatContext(images=IMAGES, grid=FileGrid.binned(4)))


def test_boxes_of_a_person_are_not_overwritten(tmp_path: Path) -> None:
    path = info_file(tmp_path, boxes_3d=[[1, 2, 3, "manual", 0.0, 0]])
    with pytest.raises(UsageError, match="holds boxes already"):
        write(picks_of(), path, FormatContext(images=IMAGES, overwrite=False))
    assert json.loads(path.read_text()) == {"boxes_3d": [[1, 2, 3, "manual", 0.0, 0]]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"boxes": [[1, 2, "manual"]]}, "boxes: boxes of a micrograph"),
        ({"boxes_3d": 3}, "boxes_3d: not a list of boxes"),
        ({"boxes_3d": [[1, 2, 3], [1, 2]]}, "boxes_3d[1]: [1, 2] where [x, y, z, picker"),
        ({"boxes_3d": [[1, 2, "3"]]}, "boxes_3d[0]: [1, 2, '3'] where"),
        ({"boxes_3d": [[1, 2, True]]}, "boxes_3d[0]: [1, 2, True] where"),
        ({"boxes_3d": [[1, 2, 3, "m", 0, 1.5]]}, "boxes_3d[0]: [1, 2, 3, 'm', 0, 1.5] where"),
        ({"boxes_3d": [[1, 2, 3, "m", None, 1]]}, "boxes_3d[0]: "),
        ({"boxes_3d": [[1, 2, 3]], "apix_unbin": "2.5"}, "apix_unbin: '2.5' where a pixel size"),
        ({"boxes_3d": [[1, 2, 3]], "apix_unbin": 0}, "apix_unbin: a pixel size of 0"),
        ({"boxes_3d": [[1, 2, 3]], "class_list": []}, "class_list: not an object of classes"),
        ({"boxes_3d": [], "class_list": {"a": {}}}, "class_list: 'a': {} where a number"),
    ],
)
def test_damage_is_named(tmp_path: Path, content: dict[str, object], message: str) -> None:
    path = info_file(tmp_path, **content)
    with pytest.raises(FormatError) as caught:
        read(path, KNOWN)
    assert f"TS_01_info.json, {message}" in str(caught.value)


def test_cut_and_unfinite_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "TS_01_info.json"
    path.write_text('{"boxes_3d": [[1, 2, ')
    with pytest.raises(FormatError, match="not JSON"):
        read(path, KNOWN)
    path.write_text('{"boxes_3d": [[1, 2, NaN]]}')
    with pytest.raises(FormatError, match="NaN, which is not JSON"):
        read(path, KNOWN)
