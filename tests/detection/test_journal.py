import json
import os
import re
import subprocess
import sys
from io import FileIO
from pathlib import Path

import numpy as np
import pytest

from nunatak.detection.candidates import Candidates
from nunatak.detection.finished import Finished
from nunatak.detection.journal import Journal
from nunatak.errors import Mismatch, ResourceError
from nunatak.images.stable import FileState

SETTINGS = {"diameter_A": 122.0, "model": "abc"}


def micrograph(name: str, count: int = 3) -> Finished:
    rng = np.random.default_rng(count)
    x_px, y_px, score = rng.uniform(0, 1, (3, count))
    return Finished(
        image=name,
        state=FileState(1234, 1_700_000_000_123_456_789),
        shape=(10, 20),
        pixel_size_A=1.5,
        candidates=Candidates(x_px, y_px, score, np.arange(count)),
    )


def same(first: Finished, second: Finished) -> bool:
    return all(
        np.array_equal(getattr(first.candidates, name), getattr(second.candidates, name))
        for name in ("x_px", "y_px", "score", "class_index")
    ) and (first.image, first.state, first.shape, first.pixel_size_A) == (
        second.image,
        second.state,
        second.shape,
        second.pixel_size_A,
    )


def test_what_was_finished_comes_back_exactly(tmp_path: Path) -> None:
    path = tmp_path / "new" / "picks.star.journal"
    names = ["a.mrc", "grid 1/Å'b.mrc", "empty.mrc"]
    with Journal(path, SETTINGS) as journal:
        journal.remember(contrast="light")
        for count, name in enumerate(names):
            journal.append(micrograph(name, 3 * (2 - count)))
    with Journal(path, SETTINGS) as journal:
        assert list(journal.finished) == names
        assert journal.memory == {"contrast": "light"}
        for count, name in enumerate(names):
            assert same(journal.finished[name], micrograph(name, 3 * (2 - count)))


def test_a_cut_at_any_byte_loses_only_the_last_line(tmp_path: Path) -> None:
    path = tmp_path / "j"
    ends = []
    with Journal(path, SETTINGS) as journal:
        ends.append(path.stat().st_size)
        for name in ("a", "b"):
            journal.append(micrograph(name))
            ends.append(path.stat().st_size)
    content = path.read_bytes()
    for length in range(0, len(content), 3):
        path.write_bytes(content[:length])
        with Journal(path, SETTINGS) as journal:
            assert len(journal.finished) == max(0, sum(end <= length for end in ends) - 1)
            journal.append(micrograph("c"))
        with Journal(path, SETTINGS) as journal:
            assert "c" in journal.finished


def test_zeros_after_a_power_cut_are_dropped(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal(path, SETTINGS) as journal:
        journal.append(micrograph("a"))
    with path.open("ab") as stream:
        stream.write(bytes(5000))
    with Journal(path, SETTINGS) as journal:
        assert list(journal.finished) == ["a"]
        journal.append(micrograph("b"))
    with Journal(path, SETTINGS) as journal:
        assert list(journal.finished) == ["a", "b"]


def test_other_settings_are_refused_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal(path, SETTINGS) as journal:
        journal.append(micrograph("a"))
    before = path.read_bytes()
    message = "holds a run with other settings (diameter_A was 122.0, is 140.0)"
    with pytest.raises(Mismatch, match=re.escape(message)):
        Journal(path, {**SETTINGS, "diameter_A": 140.0})
    assert path.read_bytes() == before
    with Journal(path, {**SETTINGS, "diameter_A": 140.0}, redo=True) as journal:
        assert journal.finished == {}
        journal.append(micrograph("b"))
    with pytest.raises(Mismatch, match="diameter_A was 140"):
        Journal(path, SETTINGS)


@pytest.mark.parametrize("content", [b"my notes\n", b"{}\n", b'{"journal": 99}\n', b"\x00\x01\x02"])
def test_a_foreign_file_is_never_overwritten(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "picks.star.journal"
    path.write_bytes(content)
    with pytest.raises(Mismatch, match="not a journal of this version"):
        Journal(path, SETTINGS)
    assert path.read_bytes() == content


def test_two_processes_cannot_share_an_output(tmp_path: Path) -> None:
    path = tmp_path / "j"
    script = (
        "from pathlib import Path; from nunatak.detection.journal import Journal\n"
        f"Journal(Path({str(path)!r}), {{}})"
    )
    with Journal(path, {}):
        other = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=False
        )
        assert other.returncode == 1
        assert "another nunatak process is writing to this output" in other.stderr
    with Journal(path, {}):
        pass  # the lock went with the first owner


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_said_in_words(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal(path, SETTINGS) as journal:
        journal._stream.close()
        journal._stream = FileIO("/dev/full", "w")
        with pytest.raises(ResourceError, match="No space left on device"):
            journal.append(micrograph("a"))


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_an_unwritable_folder_is_said_before_any_work(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ResourceError, match="Permission denied"):
        Journal(tmp_path / "sub" / "j", SETTINGS)
    tmp_path.chmod(0o700)


def test_remove(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", SETTINGS) as journal:
        journal.append(micrograph("a"))
        journal.remove()
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_of_a_run_that_finished_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Journal(tmp_path / "j", SETTINGS) as journal:
        journal.remember(contrast="dark")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_lines_are_json(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", SETTINGS) as journal:
        journal.append(micrograph("a"))
    lines = (tmp_path / "j").read_text().splitlines()
    assert json.loads(lines[0]) == {"journal": 1, "settings": SETTINGS}
    assert json.loads(lines[1])["finished"]["image"] == "a"
