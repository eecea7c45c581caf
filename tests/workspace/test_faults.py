"""Kills, full disks, locks, and several writers at once."""

import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from workspace_edits import edit, point, put, saved_edits

from nunatak.errors import ResourceError
from nunatak.workspace.connection import Workspace
from nunatak.workspace.errors import DamagedProject, StaleEdit
from nunatak.workspace.images import images_of
from nunatak.workspace.labels import labels_of, save_edit

SAVER = Path(__file__).with_name("saver.py")
ROUNDS = 20


def saver(workspace: Workspace, name: str, most: int = -1, **more: object) -> subprocess.Popen[str]:
    command = [sys.executable, str(SAVER), str(workspace.folder), "1", name, str(most)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more
    )


def require_whole(workspace: Workspace, acknowledged: list[str]) -> None:
    """Require every acknowledged edit with all its points, and a sound database."""
    with workspace.reading() as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    past = saved_edits(workspace, 1)
    assert set(acknowledged) <= {one.id for one in past}
    assert [one.version for one in past] == list(range(1, len(past) + 1))
    labels = labels_of(workspace, 1)
    assert labels.version == len(past)
    assert {one.id for one in labels.points} == {
        operation.point.id for one in past for operation in one.operations
    }


def test_a_kill_loses_no_acknowledged_edit(workspace: Workspace, rng: np.random.Generator) -> None:
    acknowledged: list[str] = []
    for number in range(ROUNDS):
        child = saver(workspace, f"round{number:02d}")
        assert child.stdout is not None
        assert child.stderr is not None
        acknowledged.append(child.stdout.readline().strip())
        timer = threading.Timer(rng.uniform(0, 0.08), child.kill)
        timer.start()
        # A line that the kill cut was never seen whole by anybody.
        acknowledged += [line.strip() for line in child.stdout if line.endswith("\n")]
        timer.join()
        assert child.wait() == -signal.SIGKILL
        child.stdout.close()
        child.stderr.close()
        with Workspace(workspace.folder) as again:
            require_whole(again, acknowledged)
    assert len(acknowledged) > ROUNDS


def test_two_programs_write_at_once(workspace: Workspace) -> None:
    children = [saver(workspace, name, most=12) for name in ("first", "second")]
    acknowledged = []
    for child in children:
        output, problems = child.communicate(timeout=60)
        assert child.returncode == 0, problems
        acknowledged += output.split()
    assert len(acknowledged) == 24
    require_whole(workspace, acknowledged)
    assert labels_of(workspace, 1).version == 24


def test_many_threads_write_at_once(workspace: Workspace) -> None:
    def label(number: int) -> int:
        change = edit(0, *put(point(str(number), number, number)))
        stale = 0
        while True:
            try:
                save_edit(workspace, 1, change, f"person {number}")
                return stale
            except StaleEdit as error:
                stale += 1
                change = change.model_copy(update={"base_version": error.labels.version})

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(label, range(18))) > 0
    require_whole(workspace, [])
    assert labels_of(workspace, 1).version == 18
    assert {one.by for one in saved_edits(workspace, 1)} == {f"person {n}" for n in range(18)}


