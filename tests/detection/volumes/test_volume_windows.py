from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nunatak.detection.volumes.windows import SlabAccumulator, axis_windows
from nunatak.errors import BadInput


@given(
    length=st.integers(1, 700),
    window=st.integers(40, 200),
    margin=st.integers(0, 8),
    overlap=st.integers(0, 10),
    multiple=st.sampled_from([2, 4, 8]),
)
@settings(max_examples=100, deadline=None)
def test_weights_add_to_one_and_windows_keep_the_grid(
    length: int, window: int, margin: int, overlap: int, multiple: int
) -> None:
    margin, overlap = 2 * (margin // 2), 2 * (overlap // 2)
    windows = axis_windows(
        length, window_px=window, margin_px=margin, overlap_px=overlap, multiple=multiple, stride=2
    )
    cells = -(-length // 2)
    total = np.zeros(cells)
    for part in windows:
        assert part.start % multiple == part.stop % multiple == 0
        assert part.stop - part.start <= max(window, multiple)
        assert part.inner.start == part.kept.start - part.start // 2
        assert part.inner.stop - part.inner.start == part.kept.stop - part.kept.start
        assert part.kept.start >= part.start // 2 + (margin // 2 if part.start > 0 else 0)
        if part.kept.stop < cells:
            assert part.kept.stop <= (part.stop - margin) // 2
        assert (part.weight > 0).all()
        total[part.kept] += part.weight
    np.testing.assert_allclose(total, 1.0, rtol=1e-6)
    for one, other in pairwise(windows):
        assert one.kept.stop - other.kept.start >= overlap // 2


def test_windows_are_as_few_and_as_equal_as_can_be() -> None:
    windows = axis_windows(630, window_px=352, margin_px=16, overlap_px=16, multiple=8, stride=2)
    assert [(w.start, w.stop) for w in windows] == [(0, 344), (288, 632)]
    assert [w.kept for w in windows] == [slice(0, 164), slice(152, 315)]


def test_weight_rises_over_the_overlap() -> None:
    first, second = axis_windows(60, window_px=40, margin_px=4, overlap_px=8, multiple=8, stride=2)
    assert first.weight[:14].tolist() == [1.0] * 14
    # The kept parts share voxels 14 to 17.
    assert first.weight[14:].tolist() == pytest.approx([0.875, 0.625, 0.375, 0.125])
    assert second.weight[:4].tolist() == pytest.approx([0.125, 0.375, 0.625, 0.875])


def test_too_short_windows_are_refused() -> None:
    with pytest.raises(BadInput, match=r"Windows of 48 voxels .* at least 56 voxels"):
        axis_windows(100, window_px=48, margin_px=16, overlap_px=16, multiple=8, stride=2)
    plan = {"margin_px": 16, "overlap_px": 16, "multiple": 8, "stride": 2}
    assert len(axis_windows(100, window_px=56, **plan)) > 1


def test_planes_are_handed_out_once_and_forgotten() -> None:
    plan = {"window_px": 16, "margin_px": 0, "overlap_px": 4, "multiple": 4, "stride": 2}
    along_z = axis_windows(52, **plan)
    (whole,) = axis_windows(8, **plan)
    sums = SlabAccumulator(2, (4, 4))
    slabs = []
    stops = [w.kept.start for w in along_z[1:]] + [26]
    for z, stop in zip(along_z, stops, strict=True):
        height = (z.stop - z.start) // 2
        values = np.arange(z.start // 2, z.start // 2 + height, dtype=np.float32)
        block = np.broadcast_to(values[:, None, None], (2, height, 4, 4)).copy()
        sums.add(block, z, whole, whole)
        slabs.append(sums.finished(stop))
    assert len(slabs) > 3
    assert [slab.start for slab in slabs] == [0, *stops[:-1]]
    joined = np.concatenate([slab.values for slab in slabs], axis=1)
    expected = np.broadcast_to(np.arange(26.0)[:, None, None], (2, 26, 4, 4))
    np.testing.assert_allclose(joined, expected, rtol=1e-6)
