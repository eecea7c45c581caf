"""Parts of a micrograph that are left out, or completely labelled, from outline to loss."""

import numpy as np
import pytest
from specimens import DIAMETER_A, Specimen, noise_image

from nunatak.detection.cut_particles import CutPenalty
from nunatak.detection.model import load_model
from nunatak.errors import BadInput
from nunatak.geometry import Scale
from nunatak.images import normalise
from nunatak.images.inputs import list_micrographs
from nunatak.learning.crops import CropSampling, draw_crops
from nunatak.learning.found import find_on, said_of
from nunatak.learning.gathering import WorkingSize
from nunatak.learning.labels.reading import LabelReading
from nunatak.learning.patch_batches import PatchOptions, PatchSampler
from nunatak.learning.regions import RegionMasks, Regions
from nunatak.learning.score_map_task import _unlabelled_density
from nunatak.learning.settings import LearningSettings
from nunatak.learning.training_data import prepare_training_data
from nunatak.learning.working_images import WorkingImage

SHAPE = (80, 100)
SAME = Scale(SHAPE, SHAPE)


def box(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    """A rectangle's corners."""
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], dtype=np.float64)


def with_regions(
    regions: Regions, positives: list[tuple[float, float]], negatives: list[tuple[float, float]]
) -> WorkingImage:
    """An image of ones with labels and regions."""
    places = [np.array(xy, np.float32).reshape(-1, 2) for xy in (positives, negatives)]
    pixels = np.ones(SHAPE, np.float32)
    return WorkingImage("a", pixels, SAME, *places, RegionMasks.of(regions, SAME))


def test_outlines_cover_the_pixels_that_they_go_around() -> None:
    mask = RegionMasks.of(Regions(excluded=(box(9.5, 19.5, 29.5, 39.5),)), SAME).excluded
    expected = np.zeros(SHAPE, np.bool_)
    expected[20:40, 10:30] = True
    np.testing.assert_array_equal(mask, expected)


