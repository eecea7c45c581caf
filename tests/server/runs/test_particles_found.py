"""How many particles an image holds, where no candidate reaches its set's threshold."""

import numpy as np
import pandas as pd
import pytest

from nunatak.picks.table import PickSet
from nunatak.server.review.columns import SetColumns
from nunatak.server.runs.particles_found import by_labels
from nunatak.server.runs.teaching import NOT_PARTICLE, Teaching
from nunatak.workspace.images import ImageRecord

DIAMETER_A = 160.0  # a radius of 8 voxels
SHAPE = (40, 400, 400)


def image(number: int) -> ImageRecord:
    """A tomogram."""
    return ImageRecord(
        id=number,
        path=f"/data/{number}.mrc",
        stated_pixel_size_A=None,
        shape=SHAPE,
        pixel_size_A=10.0,
        problem=None,
        doubt=None,
        state="labelled",
        version=1,
    )


def candidates(scores: list[list[float]]) -> SetColumns:
    """Candidates of tomograms 1, 2, …: every 20 voxels one, at (20, 20, 20), (40, 20, 20), …"""
    score = np.concatenate(scores)
    counts = [len(one) for one in scores]
    none = np.zeros(len(score), np.int64)
    return SetColumns(
        image=np.repeat(np.arange(1, len(scores) + 1), counts),
        number=np.arange(len(score)),
        x_px=np.concatenate([20.0 * np.arange(1, count + 1) for count in counts]),
        y_px=np.full(len(score), 20.0),
        z_px=np.full(len(score), 20.0),
        score=score,
        class_index=none,
        classes=("ball",),
        probability=np.full(len(score), np.nan),
        judged_index=none - 1,
        judged_classes=(),
        pruned=none,
        decided=none,
        reasons={},
        excluded=none.astype(np.bool_),
    )


def taught(x_px: list[float], name: str = "ball") -> Teaching:
    """Labels in the first tomogram, in the candidates' row."""
    table = pd.DataFrame(
        {"image": image(1).path, "x_px": x_px, "y_px": 20.0, "z_px": 20.0, "class_name": name}
    )
    count = len(x_px)
    return Teaching(picks=PickSet(table), particles=count, negatives=0, images=(image(1).path,))


def test_candidates_that_score_as_labelled_particles_are_counted() -> None:
    images = [image(1), image(2)]
    columns = candidates([[0.30, 0.20, 0.25, 0.10], [0.26, 0.25, 0.01]])
    # The labels' candidates score 0.30, 0.20 and 0.25: two of three are at least 0.25, as are
    # four candidates in two tomograms. Two of three particles so found: six, three in each.
    assert by_labels(columns, images, taught([20.0, 41.0, 63.0]), DIAMETER_A) == pytest.approx(3.0)


def test_a_label_without_a_candidate_is_one_that_was_not_found() -> None:
    images = [image(1)]
    columns = candidates([[0.3, 0.3, 0.1]])
    found = by_labels(columns, images, taught([20.0, 300.0]), DIAMETER_A)
    assert found == pytest.approx(4.0)


@pytest.mark.parametrize("labels", [taught([300.0]), taught([20.0], NOT_PARTICLE)])
def test_nothing_is_said_where_no_label_has_a_candidate(labels: Teaching) -> None:
    assert by_labels(candidates([[0.3, 0.2]]), [image(1)], labels, DIAMETER_A) is None


def test_what_lies_in_an_excluded_region_is_not_counted() -> None:
    columns = candidates([[0.3, 0.3, 0.3]])
    columns.excluded[2] = True
    assert by_labels(columns, [image(1)], taught([20.0]), DIAMETER_A) == pytest.approx(2.0)
