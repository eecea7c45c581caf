"""Where the server listens: never where others reach it unless the user says so."""

import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from nunatak.errors import BadInput, UsageError
from nunatak.server.address import page_address, tunnel
from nunatak.server.listening import LOCAL, Listening
from nunatak.server.sockets import is_loopback, listening_at, listening_port


@pytest.fixture
def own_folder() -> Iterator[Path]:
    """A folder of the user's own, with a path short enough for a socket."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def checked(
    *, host: str = LOCAL, port: int = 0, path: Path | None = None, may_expose: bool = False
) -> Listening:
    return Listening.checked(host=host, port=port, path=path, may_expose=may_expose)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "node17", "example.org"])  # noqa: S104
def test_other_machines_reach_it_only_by_an_explicit_word(host: str) -> None:
    with pytest.raises(UsageError, match="--expose"):
        checked(host=host)
    assert checked(host=host, may_expose=True).is_exposed


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1", "localhost"])
def test_this_machine_alone_needs_none(host: str) -> None:
    assert is_loopback(host)
    assert not checked(host=host).is_exposed


def test_the_system_chooses_the_port_and_the_last_one_is_taken_again() -> None:
    with closing(listening_port(LOCAL, 0, None)) as first:
        port = first.getsockname()[1]
        with closing(listening_port(LOCAL, 0, port)) as second:
            assert second.getsockname()[1] != port  # taken
    with closing(listening_port(LOCAL, 0, port)) as again:
        assert again.getsockname()[1] == port
        with pytest.raises(UsageError, match="taken by another program"):
            listening_port(LOCAL, port, None)


def test_a_host_that_is_none_of_this_machine() -> None:
    with pytest.raises(UsageError, match=r"Cannot listen on 192\.0\.2\.1"):
        listening_port("192.0.2.1", 0, 4000)


def test_nobody_else_can_use_the_socket(own_folder: Path) -> None:
    path = own_folder / "sock"
    with checked(path=path).opened(None) as listening:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert checked(path=path).address(listening, "t") == "http://127.0.0.1:8765/?token=t"
        line = checked(path=path, port=9000).tunnel(listening)
        assert f"-L 9000:{path}" in line
    assert not path.exists()


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o770])
def test_a_socket_in_a_folder_where_others_write_is_refused(own_folder: Path, mode: int) -> None:
    folder = own_folder / "shared"
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(UsageError, match="others may write"):
        listening_at(folder / "sock")


def test_a_socket_in_a_folder_of_somebody_else_is_refused(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: own_folder.stat().st_uid + 1)
    with pytest.raises(UsageError, match="folder of your own"):
        listening_at(own_folder / "sock")


def test_the_socket_of_a_server_that_was_killed_is_replaced(own_folder: Path) -> None:
    path = own_folder / "sock"
    listening_at(path).close()
    assert path.exists()
    with closing(listening_at(path)), pytest.raises(BadInput, match="another server listens"):
        listening_at(path)


def test_no_other_file_is_replaced(own_folder: Path) -> None:
    path = own_folder / "labels.star"
    path.write_text("precious")
    with pytest.raises(BadInput, match="no socket"):
        listening_at(path)
    assert path.read_text() == "precious"


@pytest.mark.parametrize("name", ["missing/sock", "x" * 120, "file/sock"])
def test_places_where_no_socket_can_be(own_folder: Path, name: str) -> None:
    (own_folder / "file").touch()
    with pytest.raises(UsageError):
        listening_at(own_folder / name)


def test_a_socket_and_a_host_contradict(own_folder: Path) -> None:
    with pytest.raises(UsageError, match="no host"):
        checked(path=own_folder / "sock", host="::1")


def test_addresses_are_such_as_browsers_take() -> None:
    assert page_address("::1", 80, "t") == "http://[::1]:80/?token=t"
    with checked(host="::", may_expose=True).opened(None) as listening:
        address = checked(host="::", may_expose=True).address(listening, "t")
    assert address.startswith(f"http://{socket.gethostname()}:")


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, [f"@{socket.gethostname()}"]),
        ({"SSH_CONNECTION": "10.0.0.9 5555 127.0.0.1 22"}, ["@127.0.0.1"]),
        ({"SSH_CONNECTION": "10.0.0.9 5555 192.0.2.1 22"}, [f"@{socket.gethostname()}"]),
        ({"SSH_CONNECTION": "nonsense"}, [f"@{socket.gethostname()}"]),
        (
            {"SLURM_JOB_ID": "5", "SLURM_SUBMIT_HOST": "login1"},
            ["-J", "@login1", f"@{socket.gethostname()}"],
        ),
    ],
)
def test_the_tunnel_leads_to_where_the_user_came_from(
    environment: dict[str, str], words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "node7")
    line = tunnel("127.0.0.1:4000", 4000, environment)
    assert line.startswith("ssh -N -L 4000:127.0.0.1:4000 ")
    for word in words:
        assert word.replace(_OWN_NAME, "node7") in line


_OWN_NAME = socket.gethostname()


def test_a_path_with_blanks_is_quoted() -> None:
    assert "'8765:/home/my data/sock'" in tunnel("/home/my data/sock", 8765, {})