def test_readers_see_one_state_throughout(workspace: Workspace) -> None:
    with workspace.reading() as connection:
        before = connection.execute("SELECT version FROM image WHERE id = 1").fetchone()
        with (
            Workspace(workspace.folder, wait_s=0.05) as other,
            pytest.raises(ResourceError, match="locked"),
        ):
            save_edit(other, 1, edit(0, *put(point("1", 10, 10))), "paul")
        assert connection.execute("SELECT version FROM image WHERE id = 1").fetchone() == before
    assert save_edit(workspace, 1, edit(0, *put(point("1", 10, 10))), "paul") == 1


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="only Linux tells who holds a lock")
def test_a_lock_that_stays_is_reported_with_its_holder(workspace: Workspace) -> None:
    program = (
        "import sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('BEGIN EXCLUSIVE')\n"
        "print('locked', flush=True)\n"
        "input()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(workspace.database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "locked\n"
    try:
        with (
            pytest.raises(ResourceError, match=rf"locked by process {holder.pid} \(python"),
            Workspace(workspace.folder, wait_s=0.05) as other,
        ):
            labels_of(other, 1)
    finally:
        holder.communicate("\n")
    assert labels_of(workspace, 1).version == 0


def test_a_writer_waits_for_another(workspace: Workspace) -> None:
    with ThreadPoolExecutor(1) as pool, workspace.writing() as connection:
        connection.execute("UPDATE image SET problem = 'seen' WHERE id = 1")
        late = pool.submit(save_edit, workspace, 1, edit(0, *put(point("1", 1, 1))), "paul")
        assert not late.done()
        connection.execute("UPDATE image SET problem = NULL WHERE id = 1")
        release = threading.Event()
        release.wait(0.1)
        assert not late.done()
    assert late.result() == 1


def test_a_full_disk_is_reported_and_harms_nothing(workspace: Workspace) -> None:
    before = save_edit(workspace, 1, edit(0, *put(point("1", 10, 10))), "maria")
    assert before == 1
    limit = workspace.database.stat().st_size + 8192

    def bound_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    child = saver(workspace, "late", preexec_fn=bound_files)
    output, problems = child.communicate(timeout=60)
    assert child.returncode == 1
    assert "cannot write" in problems
    assert "free disk space" in problems
    assert "Traceback" not in problems
    with Workspace(workspace.folder) as again:
        require_whole(again, output.split())
        version = labels_of(again, 1).version
        assert save_edit(again, 1, edit(version, *put(point("2", 20, 20))), "maria") == version + 1


UNPRIVILEGED = """
import ctypes, os, sys
if os.geteuid() == 0:
    PR_CAPBSET_DROP, PASSES_PERMISSIONS = 24, (1, 2)
    for capability in PASSES_PERMISSIONS:
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
"""Runs Python without the superuser's right to go past permissions."""


def unprivileged(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", UNPRIVILEGED, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_folder_without_write_permission_is_reported(workspace: Workspace) -> None:
    save_edit(workspace, 1, edit(0, *put(point("1", 10, 10))), "maria")
    workspace.close()
    workspace.database.chmod(0o444)
    workspace.folder.chmod(0o555)
    try:
        ask = "import os, sys; print(os.access(sys.argv[1], os.W_OK))"
        if "True" in unprivileged("-c", ask, workspace.folder).stdout:
            pytest.skip("the superuser cannot give up writing anywhere here")
        found = unprivileged(SAVER, workspace.folder, 1, "late", 1)
    finally:
        workspace.folder.chmod(0o755)
        workspace.database.chmod(0o644)
    assert found.stdout == ""
    assert "cannot write" in found.stderr
    assert "--project" in found.stderr
    assert "Traceback" not in found.stderr
    with Workspace(workspace.folder) as again:
        assert labels_of(again, 1).version == 1


def test_a_backup_put_in_place_is_what_counts_from_then_on(workspace: Workspace) -> None:
    save_edit(workspace, 1, edit(0, *put(point("1", 10, 10))), "me")
    backup = workspace.folder / "backup.sqlite"
    shutil.copy(workspace.database, backup)
    save_edit(workspace, 1, edit(1, *put(point("2", 20, 20))), "me")
    with workspace.reading():
        backup.replace(workspace.database)
    assert [one.id for one in labels_of(workspace, 1).points] == ["point-0001"]
    save_edit(workspace, 1, edit(1, *put(point("3", 30, 30))), "me")
    with Workspace(workspace.folder) as other:
        assert [one.id for one in labels_of(other, 1).points] == ["point-0001", "point-0003"]


def test_a_database_that_was_damaged_is_used_again_when_restored(workspace: Workspace) -> None:
    save_edit(workspace, 1, edit(0, *put(point("1", 10, 10))), "me")
    whole = workspace.database.read_bytes()
    workspace.database.write_bytes(b"no database" * 1000)
    with pytest.raises(DamagedProject, match="Restore it from a backup"):
        labels_of(workspace, 1)
    workspace.database.write_bytes(whole)
    assert len(labels_of(workspace, 1).points) == 1


def test_an_error_within_a_transaction_undoes_it(workspace: Workspace) -> None:
    with pytest.raises(sqlite3.IntegrityError), workspace.writing() as connection:
        connection.execute("UPDATE image SET state = 'reviewed'")
        connection.execute("INSERT INTO wanted (row, image) VALUES (1, 99)")
    assert {image.state for image in images_of(workspace)} == {"new"}


def test_a_closed_workspace_keeps_no_connection(workspace: Workspace) -> None:
    with workspace.reading() as connection:
        workspace.close()
        assert connection.execute("SELECT count(*) FROM image").fetchone() == (3,)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")
