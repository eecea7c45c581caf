"""One server a project, and who is told where it is."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nunatak.errors import ResourceError
from nunatak.server import running
from nunatak.server.last_port import keep_port, last_port
from nunatak.server.life_sign import GONE_AFTER_S, LifeSign
from nunatak.server.running import AlreadyServed, claimed, refuse_second
from nunatak.workspace.connection import Workspace
from nunatak.workspace.holding import Holder, hold, holder_of, release
from nunatak.workspace.processes import process_start
from nunatak.workspace.project import ParticleClass, create_project

ADDRESS = "http://127.0.0.1:1/?token=t"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a project without images."""
    made = tmp_path / "project"
    create_project(made, ndim=2, classes=[ParticleClass(name="particle")], user="ada").close()
    return made


@pytest.fixture
def workspace(folder: Path) -> Iterator[Workspace]:
    with Workspace(folder) as opened:
        yield opened


def holder(claim: str = "another", **more: object) -> Holder:
    """Another server, of this process unless it is said otherwise."""
    values = {
        "claim": claim,
        "user": "anna",
        "machine": os.uname().nodename,
        "pid": os.getpid(),
        "started": process_start(os.getpid()),
        "since": "2026-05-03T10:12:00.000+00:00",
        **more,
    }
    return Holder.model_validate(values)


def held_elsewhere(workspace: Workspace, silent_s: float) -> LifeSign:
    """Let a server on another machine hold a project, which was silent for so long."""
    assert hold(workspace, holder(machine="login9", started="boot 1"), lambda _: True) is None
    sign = LifeSign(workspace.folder, "another")
    sign.make(ADDRESS)
    then = time.time() - silent_s
    os.utime(workspace.folder / "server-another.txt", (then, then))
    return sign


def test_a_second_server_is_told_where_the_first_is(folder: Path) -> None:
    before = {path.name for path in folder.iterdir()}
    with claimed(folder, ADDRESS, "ada"):
        with pytest.raises(AlreadyServed, match="runs already, since") as refused:
            refuse_second(folder)
        assert refused.value.address == ADDRESS
        assert ADDRESS in str(refused.value)
        with pytest.raises(AlreadyServed), claimed(folder, "other", "ada"):
            pass
        assert refused.value.address == ADDRESS
    refuse_second(folder)
    assert {path.name for path in folder.iterdir()} == before


def test_another_user_is_told_whose_it_is_but_not_the_token(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with claimed(folder, ADDRESS, "anna"):
        (sign,) = folder.glob("server-*.txt")
        assert stat.S_IMODE(sign.stat().st_mode) == 0o600
        # The tests may run as root, who can read everything.
        monkeypatch.setattr(LifeSign, "address", lambda _: None)
        with pytest.raises(AlreadyServed, match="anna has this project open on this") as refused:
            refuse_second(folder)
        assert refused.value.address is None
        assert "token" not in str(refused.value)
        assert "Ask anna to end that server" in str(refused.value)
        assert "--project" in str(refused.value)


def test_a_server_that_was_killed_holds_nothing(folder: Path) -> None:
    held = "import sys, os, signal; from pathlib import Path\n"
    held += "from nunatak.server.running import claimed\n"
    held += "with claimed(Path(sys.argv[1]), 'a', 'ada'): os.kill(os.getpid(), signal.SIGKILL)"
    subprocess.run([sys.executable, "-c", held, folder], check=False)
    (left,) = folder.glob("server-*.txt")
    refuse_second(folder)
    with claimed(folder, ADDRESS, "ada"):
        assert not left.exists()
        with pytest.raises(AlreadyServed):
            refuse_second(folder)
    assert not list(folder.glob("server-*"))


def test_of_many_that_start_after_a_kill_one_gets_the_project(
    folder: Path, workspace: Workspace
) -> None:
    hold(workspace, holder(pid=2**22 + 1), lambda _: True)

    def start(number: int) -> bool:
        mine = holder(f"server {number}")
        return hold(workspace, mine, lambda other: running._has_gone(folder, other)) is None

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(start, range(8))) == 1


def test_another_process_of_the_same_number_is_not_taken_for_it(
    folder: Path, workspace: Workspace
) -> None:
    boot = str(process_start(os.getpid())).partition(" ")[0]
    hold(workspace, holder(started=f"{boot} 1"), lambda _: True)
    refuse_second(folder)


