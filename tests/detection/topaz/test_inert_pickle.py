"""Pickles are read, never run."""

import collections
import io
import os
import pickle
import struct
from pathlib import Path

import pytest

from nunatak.detection.topaz.inert_pickle import (
    MAXIMUM_INSTRUCTIONS,
    Call,
    Name,
    Reference,
    Unreadable,
    read_pickle,
)


class Bomb:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.system, (f"touch '{self.path}'",))


def read(content: bytes) -> object:
    return read_pickle(io.BytesIO(content))


def test_plain_values_are_themselves() -> None:
    value = {
        "numbers": [0, 1, 300, 70_000, -5, 1 << 70, 0.5],
        "constants": (None, True, False, ()),
        "tuples": (("a",), ("a", "b"), ("a", "b", "c"), ("a", "b", "c", "d")),
        "text": "Å",
        3: {},
    }
    assert read(pickle.dumps(value, protocol=2)) == value


def test_a_call_is_recorded_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "exploded"
    record = read(pickle.dumps([Bomb(path)], protocol=2))
    assert isinstance(record, list)
    assert isinstance(record[0], Call)
    assert record[0].function == Name(os.system.__module__, "system")
    assert record[0].arguments == (f"touch '{path}'",)
    assert not path.exists()
    pickle.loads(pickle.dumps(Bomb(path), protocol=2))  # noqa: S301  the bomb is a real one
    assert path.exists()


def test_objects_keep_their_items_and_state() -> None:
    ordered = collections.OrderedDict(a=1, b=2)
    ordered.extra = "x"  # type: ignore[attr-defined]
    record = read(pickle.dumps(ordered, protocol=2))
    assert isinstance(record, Call)
    assert record.items == {"a": 1, "b": 2}
    assert record.state == {"extra": "x"}


def test_a_persistent_identity_is_kept() -> None:
    record = read(b"\x80\x02X\x03\x00\x00\x00keyQ.")
    assert isinstance(record, Reference)
    assert record.identity == "key"


def test_the_stream_stays_behind_the_pickle() -> None:
    stream = io.BytesIO(pickle.dumps(1, protocol=2) + pickle.dumps("two", protocol=2) + b"raw")
    assert (read_pickle(stream), read_pickle(stream), stream.read()) == (1, "two", b"raw")


def test_what_contains_itself_ends() -> None:
    loop: list[object] = []
    loop.append(loop)
    record = read(pickle.dumps(loop, protocol=2))
    assert isinstance(record, list)
    assert record[0] is record


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x02cos\nsystem\n\x8c\x02ls\x85R}(\x85\x85K\x01u.",  # a tuple as a key
        b"\x80\x02]}b.",  # a state for a list
        b"\x80\x02K\x01K\x02a.",  # appending to a number
        b"\x80\x02K\x01K\x02K\x03s.",
        b"\x80\x02h\x05.",  # a memory that is empty
        b"\x80\x02K\x01K\x02.",  # two results
        b"\x80\x02.",
        b"\x80\x02(K\x01.",
        b"\x80\x02t.",
        b"(S'ls'\nios\nsystem\n.",  # INST
        b"\x80\x04\x8c\x02os\x8c\x06system\x93.",  # STACK_GLOBAL
        b"\x82\x01.",  # an extension code
        b"\x80\x02X\xff\xff\xff\xffkey.",
        b"nothing",
        b"",
    ],
)
def test_what_torch_does_not_write_is_refused(content: bytes) -> None:
    with pytest.raises(Unreadable):
        read(content)


def test_nesting_does_not_overflow_the_stack() -> None:
    depth = MAXIMUM_INSTRUCTIONS - 10
    assert isinstance(read(b"\x80\x02)" + b"\x85" * depth + b"."), tuple)


def test_endless_pickles_end() -> None:
    with pytest.raises(Unreadable, match="more than 200000 pickle instructions"):
        read(b"\x80\x02" + b"N" * (MAXIMUM_INSTRUCTIONS + 1))


def test_every_cut_and_flip_ends_in_words() -> None:
    content = pickle.dumps({"a": [1.5, ("x", None)], "b": collections.OrderedDict(c=2)}, protocol=2)
    for position in range(len(content)):
        with pytest.raises(Unreadable):
            read(content[:position])
        for bit in range(8):
            flipped = bytearray(content)
            flipped[position] ^= 1 << bit
            try:
                read(bytes(flipped))
            except Unreadable as error:
                assert str(error)


def test_a_number_that_claims_gigabytes_is_refused() -> None:
    with pytest.raises(Unreadable):
        read(b"\x80\x02\x8b" + struct.pack("<i", (1 << 31) - 1) + b"\x01.")
