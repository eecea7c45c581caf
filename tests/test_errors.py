import pytest

from nunatak.errors import (
    BadInput,
    FormatError,
    Interrupted,
    Mismatch,
    NunatakError,
    ResourceError,
    UsageError,
)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (NunatakError, 1),
        (ResourceError, 1),
        (UsageError, 2),
        (BadInput, 4),
        (FormatError, 4),
        (Mismatch, 4),
        (Interrupted, 130),
    ],
)
def test_every_error_has_its_exit_code(kind: type[NunatakError], code: int) -> None:
    assert issubclass(kind, NunatakError)
    assert kind.exit_code == code


def test_format_error_says_where_what_and_what_to_do() -> None:
    error = FormatError(
        "a/b.star", "3 values for 4 columns", line=12, field="loop_", hint="Remove the row."
    )
    assert str(error) == "a/b.star, line 12, loop_: 3 values for 4 columns. Remove the row."
    assert (error.line, error.field) == (12, "loop_")


def test_format_error_leaves_out_what_it_does_not_know() -> None:
    assert str(FormatError("b.mrc", "0 bytes")) == "b.mrc: 0 bytes"