def test_a_server_that_the_machine_hides_is_known_by_its_signs(
    folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    hold(workspace, holder(pid=2**22 + 1), lambda _: True)
    LifeSign(folder, "another").make(ADDRESS)
    refuse_second(folder)
    # What the system says of another user's process where /proc is mounted with hidepid.
    monkeypatch.setattr("nunatak.workspace.processes.os.kill", refuse)
    with pytest.raises(AlreadyServed, match="runs already"):
        refuse_second(folder)
    os.utime(folder / "server-another.txt", (1, 1))
    refuse_second(folder)


def test_a_server_on_another_machine_is_named(
    folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_elsewhere(workspace, silent_s=GONE_AFTER_S - 20)
    with pytest.raises(AlreadyServed, match="anna has this project open on login9") as refused:
        refuse_second(folder)
    assert ADDRESS in str(refused.value)  # of one's own server, on another machine
    monkeypatch.setattr(LifeSign, "address", lambda _: None)
    with pytest.raises(AlreadyServed, match="try again in 90 s"), claimed(folder, "a", "bob"):
        pass
    assert [path.name for path in folder.glob("server-*")] == ["server-another.txt"]


def test_a_machine_of_the_same_name_is_another(folder: Path, workspace: Workspace) -> None:
    hold(workspace, holder(started="another-boot 1"), lambda _: True)
    LifeSign(folder, "another").make(ADDRESS)
    with pytest.raises(AlreadyServed):
        refuse_second(folder)


def test_a_server_on_another_machine_that_fell_silent_is_gone(
    folder: Path, workspace: Workspace
) -> None:
    held_elsewhere(workspace, silent_s=GONE_AFTER_S + 20)
    refuse_second(folder)
    with claimed(folder, ADDRESS, "ada"):
        assert not (folder / "server-another.txt").exists()


def test_a_server_whose_file_was_removed_by_hand_is_gone(
    folder: Path, workspace: Workspace
) -> None:
    held_elsewhere(workspace, silent_s=0).remove()
    refuse_second(folder)


def test_the_clocks_of_the_machines_do_not_matter(
    folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign = held_elsewhere(workspace, silent_s=0)
    monkeypatch.setattr("time.time", lambda: 0.0)
    silent_s = sign.silent_s()
    assert silent_s is not None
    assert silent_s < GONE_AFTER_S
    with pytest.raises(AlreadyServed):
        refuse_second(folder)


def test_a_server_gives_signs_of_life(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BEAT_S", 0.02)
    with claimed(folder, ADDRESS, "ada"):
        (path,) = folder.glob("server-*.txt")
        os.utime(path, (1, 1))
        wait_for(lambda: path.stat().st_mtime > 1)
        path.unlink()
        wait_for(lambda: path.exists() and path.read_text() == f"{ADDRESS}\n")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_signs_of_life_go_on_after_what_nobody_expected(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Workspace) -> None:
        raise RuntimeError("unexpected")

    monkeypatch.setattr(running, "BEAT_S", 0.02)
    with claimed(folder, ADDRESS, "ada"):
        (path,) = folder.glob("server-*.txt")
        monkeypatch.setattr(running, "holder_of", fail)
        wait_for(lambda: caplog.messages == ["Cannot give a sign of life"])
        os.utime(path, (1, 1))
        wait_for(lambda: path.stat().st_mtime > 1)
    assert len(caplog.messages) == 1


def test_a_server_that_cannot_give_signs_sees_that_it_lost_its_project(
    folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ResourceError("no space")

    monkeypatch.setattr(running, "BEAT_S", 0.02)
    monkeypatch.setattr(LifeSign, "renew", refuse)
    with pytest.raises(KeyboardInterrupt), claimed(folder, ADDRESS, "ada") as claim:
        hold(workspace, holder(), lambda _: True)
        time.sleep(20)
    assert claim.taken_by == holder()


def test_the_address_is_never_written_into_a_file_of_others(tmp_path: Path) -> None:
    sign, others = LifeSign(tmp_path, "mine"), tmp_path / "others.txt"
    path = tmp_path / "server-mine.txt"
    path.write_text("theirs")
    with pytest.raises(ResourceError, match="cannot write"):
        sign.make(ADDRESS)
    assert path.read_text() == "theirs"
    path.unlink()
    path.symlink_to(others)
    sign.renew(ADDRESS)
    assert not path.is_symlink()
    assert sign.address() == ADDRESS
    assert not others.exists()


def test_a_server_that_lost_its_project_ends(
    folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BEAT_S", 0.02)
    with pytest.raises(KeyboardInterrupt), claimed(folder, ADDRESS, "ada") as claim:
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        hold(workspace, holder(), lambda _: True)
        time.sleep(20)
    assert claim.taken_by == holder()
    assert holder_of(workspace) == holder()


@pytest.mark.parametrize("is_named", [True, False])
def test_a_backup_that_is_put_in_place_takes_nothing_away(
    folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, is_named: bool
) -> None:
    monkeypatch.setattr(running, "BEAT_S", 0.02)
    with claimed(folder, ADDRESS, "ada") as claim:
        mine = holder_of(workspace)
        assert mine is not None
        if is_named:
            hold(workspace, holder(pid=2**22 + 1), lambda _: True)
        else:
            release(workspace, mine.claim)
        wait_for(lambda: holder_of(workspace) == mine)
    assert claim.taken_by is None


def test_a_project_is_given_back_by_its_holder_alone(workspace: Workspace) -> None:
    assert hold(workspace, holder("one"), lambda _: False) is None
    assert hold(workspace, holder("two"), lambda _: False) == holder("one")
    release(workspace, "two")
    assert holder_of(workspace) == holder("one")
    release(workspace, "one")
    assert holder_of(workspace) is None


def test_a_folder_that_cannot_be_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("nunatak.server.life_sign.os.open", refuse)
    with pytest.raises(ResourceError, match="cannot write"), claimed(folder, ADDRESS, "ada"):
        pass


def test_the_last_port_is_kept(tmp_path: Path) -> None:
    assert last_port(tmp_path) is None
    keep_port(tmp_path, 4711)
    assert last_port(tmp_path) == 4711
    for content in ("", "many", "0", "70000", "-1"):
        (tmp_path / "last_port.txt").write_text(content)
        assert last_port(tmp_path) is None
    keep_port(tmp_path / "gone", 1)


def wait_for(is_true: object) -> None:
    assert callable(is_true)
    ends = time.monotonic() + 10
    while not is_true():
        assert time.monotonic() < ends
        time.sleep(0.01)
