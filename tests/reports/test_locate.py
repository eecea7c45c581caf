import logging
from pathlib import Path

import pandas as pd
import pytest

from nunatak.errors import Mismatch
from nunatak.picks.table import PickSet
from nunatak.reports.locate import locate_images


def pick_set(names: list[str], source: Path | None = None) -> PickSet:
    return PickSet(pd.DataFrame({"image": names, "x_px": 1.0, "y_px": 2.0}), source=source)


def touched(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return str(path)


def test_paths_count_from_the_projects_root(tmp_path: Path) -> None:
    image = touched(tmp_path / "micrographs" / "a.mrc")
    source = tmp_path / "Select" / "job012" / "particles.star"
    located = locate_images(pick_set(["micrographs/a.mrc"], source))
    assert located.table["image"].tolist() == [image]
    assert located.images == (image,)


def test_names_are_looked_up_among_the_given_files(tmp_path: Path) -> None:
    files = [touched(tmp_path / f"{stem}.mrc") for stem in "ab"]
    located = locate_images(pick_set(["elsewhere/b.mrc", "a"]), files)
    assert located.images == (files[1], files[0])


def test_images_that_are_missing_keep_their_names_and_are_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    image = touched(tmp_path / "a.mrc")
    with caplog.at_level(logging.WARNING, logger="nunatak"):
        located = locate_images(pick_set([image, str(tmp_path / "b.mrc")]))
    assert located.images == (image, str(tmp_path / "b.mrc"))
    assert "1 of 2 images were not found" in caplog.text


def test_no_image_at_all_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Mismatch, match=r"a\.mrc: no image found\..*\(--micrographs\)"):
        locate_images(pick_set(["a.mrc"]))
    with pytest.raises(Mismatch, match=r"a\.mrc: no image found\. .*fits none of the 1 images"):
        locate_images(pick_set(["a.mrc"]), [touched(tmp_path / "x.mrc")])
