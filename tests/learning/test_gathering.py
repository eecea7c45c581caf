"""Micrographs are read once, at the working size, and not more of them than memory holds."""

from pathlib import Path

import numpy as np
import pytest
from specimens import Specimen

from nunatak.errors import BadInput
from nunatak.images import normalise
from nunatak.images.inputs import list_micrographs
from nunatak.learning import gathering
from nunatak.learning.gathering import Gathered, WorkingSize, gather
from nunatak.learning.labels.reader import read_labels
from nunatak.learning.labels.set import LabelSet
from nunatak.picks.table import PickSet

SIZE = WorkingSize(diameter_A=150.0, diameter_px=20.0, normalisation=normalise.VERSION)


@pytest.fixture(scope="module")
def checked(specimen: Specimen) -> LabelSet:
    return read_labels(
        specimen.labels(), list_micrographs([specimen.folder]), diameter_A=SIZE.diameter_A
    )


@pytest.fixture(scope="module")
def gathered(checked: LabelSet) -> Gathered:
    return gather(checked, SIZE, contrast="dark")


def test_labels_lie_on_their_particles(checked: LabelSet, gathered: Gathered) -> None:
    assert [len(image.positives_px) for image in gathered.images] == [8, 8, 0, 0]
    assert gathered.failures == ()
    for labels, image in zip(checked.labelled, gathered.images[:2], strict=True):
        assert image.name == labels.name
        ratio = 20.0 / (150.0 / 6.0)
        assert image.image.shape == pytest.approx([400 * ratio, 432 * ratio], abs=1)
        exact = np.array(image.image.shape[::-1]) / [432, 400]
        expected = (labels.positives_px + 0.5) * exact - 0.5
        np.testing.assert_allclose(image.positives_px, expected, atol=1e-3)
        x, y = np.rint(image.positives_px).astype(int).T
        assert image.image[y, x].mean() < image.image.mean() - 0.5, "particles are dark"


def test_contrast_is_brought_to_what_the_network_wants(
    checked: LabelSet, gathered: Gathered
) -> None:
    inverted = gather(checked, SIZE, contrast="light", most_unlabelled=0)
    np.testing.assert_array_equal(inverted.images[0].image, -gathered.images[0].image)
    light = WorkingSize(150.0, 20.0, normalise.VERSION, contrast="light")
    same = gather(checked, light, contrast="light", most_unlabelled=0)
    np.testing.assert_array_equal(same.images[0].image, gathered.images[0].image)


def test_only_some_unlabelled_micrographs_are_read(
    checked: LabelSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    prepare = gathering.prepare

    def counting(path: Path, **options: object) -> object:
        opened.append(path)
        return prepare(path, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(gathering, "prepare", counting)
    fewer = gather(checked, SIZE, contrast="dark", most_unlabelled=1)
    assert len(fewer.images) == len(opened) == 3
    assert fewer.left_out == 1


def test_no_more_is_read_ahead_than_workers_need(
    checked: LabelSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has been taken up does not wait in a second copy."""
    begun = []
    monkeypatch.setattr(gathering, "prepare", lambda path, **_: begun.append(path) or _refuse(path))
    reading = gathering._read_all([*checked.unlabelled] * 50, SIZE)
    next(reading)
    assert len(begun) < 30
    reading.close()


def _refuse(path: Path) -> None:
    raise BadInput(f"{path}: not today")


def test_what_cannot_be_read_is_a_failure_unless_it_is_all(
    specimen: Specimen, tmp_path: Path
) -> None:
    for path in specimen.folder.glob("*.mrc"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    table = specimen.labels().table
    moved = PickSet(table.assign(image=table["image"].map(lambda n: str(tmp_path / Path(n).name))))
    labels = read_labels(moved, list_micrographs([tmp_path]), diameter_A=150.0)
    first, second = (one.micrograph.path for one in labels.labelled)
    first.write_bytes(first.read_bytes()[:5000])
    left = gather(labels, SIZE, contrast="dark")
    assert [failure.image for failure in left.failures] == [str(first)]
    assert [len(image.positives_px) for image in left.images] == [8, 0, 0]
    second.write_bytes(b"")
    with pytest.raises(BadInput, match="None of the labelled micrographs can be read"):
        gather(labels, SIZE, contrast="dark")
