import threading
import time

import pytest
import torch

from nunatak.detection.parallel import Crew, Stopwatch, in_order


@pytest.mark.parametrize(("threads", "micrographs"), [(1, 9), (2, 9), (7, 9), (64, 9), (64, 1)])
def test_a_crew_never_uses_more_than_it_is_given(threads: int, micrographs: int) -> None:
    crew = Crew.of(threads, micrographs)
    assert crew.workers * crew.threads <= threads
    assert 1 <= crew.readers <= crew.workers <= micrographs


def test_the_stopwatch_adds_up_over_threads() -> None:
    stopwatch = Stopwatch()

    def work() -> None:
        for _ in range(5):
            with stopwatch.measure("reading"):
                time.sleep(0.002)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stopwatch.seconds["reading"] >= 20 * 0.002


def test_workers_have_their_own_number_of_threads() -> None:
    def look(_image: str) -> int:
        torch.ones(200_000).sum()
        return torch.get_num_threads()

    before = torch.get_num_threads()
    seen = set(in_order(look, ["a", "b", "c"], Crew(2, before + 1, 1)))
    torch.set_num_threads(before)
    assert seen == {before + 1}


def test_an_exception_comes_in_its_turn_and_ends_the_rest() -> None:
    begun = []

    def work(image: str) -> str:
        begun.append(image)
        if image == "2":
            raise ZeroDivisionError
        return image

    stream = in_order(work, [str(i) for i in range(100)], Crew(2, 1, 1))
    assert [next(stream), next(stream)] == ["0", "1"]
    with pytest.raises(ZeroDivisionError):
        next(stream)
    assert len(begun) < 10
