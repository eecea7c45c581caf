"""Runs and the tomograms that were reconstructed of them."""

from pathlib import Path

import pandas as pd
import pytest

from nunatak.errors import Mismatch
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import read_picks, write_picks
from nunatak.picks.formats.tomograms.runs import images_of_runs, run_of
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.table import PickSet

SHAPE = (9, 9, 9)


def found(run: str, *images: str) -> str:
    context = FormatContext(images=ImageCatalogue(dict.fromkeys(images, SHAPE)))
    return images_of_runs([run], Path("p"), context)[run]


@pytest.mark.parametrize(
    ("image", "run"),
    [
        ("tomograms/rec_TS_1.mrc", "TS_1"),
        ("warp/TS_1_10.00Apx.mrc", "TS_1"),
        ("TS_1.zarr", "TS_1"),
        ("t/TS_1.ome.zarr", "TS_1"),
        ("t/rec_TS_1.ome.zarr/0", "TS_1"),
        ("rec_.mrc", "rec_"),
        # The name of a folder is the run's own, whatever it looks like.
        ("p/ExperimentRuns/rec_TS_1/VoxelSpacing10.000/wbp.zarr", "rec_TS_1"),
    ],
)
def test_the_run_of_a_tomogram_means_it_again(image: str, run: str) -> None:
    assert run_of(image) == run
    assert found(run, image, "TS_2.mrc") == image


def test_a_tomogram_of_the_very_name_goes_before_one_with_a_mark() -> None:
    assert found("TS_1", "rec_TS_1.mrc", "TS_1.mrc") == "TS_1.mrc"
    assert found("rec_TS_1", "rec_TS_1.mrc", "TS_1.mrc") == "rec_TS_1.mrc"
    with pytest.raises(Mismatch, match="run TS_1 has 2 tomograms"):
        found("TS_1", "rec_TS_1.mrc", "TS_1_10.00Apx.mrc")


@pytest.mark.parametrize("fmt", ["copick", "cz-ndjson", "czii-csv"])
def test_marks_of_reconstructions_are_no_part_of_a_run(tmp_path: Path, fmt: str) -> None:
    images = ImageCatalogue({"t/rec_TS_1.mrc": SHAPE}, pixel_size_A=10.0)
    table = pd.DataFrame({"image": ["t/rec_TS_1.mrc"], "x_px": 1.0, "y_px": 2.0, "z_px": 3.0})
    picks = PickSet(table.assign(class_name="ribosome"))
    target = tmp_path / ("o.csv" if fmt == "czii-csv" else "o")
    write_picks(picks, target, fmt, images=images)
    assert read_picks(target, images=images).images == ("t/rec_TS_1.mrc",)
    plain = ImageCatalogue({"TS_1": SHAPE}, pixel_size_A=10.0)
    assert read_picks(target, images=plain).images == ("TS_1",)


def test_two_runs_are_never_one_tomogram() -> None:
    context = FormatContext(images=ImageCatalogue({"rec_TS_1.mrc": SHAPE}))
    with pytest.raises(Mismatch, match=r"runs rec_TS_1 and TS_1 would both be rec_TS_1\.mrc"):
        images_of_runs(["rec_TS_1", "TS_1"], Path("p"), context)
