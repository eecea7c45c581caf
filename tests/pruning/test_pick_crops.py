import logging
import re
from collections.abc import Iterator
from pathlib import Path

import mrcfile
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from nunatak.detection.model import DetectorModel
from nunatak.detection.result import Failure
from nunatak.images.inputs import list_micrographs
from nunatak.images.micrograph_list import ListedMicrograph, MicrographList
from nunatak.picks.table import PickSet
from nunatak.pruning import cutting
from nunatak.pruning.crops import CropSpec
from nunatak.pruning.cutting import ImageCrops
from nunatak.pruning.detector_scores import DetectorScores
from nunatak.pruning.image_files import micrograph_files
from nunatak.pruning.micrograph_cutter import MicrographCutter
from nunatak.pruning.pick_crops import crops_of_picks

PIXEL_SIZE_A, DIAMETER_A = 3.0, 150.0
SHAPE = (320, 400)
CENTRES = np.array([[81.0, 99.0], [300.0, 60.0], [222.0, 251.0]])


def write_micrograph(
    path: Path,
    *,
    light: bool = False,
    frame_px: tuple[int, int] = (0, 0),
    hot: tuple[int, int] | None = None,
    pixel_size_A: float = PIXEL_SIZE_A,
    seed: int = 0,
) -> Path:
    """Write dark disks of 50 pixels in noise, with blank rows above and columns to the left."""
    rows, columns = np.indices(SHAPE)
    image = np.random.default_rng(seed).normal(100.0, 1.0, SHAPE)
    for x, y in CENTRES:
        image -= 1.5 * (np.hypot(rows - y, columns - x) < 25)
    if light:
        image = 200.0 - image
    if hot is not None:
        image[hot] = 5000.0
    top, left = frame_px
    whole = np.pad(image, ((top, 0), (left, 0)))
    path.parent.mkdir(exist_ok=True)
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(whole.astype(np.float32))
        file.voxel_size = pixel_size_A
    return path


def picks_on(
    *images: str | Path, positions: NDArray[np.float64] = CENTRES, **more: object
) -> PickSet:
    tables = [
        pd.DataFrame({"image": str(image), "x_px": positions[:, 0], "y_px": positions[:, 1]})
        for image in images
    ]
    return PickSet(pd.concat(tables, ignore_index=True).assign(**more))


def cut(
    picks: PickSet, failures: list[Failure] | None = None, **options: object
) -> Iterator[ImageCrops]:
    defaults = {"diameter_A": DIAMETER_A, "spec": CropSpec(), "contrast": "dark", "workers": 1}
    on_failure = None if failures is None else failures.append
    return crops_of_picks(picks, on_failure=on_failure, **{**defaults, **options})  # type: ignore[arg-type]


def stacked(parts: Iterator[ImageCrops], count: int) -> NDArray[np.float32]:
    crops = np.full((count, 2, 64, 64), np.nan, np.float32)
    for part in parts:
        assert np.isnan(crops[part.rows]).all()
        crops[part.rows] = part.crops
    return crops


