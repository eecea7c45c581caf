import numpy as np

from nunatak.learning.positive_places import listed_places, positive_places


def test_places_in_several_discs_count_as_often() -> None:
    counts = positive_places((20, 20), np.array([[8.0, 9.0], [9.0, 9.0]]), 3.0)
    assert counts.sum() == 58
    assert counts[9, 8] == 2
    assert counts.max() == 2


def test_labels_at_the_border_keep_the_part_inside() -> None:
    assert positive_places((20, 20), np.array([[0.0, 0.0]]), 3.0).sum() == 11


def test_places_of_several_images_are_listed_as_often_as_they_are_covered() -> None:
    masks = [np.zeros((3, 4), np.int32), np.array([[0, 2], [1, 0]], np.int32)]
    assert listed_places(masks).tolist() == [[1, 0, 1], [1, 0, 1], [1, 1, 0]]
    assert listed_places(masks[:1]).shape == (0, 3)
