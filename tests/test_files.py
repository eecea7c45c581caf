"""A file that exists under its final name is complete, whatever happens while it is written."""

import errno
import os
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from nunatak.errors import ResourceError, UsageError
from nunatak.files import beside, rehearsal, write_text, written_whole


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_file_appears_with_its_content_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder" / "picks.star"
    write_text(target, "data_\nÅ\n")
    assert target.read_bytes() == "data_\nÅ\n".encode()
    assert names(target.parent) == ["picks.star"]


def test_the_final_name_does_not_exist_while_writing(tmp_path: Path) -> None:
    target = tmp_path / "picks.star"
    with written_whole(target) as temporary:
        temporary.write_text("half")
        assert not target.exists()
        assert temporary.parent == target.parent
        assert temporary.suffix == ".star"
    assert target.read_text() == "half"


@pytest.mark.parametrize("problem", [ValueError("bad"), KeyboardInterrupt()])
def test_a_failure_keeps_the_old_file_and_leaves_no_temporary(
    tmp_path: Path, problem: BaseException
) -> None:
    target = tmp_path / "picks.csv"
    target.write_text("old")
    with pytest.raises(type(problem)), written_whole(target) as temporary:
        temporary.write_text("half")
        raise problem
    assert target.read_text() == "old"
    assert names(tmp_path) == ["picks.csv"]


def test_a_rehearsal_leaves_nothing_and_finds_what_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    with rehearsal():
        write_text(tmp_path / "new" / "folder" / "picks.star", "data_\n")
        write_text(tmp_path / "file", "new")
        for name, problem in [
            ("file/picks.star", "file is no folder"),
            (".", "it is a folder"),
            ("long" * 100, "name too long"),
        ]:
            with pytest.raises(ResourceError, match=f"cannot write.*{problem}"):
                write_text(tmp_path / name, "data_\n")
    assert names(tmp_path) == ["file"]
    write_text(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "new"


def test_a_full_disk_keeps_the_old_file_and_says_so(tmp_path: Path) -> None:
    target = tmp_path / "picks.csv"
    target.write_text("old")
    message = rf"{target}: cannot write \(No space left on device\)"
    with pytest.raises(ResourceError, match=message), written_whole(target) as temporary:
        temporary.write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert target.read_text() == "old"
    assert names(tmp_path) == ["picks.csv"]


def test_a_file_size_limit_of_the_system_is_a_resource_error(tmp_path: Path) -> None:
    # RLIMIT_FSIZE is the nearest to a full disk that a test can have without privileges.
    target = tmp_path / "big.txt"
    target.write_text("old")
    script = textwrap.dedent(
        """
        import resource, signal, sys
        from nunatak.errors import ResourceError
        from nunatak.files import write_text

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            write_text(sys.argv[1], "x" * 100_000)
        except ResourceError as error:
            print(error)
        """
    )
    result = subprocess.run(
        [sys.executable, "-c", script, str(target)], capture_output=True, text=True, check=True
    )
    assert "cannot write (File too large)" in result.stdout
    assert target.read_text() == "old"
    assert names(tmp_path) == ["big.txt"]


def test_a_folder_that_cannot_be_made_is_a_resource_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResourceError, match="cannot write"):
        write_text(tmp_path / "file" / "picks.csv", "")


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX permissions")
def test_an_unwritable_folder_is_a_resource_error(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o500)
    with pytest.raises(ResourceError, match="Permission denied"):
        write_text(tmp_path / "picks.csv", "")


def test_permissions_follow_the_umask_as_for_any_new_file(tmp_path: Path) -> None:
    # A temporary file is private by default; the result must be as readable as its neighbours.
    old = os.umask(0o027)
    try:
        write_text(tmp_path / "picks.csv", "")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "picks.csv").stat().st_mode) == 0o640


@pytest.mark.parametrize("path", [".", "./", "/"])
def test_nothing_is_named_after_a_path_without_a_name(path: str) -> None:
    with pytest.raises(UsageError, match="names no file or folder of its own"):
        beside(Path(path), ".run.json")