def middles(close_ups: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the centre of mass (x, y) of what is clearly darker than the ice."""
    rows, columns = np.indices(close_ups.shape[1:])
    dark = close_ups < -1.0
    dark &= np.hypot(rows - 32, columns - 32) < 26
    return np.array([(columns[one].mean(), rows[one].mean()) for one in dark])


@pytest.mark.parametrize("frame_px", [(0, 0), (7, 31)])
def test_particles_are_in_the_middle_of_their_crops(
    tmp_path: Path, frame_px: tuple[int, int]
) -> None:
    path = write_micrograph(tmp_path / "m.mrc", frame_px=frame_px)
    crops = stacked(cut(picks_on(path, positions=CENTRES + np.array(frame_px[::-1]))), 3)
    np.testing.assert_allclose(middles(crops[:, 0]), 32.0, atol=1.0)
    # The disks of 40 pixels are darker than their rim, and what is beyond the edge is 0.
    assert crops[:, 0, 27:37, 27:37].mean() < -2.0
    assert abs(crops[:, 0, :4].mean()) < 0.3
    first = crops[0, 1]  # 81 pixels are 0.54 of the half of the surroundings
    assert np.all(first[:, :4] == 0)
    assert np.all(crops[1, 1, :4] == 0)
    assert first[24:40, 24:40].mean() < -1.0


def test_light_particles_are_turned_dark(tmp_path: Path) -> None:
    dark = write_micrograph(tmp_path / "dark.mrc")
    light = write_micrograph(tmp_path / "light.mrc", light=True)
    np.testing.assert_allclose(
        stacked(cut(picks_on(light), contrast="light"), 3),
        stacked(cut(picks_on(dark)), 3),
        atol=2e-3,
    )


def test_the_contrast_is_found_out(tmp_path: Path, blob_detector: DetectorModel) -> None:
    detector = DetectorScores(blob_detector, device="cpu", precision="float32")
    (tmp_path / "text.mrc").write_text("no image")
    paths = [write_micrograph(tmp_path / f"{n}.mrc", light=True, seed=n) for n in range(2)]
    picks = picks_on(tmp_path / "text.mrc", *paths)
    failures: list[Failure] = []
    found = list(cut(picks, failures, contrast="auto", detector=detector))
    told = list(cut(picks, failures, contrast="light", detector=detector))
    assert len(failures) == 2
    for one, other in zip(found, told, strict=True):
        np.testing.assert_array_equal(one.crops, other.crops)
        np.testing.assert_array_equal(one.detector_logit, other.detector_logit)
        assert one.detector_logit.min() > 0


def test_hot_pixels_are_repaired(tmp_path: Path) -> None:
    clean = stacked(cut(picks_on(write_micrograph(tmp_path / "a.mrc"))), 3)
    hot = write_micrograph(tmp_path / "b.mrc", hot=(110, 90))
    assert np.abs(stacked(cut(picks_on(hot)), 3) - clean).max() < 1.0


def test_rows_stay_those_of_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [write_micrograph(tmp_path / f"m{seed}.mrc", seed=seed) for seed in range(3)]
    picks = picks_on(*paths)
    apart = stacked(cut(picks, workers=3), 9)
    assert np.isfinite(apart).all()
    order = np.random.default_rng(1).permutation(9)
    mixed = PickSet(picks.table.iloc[order])
    monkeypatch.setattr(cutting, "MOST_AT_A_TIME", 2)
    parts = list(cut(mixed))
    assert [len(part.rows) for part in parts] == [2, 1] * 3
    assert [part.image for part in parts[::2]] == list(mixed.images)
    np.testing.assert_allclose(stacked(iter(parts), 9), apart[order], atol=1e-3)


def test_what_cannot_be_cut_is_named_and_the_rest_is_cut(tmp_path: Path) -> None:
    good = write_micrograph(tmp_path / "good.mrc")
    (tmp_path / "text.mrc").write_text("no image")
    positions = np.vstack([CENTRES, [[-30.0, 50.0], [4000.0, 12.5], [410.0, 100.0]]])
    picks = picks_on(tmp_path / "gone.mrc", good, tmp_path / "text.mrc", positions=positions)
    failures: list[Failure] = []
    (part,) = cut(picks, failures)
    # 10 pixels beyond the edge a particle of 50 still shows.
    assert part.rows.tolist() == [6, 7, 8, 11]
    reasons = {Path(failure.image).name: failure.reason for failure in failures}
    assert reasons["gone.mrc"] == (
        f"{tmp_path}/gone.mrc: there is no such file. Give the folder of the micrographs "
        "(--micrographs)."
    )
    assert reasons["good.mrc"] == (
        f"{good}: 2 of 6 picks lie outside the image of 400 × 320 pixels (the first at x -30, "
        "y 50) and are not judged. Check the binning and the orientation of the picks."
    )
    assert reasons["text.mrc"].startswith(f"{tmp_path}/text.mrc")


def test_failures_are_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert list(cut(picks_on(tmp_path / "gone.mrc"))) == []
    assert "gone.mrc: there is no such file" in caplog.text


@pytest.mark.parametrize(
    ("header_A", "table_A", "option_A", "problem"),
    [
        (0.0, None, None, "the header states no pixel size. Give it in Å with --pixel-size."),
        (3.0, 1.5, None, "two pixel sizes: the list says 1.5 Å, its header says 3 Å"),
        (3.0, None, 2.0, "two pixel sizes: --pixel-size says 2 Å"),
        (3.0, (3.0, 3.0, 6.0), None, "two pixel sizes in the lists: 3 Å and 6 Å"),
        (60.0, None, None, "spans 2.5 pixels of 60 Å, too few to be judged"),
        (0.3, None, None, "are less than one particle of 150 Å"),
        (0.02, None, None, "holds no particle of 150.0 Å"),
        (0.0, 3.0, None, None),
        (0.0, (3.0, np.nan, 3.0), None, None),
        (0.0, None, 3.0, None),
    ],
)
def test_pixel_sizes_must_make_sense(
    tmp_path: Path,
    header_A: float,
    table_A: float | tuple[float, ...] | None,
    option_A: float | None,
    problem: str | None,
) -> None:
    path = write_micrograph(tmp_path / "m.mrc", pixel_size_A=header_A)
    picks = picks_on(path) if table_A is None else picks_on(path, pixel_size_A=table_A)
    failures: list[Failure] = []
    parts = list(cut(picks, failures, pixel_size_A=option_A))
    if problem is None:
        assert not failures
        np.testing.assert_allclose(middles(parts[0].crops[:, 0]), 32.0, atol=1.0)
    else:
        assert not parts
        assert len(failures) == 1
        assert re.match(f"^{re.escape(str(path))}: .*{re.escape(problem)}", failures[0].reason)


def test_a_stated_size_may_win_over_the_header(tmp_path: Path) -> None:
    path = write_micrograph(tmp_path / "m.mrc", pixel_size_A=1.0)
    picks = picks_on(path, pixel_size_A=7.0)
    (part,) = cut(picks, pixel_size_A=PIXEL_SIZE_A, override_pixel_size=True)
    np.testing.assert_allclose(middles(part.crops[:, 0]), 32.0, atol=1.0)


def test_bad_pixels_do_not_reach_the_crops(tmp_path: Path) -> None:
    path = write_micrograph(tmp_path / "m.mrc")
    with mrcfile.open(path, "r+") as file, np.errstate(invalid="ignore"):
        file.data[200:220, 100:120] = np.nan
    cutter = MicrographCutter(picks_on(path), diameter_A=DIAMETER_A, spec=CropSpec())
    (part,) = cutter.cut(str(path))
    assert np.isfinite(part.crops).all()
    assert np.isnan(part.detector_logit).all()


def test_names_count_from_a_folder_above_the_pick_file(tmp_path: Path) -> None:
    write_micrograph(tmp_path / "mics" / "a.mrc")
    picks = picks_on("mics/gone.mrc", "mics/a.mrc")
    picks.source = tmp_path / "job" / "picks.star"
    files, failures = micrograph_files(picks)
    assert {name: file.path for name, file in files.items()} == {
        "mics/a.mrc": tmp_path / "mics" / "a.mrc"
    }
    assert [failure.image for failure in failures] == ["mics/gone.mrc"]


def test_names_are_looked_up_in_the_micrographs_given(tmp_path: Path) -> None:
    path = write_micrograph(tmp_path / "mics" / "a.mrc")
    picks = picks_on("elsewhere/a.mrc", "b")
    for given in ([str(path.parent)], list_micrographs([path.parent])):
        files, failures = micrograph_files(picks, given)
        assert files["elsewhere/a.mrc"].path == path
        assert failures == [Failure("b", f"b fits none of the 1 images: {path}.")]


def test_the_list_of_micrographs_may_state_their_pixel_size(tmp_path: Path) -> None:
    path = write_micrograph(tmp_path / "a.mrc", pixel_size_A=0.0)
    listed = MicrographList((ListedMicrograph(path, "a", PIXEL_SIZE_A),))
    (part,) = cut(picks_on("a"), micrographs=listed)
    np.testing.assert_allclose(middles(part.crops[:, 0]), 32.0, atol=1.0)
    failures: list[Failure] = []
    assert not list(cut(picks_on("a", pixel_size_A=4.0), failures, micrographs=listed))
    assert "two pixel sizes in the lists: 3 Å and 4 Å" in failures[0].reason