def test_outlines_follow_the_working_size() -> None:
    half = Scale(SHAPE, (SHAPE[0] // 2, SHAPE[1] // 2))
    mask = RegionMasks.of(Regions(excluded=(box(-0.5, -0.5, 49.5, 39.5),)), half).excluded
    assert mask[:20, :25].all()
    assert mask.sum() == 20 * 25


def test_an_outline_that_crosses_itself_covers_all_that_it_goes_around() -> None:
    twice = np.concatenate([box(10, 10, 40, 40), box(20, 20, 60, 60)])
    mask = RegionMasks.of(Regions(excluded=(twice,)), SAME).excluded
    assert mask[30, 30]
    assert mask[50, 50]
    assert not mask[5, 5]


def test_an_outline_may_reach_beyond_the_image() -> None:
    mask = RegionMasks.of(Regions(excluded=(box(-50, -50, 500, 500),)), SAME).excluded
    assert mask.all()


def test_what_is_excluded_is_not_complete() -> None:
    regions = Regions(excluded=(box(0, 0, 50, 79),), complete=(box(0, 0, 99, 79),))
    masks = RegionMasks.of(regions, SAME)
    assert not (masks.excluded & masks.complete).any()
    assert masks.are_complete(np.array([[70.0, 40.0], [20.0, 40.0]])).tolist() == [True, False]


def test_a_complete_part_is_known_but_for_a_margin_inside_the_image() -> None:
    masks = RegionMasks.of(Regions(complete=(box(-1, -1, 60, 100),)), SAME)
    inner = masks.empty_but_for_labels(8.0)
    assert inner[0, 0], "at the image's edge there is nothing to reach in"
    assert inner[40, 50]
    assert not inner[40, 56]


def test_the_margin_is_as_wide_along_a_slanting_edge() -> None:
    corner = np.array([(-1.0, -1.0), (90.0, -1.0), (-1.0, 90.0)])  # x + y < 89
    inner = RegionMasks.of(Regions(complete=(corner,)), SAME).empty_but_for_labels(8.0)
    assert not inner[40, 39], "7 px from the edge"
    assert inner[35, 35]


def test_no_more_particles_are_expected_in_what_is_open_than_it_has_room_for() -> None:
    """All but a strip is labelled; the number of particles is as uncertain as ever."""
    nothing = with_regions(Regions(), [(20.0, 20.0)] * 10, [])
    strip = with_regions(Regions(complete=(box(-1, -1, 98.5, 100),)), [(20.0, 20.0)] * 10, [])
    both = with_regions(
        Regions(excluded=(box(60, -1, 200, 100),), complete=(box(-1, -1, 200, 100),)),
        [(20.0, 20.0)] * 10,
        [],
    )
    plain = 40 / (80 * 100)
    assert _unlabelled_density([nothing], 40.0, 8.0) == pytest.approx(30 / (80 * 100))
    assert _unlabelled_density([strip], 40.0, 8.0) == pytest.approx(plain)
    assert _unlabelled_density([both], 40.0, 8.0) <= 2 * plain


SAMPLING = CropSampling(side_px=64, stride=2, origin_px=0.5, sigma_px=2.4, disc_px=8.0)


def test_crops_ignore_what_is_excluded_and_know_what_is_complete() -> None:
    # Marked by their grey values, which crops carry along however they are turned.
    excluded, complete = box(-0.5, -0.5, 29.5, 79.5), box(59.5, -1, 99.5, 100)
    image = with_regions(Regions((excluded,), (complete,)), [(70.0, 40.0)], [])
    image.image[:, :30] = 10.0
    image.image[:, 68:] = 30.0
    batch = draw_crops([image], SAMPLING, 40, np.random.default_rng(1))
    cells = batch.image.reshape(40, 32, 2, 32, 2)
    dark, bright = (cells > 7).any(dim=4).any(dim=2), (cells > 20).all(dim=4).all(dim=2)
    dark &= (cells < 15).all(dim=4).all(dim=2)
    assert dark.any()
    assert bright.any()
    np.testing.assert_array_equal(batch.ignored[:, 0].numpy(), dark.numpy())
    assert batch.known[:, 0][bright].all()
    assert (batch.target == 1.0).any()


def test_crops_are_not_centred_in_what_is_excluded() -> None:
    image = noise_image("a", 1, shape=(400, 400))
    masks = RegionMasks.of(Regions((box(-1, -1, 300, 400),)), image.scale)
    image = WorkingImage(
        "a", image.image, image.scale, np.array([[350, 200]], np.float32), np.empty((0, 2)), masks
    )
    batch = draw_crops([image], SAMPLING, 60, np.random.default_rng(2))
    assert (batch.ignored.float().mean(dim=(1, 2, 3)) < 0.6).all()


def test_patches_are_centred_at_no_excluded_place() -> None:
    pixels = np.zeros(SHAPE, np.float32)
    pixels[:, :50] = 7.0
    out = pixels > 0
    labels = np.array([[20.0, 20.0], [80.0, 40.0]])
    sampler = PatchSampler(
        [pixels], [labels], PatchOptions(side_px=3, batch_size=64), seed=0, excluded=[out]
    )
    patches = sampler.batch_at(1).patches
    assert float(patches[:, 0, 1, 1].max()) == 0.0


class Bumps:
    """Stands in for a scorer: three certain places."""

    stride, origin_px = 2, 0.5
    cut: CutPenalty | None = None

    def logits(self, _image: np.ndarray) -> np.ndarray:
        rows, columns = np.indices((SHAPE[0] // 2, SHAPE[1] // 2))
        scores = np.full(rows.shape, -8.0)
        for x, y in ((10, 20), (25, 20), (40, 20)):
            scores = np.maximum(scores, 3.0 - ((rows - y) ** 2 + (columns - x) ** 2) / 2)
        return scores[None].astype(np.float32)


def test_candidates_are_left_out_or_judged_by_the_part_they_lie_in() -> None:
    regions = Regions(excluded=(box(0, 0, 30, 79),), complete=(box(40, 0, 99, 79),))
    image = with_regions(regions, [(50.5, 40.5)], [(80.5, 40.5)])
    found = find_on(Bumps(), image, diameter_px=20.0, floor=0.05)  # type: ignore[arg-type]
    assert len(found.score) == 2
    said = said_of([found], shown_from=None)
    assert (len(said.labels), len(said.right), len(said.wrong)) == (0, 1, 1)


def test_labels_in_excluded_parts_teach_nothing(specimen: Specimen) -> None:
    labels = specimen.labels()
    names = list(dict.fromkeys(labels.table["image"]))
    everything = box(-1, -1, 5000, 5000)

    def data(regions: dict[str, Regions]) -> object:
        return prepare_training_data(
            list_micrographs([specimen.folder]),
            labels,
            reading=LabelReading(),
            general=load_model("general-2d"),
            size=WorkingSize(DIAMETER_A, 20.0, normalise.VERSION),
            settings=LearningSettings(validation_share=0.0),
            contrast="dark",
            expected_particles=None,
            validation=None,
            device="cpu",
            regions=regions,
        )

    kept = data({names[0]: Regions(excluded=(everything,))})
    taught = {one.name: len(one.positives_px) for one in kept.training}  # type: ignore[attr-defined]
    assert taught[names[0]] == 0
    assert taught[names[1]] == 8
    with pytest.raises(BadInput, match="All labelled particles lie in parts that are left out"):
        data({name: Regions(excluded=(everything,)) for name in names})
