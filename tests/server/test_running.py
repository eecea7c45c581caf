"""One server a project, and a file that tells where it is."""

import json
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from nunatak.errors import ResourceError
from nunatak.server.running import (
    RUNNING,
    AlreadyServed,
    claimed,
    keep_port,
    last_port,
    refuse_second,
)

ADDRESS = "http://127.0.0.1:1/?token=t"


def test_a_second_server_is_told_where_the_first_is(tmp_path: Path) -> None:
    with claimed(tmp_path, ADDRESS):
        with pytest.raises(AlreadyServed, match="runs already") as refused:
            refuse_second(tmp_path)
        assert refused.value.address == ADDRESS
        assert ADDRESS in str(refused.value)
        with pytest.raises(AlreadyServed), claimed(tmp_path, "other"):
            pass
        assert json.loads((tmp_path / RUNNING).read_text())["address"] == ADDRESS
    refuse_second(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_only_the_owner_can_read_the_token(tmp_path: Path) -> None:
    with claimed(tmp_path, ADDRESS):
        assert stat.S_IMODE((tmp_path / RUNNING).stat().st_mode) == 0o600


def test_a_server_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    held = "import sys, os, signal; from pathlib import Path\n"
    held += "from nunatak.server.running import claimed\n"
    held += f"with claimed(Path(sys.argv[1]), '{ADDRESS}'): os.kill(os.getpid(), signal.SIGKILL)"
    subprocess.run([sys.executable, "-c", held, tmp_path], check=False)
    assert (tmp_path / RUNNING).exists()
    with claimed(tmp_path, "new"):
        assert json.loads((tmp_path / RUNNING).read_text())["address"] == "new"


def test_another_process_of_the_same_number_is_not_taken_for_it(tmp_path: Path) -> None:
    with claimed(tmp_path, ADDRESS):
        path = tmp_path / RUNNING
        found = json.loads(path.read_text())
        path.write_text(json.dumps({**found, "started": "yesterday"}))
        refuse_second(tmp_path)


def test_a_server_on_another_machine_is_named(tmp_path: Path) -> None:
    with claimed(tmp_path, ADDRESS):
        path = tmp_path / RUNNING
        found = json.loads(path.read_text())
        assert found["machine"] == socket.gethostname()
        path.write_text(json.dumps({**found, "machine": "login9"}))
        with pytest.raises(AlreadyServed, match="login9"):
            refuse_second(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": "x"}'])
def test_a_file_that_is_cut_short_stops_nobody(tmp_path: Path, content: str) -> None:
    (tmp_path / RUNNING).write_text(content)
    with claimed(tmp_path, ADDRESS):
        assert json.loads((tmp_path / RUNNING).read_text())["address"] == ADDRESS


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="cannot write"), claimed(tmp_path / "gone", ADDRESS):
        pass


def test_the_last_port_is_kept(tmp_path: Path) -> None:
    assert last_port(tmp_path) is None
    keep_port(tmp_path, 4711)
    assert last_port(tmp_path) == 4711
    for content in ("", "many", "0", "70000", "-1"):
        (tmp_path / "last_port.txt").write_text(content)
        assert last_port(tmp_path) is None
    keep_port(tmp_path / "gone", 1)
