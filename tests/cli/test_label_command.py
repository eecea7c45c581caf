"""``nunatak label``, started and ended as a user does."""

import http.client
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from email.message import Message
from pathlib import Path
from urllib.parse import urlsplit

import mrcfile
import numpy as np
import pytest
from ended import Run

from nunatak.server.sockets import listening_port
from nunatak.workspace.connection import Workspace
from nunatak.workspace.processes import process_start
from nunatak.workspace.runs import add_run, change_run

PATIENCE_S = 120
MAIN = "from nunatak.cli.main import main; main()"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with two small micrographs."""
    rng = np.random.default_rng(2)
    for number in range(2):
        pixels = rng.normal(size=(64, 80)).astype(np.float32)
        with mrcfile.new(tmp_path / f"mic_{number}.mrc", pixels) as file:
            file.voxel_size = 4.0
    return tmp_path


class Command:
    """The command in a process of its own."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", MAIN, "label", *words],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "SSH_CONNECTION": "10.0.0.9 5555 127.0.0.1 22"},
            # Tests may be run under nohup, and children ignore what their parents ignore.
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # noqa: PLW1509
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()

    def get(self, path: str, cookie: str = "") -> tuple[int, Message, bytes]:
        where = urlsplit(self.address)
        connection = http.client.HTTPConnection(
            str(where.hostname), int(where.port or 0), timeout=PATIENCE_S
        )
        with closing(connection):
            connection.request("GET", path, headers={"Cookie": cookie})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def ended(self, number: int) -> tuple[int, str, str]:
        self.process.send_signal(number)
        output, said = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, output, said


@pytest.fixture
def command(project: Path) -> Iterator[Command]:
    started = Command(project, "mic_*.mrc")
    yield started
    started.process.kill()
    started.process.communicate()


def test_the_whole_way(command: Command, project: Path) -> None:
    assert command.address.startswith("http://127.0.0.1:")
    folder = project / "nunatak-project"
    (sign,) = folder.glob("server-*.txt")
    assert sign.stat().st_mode & 0o777 == 0o600
    assert command.get("/")[0] == 401
    address = urlsplit(command.address)
    status, headers, _ = command.get(f"/?{address.query}")
    assert status == 303
    cookie = str(headers["set-cookie"]).partition(";")[0]
    status, _, content = command.get("/api/project", cookie)
    assert status == 200
    assert b'"new":2' in content

    second = subprocess.run(
        [sys.executable, "-c", MAIN, "label"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 2
    assert command.address in second.stderr

    code, output, said = command.ended(signal.SIGINT)
    assert code == 0
    assert output == ""  # the address alone went before
    assert "ssh -N -L" in said
    assert "Everything is saved" in said
    assert address.query.removeprefix("token=") not in said
    assert not list(folder.glob("server-*"))

    again = Command(project)
    try:
        assert urlsplit(again.address).port == address.port
        assert urlsplit(again.address).query != address.query
        assert again.get("/api/project", cookie)[0] == 401
    finally:
        code, _, _ = again.ended(signal.SIGHUP)  # the terminal was closed
    assert code == 0
    assert not list(folder.glob("server-*"))


def test_it_starts_light(project: Path) -> None:
    # Loading torch takes seconds, for which the first picture would wait.
    imports = "import sys, nunatak.server.prepare, nunatak.server.session, nunatak.server.serve; "
    imports += "print({'torch', 'scipy', 'pandas', 'matplotlib', 'zarr'} & {*sys.modules})"
    found = subprocess.run(
        [sys.executable, "-c", imports], capture_output=True, text=True, check=True, cwd=project
    )
    assert found.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["mic_*.mrc", "--host", "0.0.0.0"], 2, "--expose"),  # noqa: S104
        (["nothing_*.mrc"], 4, "nothing_"),
        ([], 4, "no nunatak project"),
        (["mic_*.mrc", "--port", "70000"], 2, "65535"),
        (["mic_*.mrc", "--diameter", "many"], 2, "many"),
        (["mic_*.mrc", "--diameter", "0"], 2, "from 1 on"),
        (["mic_*.mrc", "--socket", "missing/sock"], 2, "missing"),
    ],
)
def test_what_cannot_be_is_said_before_anything_runs(
    run: Run, words: list[str], code: int, text: str
) -> None:
    ended = run("label", *words)
    assert ended.returncode == code
    assert text in ended.stderr
    assert ended.stdout == ""


def test_a_port_that_is_taken(run: Run) -> None:
    with closing(listening_port("127.0.0.1", 0, None)) as other:
        ended = run("label", "mic_*.mrc", "--port", str(other.getsockname()[1]))
    assert ended.returncode == 2
    assert "taken by another program" in ended.stderr


def test_a_folder_that_cannot_be_written(run: Run, project: Path) -> None:
    (project / "file").touch()
    ended = run("label", "mic_*.mrc", "--project", "file/project")
    assert ended.returncode == 1
    assert "cannot make a project here" in ended.stderr


@pytest.fixture
def unserved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let sessions end at once."""
    monkeypatch.setattr("nunatak.server.serve.serve", lambda *_: None)
    for name in ("SSH_CONNECTION", "SLURM_JOB_ID"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("unserved")
def test_exposing_it_is_warned_of(run: Run) -> None:
    ended = run("label", "mic_*.mrc", "--host", "0.0.0.0", "--expose")  # noqa: S104
    assert ended.returncode == 0
    assert "not encrypted" in ended.stderr
    assert ended.stdout.startswith("http://")


@pytest.mark.usefixtures("unserved")
def test_a_socket_is_reached_by_a_tunnel(run: Run) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ended = run("label", "mic_*.mrc", "--socket", f"{folder}/sock", "--port", "9123")
        assert ended.returncode == 0
        assert f"-L 9123:{folder}/sock" in ended.stderr
    assert ended.stdout.startswith("http://127.0.0.1:9123/?token=")


@pytest.mark.usefixtures("unserved")
def test_a_browser_is_opened_only_when_asked(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: dict[str, tuple[int, str]] = {}

    def browse(address: str) -> None:
        path = Path(urlsplit(address).path)
        opened[address] = (path.stat().st_mode & 0o777, path.read_text())

    monkeypatch.setattr("webbrowser.open", browse)
    run("label", "mic_*.mrc")
    assert opened == {}
    ended = run("label", "--open", "--user", "ada", "--diameter", "ring=90")
    ((address, (mode, content)),) = opened.items()
    assert "token" not in address  # all users see the words of a command
    assert mode == 0o600
    assert ended.stdout.strip() in content
    assert not Path(urlsplit(address).path).exists()


@pytest.mark.usefixtures("unserved")
def test_notes_name_what_was_left_out(run: Run) -> None:
    ended = run("label", "mic_*.mrc", "gone.mrc", "--images-are", "micrographs")
    assert "gone.mrc" in ended.stderr
    assert "2 images in nunatak-project, 2 of them new" in ended.stderr


@pytest.mark.usefixtures("unserved")
def test_what_goes_on_running_is_said(run: Run, project: Path) -> None:
    run("label", "mic_*.mrc")
    with Workspace(project / "nunatak-project") as workspace:
        training = add_run(workspace, kind="train", name="ring", asked={}, user="ada")
        started = process_start(os.getpid())
        change_run(
            workspace, training.id, state="running", pid=os.getpid(), process_started=started
        )
    assert "The training ring goes on by itself" in run("label").stderr
