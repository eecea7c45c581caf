import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from workspace_edits import edit, point, put

from nunatak.errors import BadInput, FormatError, ResourceError
from nunatak.workspace.connection import DATABASE, Workspace
from nunatak.workspace.errors import NewerProject, NoProject, StaleSettings
from nunatak.workspace.images import images_of
from nunatak.workspace.labels import labels_of, save_edit
from nunatak.workspace.project import (
    ParticleClass,
    change_settings,
    create_project,
    has_project,
    settings_of,
)
from nunatak.workspace.schema import VERSION

PARTICLE = ParticleClass(name="particle", diameter_A=180.0)


def test_a_new_project_holds_its_settings(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "project"
    assert not has_project(folder)
    with create_project(
        folder, ndim=3, classes=[PARTICLE], user="maria", contrast="dark", expected_particles=50.0
    ) as made:
        settings = settings_of(made)
    assert has_project(folder)
    assert (settings.ndim, settings.contrast, settings.expected_particles) == (3, "dark", 50.0)
    assert settings.name == "deep"
    assert settings.version == 1
    assert settings.diameter_A("particle") == 180.0
    assert settings.diameter_A("ribosome") is None
    assert [entry.name for entry in folder.iterdir()] == [DATABASE]


def test_a_group_may_share_a_project(tmp_path: Path) -> None:
    before = os.umask(0o002)
    try:
        create_project(tmp_path, ndim=2, classes=[PARTICLE], user="maria").close()
    finally:
        os.umask(before)
    assert (tmp_path / DATABASE).stat().st_mode & 0o777 == 0o664


def test_two_projects_have_two_identities(tmp_path: Path) -> None:
    with (
        create_project(tmp_path / "a", ndim=2, classes=[PARTICLE], user="maria") as first,
        create_project(tmp_path / "b", ndim=2, classes=[PARTICLE], user="maria") as second,
    ):
        assert settings_of(first).id != settings_of(second).id


def test_who_comes_second_gets_the_project_that_is_there(tmp_path: Path) -> None:
    with (
        create_project(tmp_path, ndim=2, classes=[PARTICLE], user="maria") as first,
        create_project(tmp_path, ndim=3, classes=[PARTICLE], user="paul") as second,
    ):
        assert settings_of(second) == settings_of(first)


def test_a_file_system_without_links_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with create_project(tmp_path, ndim=2, classes=[PARTICLE], user="maria") as made:
        before = settings_of(made)
    with create_project(tmp_path, ndim=2, classes=[PARTICLE], user="maria") as again:
        assert settings_of(again) == before


def test_changed_settings_stay_and_have_a_version(workspace: Workspace) -> None:
    classes = [PARTICLE, ParticleClass(name="ribosome", diameter_A=290.0)]
    changed = change_settings(workspace, 1, user="maria", classes=classes)
    assert changed.version == 2
    with Workspace(workspace.folder) as again:
        assert settings_of(again) == changed
        assert [one.name for one in settings_of(again).classes] == ["particle", "ribosome"]


def test_the_expected_number_of_particles_can_be_taken_back(workspace: Workspace) -> None:
    change_settings(workspace, 1, user="maria", expected_particles=50.0)
    assert change_settings(workspace, 2, user="maria").expected_particles == 50.0
    assert change_settings(workspace, 3, user="maria", expected_particles=None) == settings_of(
        workspace
    )
    assert settings_of(workspace).expected_particles is None


def test_settings_that_somebody_else_changed_are_not_overwritten(workspace: Workspace) -> None:
    change_settings(workspace, 1, user="maria", contrast="dark")
    with pytest.raises(StaleSettings) as caught:
        change_settings(workspace, 1, user="paul", contrast="light")
    assert caught.value.settings == settings_of(workspace)
    assert settings_of(workspace).contrast == "dark"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "at least one"),
        ([" "], "blank"),
        (["a", "A"], "Two kinds"),
        (["Junk"], "cannot be called Junk"),
    ],
)
def test_unusable_classes_are_refused(workspace: Workspace, names: list[str], said: str) -> None:
    classes = [ParticleClass(name=name) for name in names]
    with pytest.raises(BadInput, match=said):
        change_settings(workspace, 1, user="maria", classes=classes)
    assert settings_of(workspace).version == 1


def test_a_class_with_labels_cannot_be_left_out(workspace: Workspace) -> None:
    save_edit(workspace, 1, edit(0, *put(point("1", 10, 10))), "maria")
    with pytest.raises(BadInput, match="1 label is of the kind particle"):
        change_settings(workspace, 1, user="maria", classes=[ParticleClass(name="ribosome")])


def test_a_folder_without_a_project_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NoProject, match="nunatak label"):
        Workspace(tmp_path)


def test_an_empty_file_is_no_new_project(tmp_path: Path) -> None:
    (tmp_path / DATABASE).touch()
    with pytest.raises(FormatError, match="0 bytes"):
        Workspace(tmp_path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_text("These are my labels.\n" * 100)
    with pytest.raises(FormatError, match="no database"):
        Workspace(tmp_path)


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / DATABASE) as connection:
        connection.execute("CREATE TABLE bookmark (address TEXT)")
    connection.close()
    with pytest.raises(FormatError, match="another program"):
        Workspace(tmp_path)


def test_an_older_project_is_given_what_it_lacks(workspace: Workspace) -> None:
    save_edit(workspace, 1, edit(0, *put(point("1", 10, 10))), "maria")
    with workspace.writing() as connection:
        connection.execute("DROP TABLE server")
        connection.execute("PRAGMA user_version = 1")

    def opened(_: int) -> tuple[int, int]:
        with Workspace(workspace.folder) as again, again.reading() as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            (servers,) = connection.execute("SELECT count(*) FROM server").fetchone()
        return version, servers

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(opened, range(6))) == {(VERSION, 0)}
    assert len(labels_of(workspace, 1).points) == 1


def test_a_newer_project_is_refused(workspace: Workspace) -> None:
    with workspace.writing() as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(NewerProject, match="newer nunatak"):
        Workspace(workspace.folder)


def test_damage_is_reported_as_such(workspace: Workspace) -> None:
    workspace.close()
    pages = bytearray(workspace.database.read_bytes())
    pages[4096 : 4096 * 12] = b"\xa5" * (4096 * 11)
    workspace.database.write_bytes(pages)
    with pytest.raises(FormatError, match="damaged"), Workspace(workspace.folder) as damaged:
        images_of(damaged)


def test_a_file_cut_short_is_reported_as_such(workspace: Workspace) -> None:
    workspace.close()
    whole = workspace.database.read_bytes()
    workspace.database.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FormatError, match="damaged"), Workspace(workspace.folder) as damaged:
        images_of(damaged)


def test_a_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ResourceError, match="cannot make a project"):
        create_project(tmp_path / "file" / "p", ndim=2, classes=[PARTICLE], user="maria")
