import pytest

from nunatak.detection.result import Failure
from nunatak.errors import BadInput, NunatakError, ResourceError
from nunatak.pruning.cutting import failing_alone


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (BadInput("m.mrc: blank"), "m.mrc: blank"),
        (MemoryError(), "m.mrc: not enough memory for this image"),
        (OSError(5, "Input/output error"), "m.mrc: cannot be read (Input/output error)"),
        (ValueError("bad strip"), "m.mrc: unexpected ValueError: bad strip"),
    ],
)
def test_one_image_that_fails_is_counted(error: Exception, reason: str) -> None:
    failures: list[Failure] = []
    with failing_alone("m.mrc", failures):
        raise error
    assert failures == [Failure("m.mrc", reason)]


@pytest.mark.parametrize("error", [ResourceError("no memory on the device"), KeyboardInterrupt()])
def test_what_no_image_is_to_blame_for_ends_the_run(error: BaseException) -> None:
    failures: list[Failure] = []
    with (
        pytest.raises((NunatakError, KeyboardInterrupt)),
        failing_alone("m.mrc", failures),
    ):
        raise error
    assert not failures
