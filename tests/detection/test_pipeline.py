import threading
import time
from pathlib import Path

import numpy as np
import pytest

from nunatak.detection.finished import Finished
from nunatak.detection.model import DetectorModel
from nunatak.detection.parallel import Crew, Stopwatch
from nunatak.detection.pipeline import Finder, run
from nunatak.detection.preparation import Prepared
from nunatak.detection.result import Failure
from nunatak.detection.scoring import Scorer
from nunatak.errors import BadInput, ResourceError, UsageError
from nunatak.geometry import Scale
from nunatak.images.stable import FileState


@pytest.fixture
def finder(blob_model: DetectorModel) -> Finder:
    return Finder(Scorer(blob_model, device="cpu"), inverted=False, floor=0.05, min_distance_A=20)


def prepared(_image: str = "") -> Prepared:
    rows, columns = np.indices((40, 40))
    spot = -8.0 * np.exp(-((rows - 20.5) ** 2 + (columns - 12.5) ** 2) / 32)
    return Prepared(spot.astype(np.float32), Scale((80, 80), (40, 40)), 1.0, FileState(1, 1))


def collect(images: list[str], finder: Finder, **changes: object) -> list[Finished | Failure]:
    arguments = {"prepare": prepared, "keep": lambda _m: None, "stopwatch": Stopwatch()}
    arguments["crew"] = Crew(workers=2, threads=1, readers=1)
    return list(run(images, finder=finder, **{**arguments, **changes}))  # type: ignore[arg-type]


@pytest.mark.parametrize("workers", [1, 3])
def test_results_come_in_order_and_are_kept_first(finder: Finder, workers: int) -> None:
    def slow_then_fast(image: str) -> Prepared:
        time.sleep(0.02 if image in {"0", "4"} else 0.0)
        return prepared()

    kept: list[str] = []
    images = [str(i) for i in range(9)]
    results = []
    stream = run(
        images,
        prepare=slow_then_fast,
        finder=finder,
        keep=lambda micrograph: kept.append(micrograph.image),
        stopwatch=Stopwatch(),
        crew=Crew(workers, 1, 1),
    )
    for result in stream:
        assert isinstance(result, Finished)
        assert result.image in kept
        results.append(result.image)
    assert results == images
    assert sorted(kept) == images


def test_candidates_are_in_the_source_frame(finder: Finder) -> None:
    (result,) = collect(["a"], finder)
    assert isinstance(result, Finished)
    assert result.candidates.x_px.tolist() == pytest.approx([25.5], abs=0.3)
    assert result.candidates.y_px.tolist() == pytest.approx([41.5], abs=0.3)


def test_the_inverted_contrast_finds_nothing_in_the_same_image(finder: Finder) -> None:
    inverted = Finder(finder.scorer, inverted=True, floor=0.05, min_distance_A=20)
    (result,) = collect(["a"], inverted)
    assert isinstance(result, Finished)
    assert len(result.candidates) == 0


def test_a_bad_file_is_a_failure_in_its_place(finder: Finder) -> None:
    def sometimes(image: str) -> Prepared:
        problems = {
            "bad": BadInput("bad: 0 bytes"),
            "gone": FileNotFoundError(2, "No such file"),
            "bug": ZeroDivisionError("decoder"),
            "huge": MemoryError(),
        }
        if image in problems:
            raise problems[image]
        return prepared()

    results = collect(["a", "bad", "gone", "bug", "huge", "b"], finder, prepare=sometimes)
    assert [type(r) for r in results] == [Finished, Failure, Failure, Failure, Failure, Finished]
    reasons = [r.reason for r in results if isinstance(r, Failure)]
    assert reasons[0] == "bad: 0 bytes"
    assert "No such file" in reasons[1]
    assert reasons[2] == "bug: unexpected ZeroDivisionError: decoder"
    assert reasons[3] == "huge: not enough memory for this image"


@pytest.mark.parametrize("stage", ["prepare", "keep"])
def test_what_is_wrong_with_the_run_ends_it(finder: Finder, stage: str) -> None:
    error = UsageError("--pixel-size 0") if stage == "prepare" else ResourceError("disk full")

    def fail(_argument: object) -> Prepared:
        raise error

    with pytest.raises(type(error), match=str(error)):
        collect(["a", "b", "c"], finder, **{stage: fail})
    assert threading.active_count() < 20


def test_work_stays_a_bounded_number_ahead(finder: Finder) -> None:
    started: list[str] = []

    def note(image: str) -> Prepared:
        started.append(image)
        return prepared()

    stream = run(
        [str(i) for i in range(50)],
        prepare=note,
        finder=finder,
        keep=lambda _m: None,
        stopwatch=Stopwatch(),
        crew=Crew(workers=2, threads=1, readers=1),
    )
    next(stream)
    time.sleep(0.1)
    assert len(started) <= 4
    stream.close()
    assert len(started) < 50


def test_an_interrupt_keeps_what_was_scored(finder: Finder) -> None:
    kept: list[str] = []
    stream = run(
        [str(i) for i in range(50)],
        prepare=prepared,
        finder=finder,
        keep=lambda micrograph: kept.append(micrograph.image),
        stopwatch=Stopwatch(),
        crew=Crew(workers=2, threads=1, readers=1),
    )
    next(stream)
    with pytest.raises(KeyboardInterrupt):
        stream.throw(KeyboardInterrupt)
    assert 1 <= len(kept) < 50
    assert not [t for t in threading.enumerate() if t.name.startswith("pick")]


def test_no_more_readers_than_allowed(finder: Finder) -> None:
    now, most = 0, 0
    lock = threading.Lock()

    def slow(_image: str) -> Prepared:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.01)
        with lock:
            now -= 1
        return prepared()

    collect([str(i) for i in range(12)], finder, prepare=slow, crew=Crew(6, 1, 2))
    assert most == 2


def test_no_images(finder: Finder, tmp_path: Path) -> None:
    assert collect([], finder) == []
