"""Labels and picks as files of other programs, and back."""

import io
import shutil
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import pytest
from browser import Browser

from nunatak.errors import BadInput, UsageError
from nunatak.learning.labels.told_apart import told_apart
from nunatak.picks.formats import read_picks
from nunatak.picks.formats.registry import FORMATS
from nunatak.pruning.label_words import classes_of_column
from nunatak.server.prepare import prepare
from nunatak.server.services import Services
from nunatak.server.transfer.export import exported, exported_labels, formats_for
from nunatak.server.transfer.imports import import_file, plain_name
from nunatak.server.transfer.tilt_series import keep_tomograms_star
from nunatak.workspace.columns import NewCandidates
from nunatak.workspace.connection import Workspace
from nunatak.workspace.decisions import PickDecision, Review, save_review
from nunatak.workspace.exchange import picks_as_table
from nunatak.workspace.images import images_of, set_image_facts
from nunatak.workspace.labels import save_edit
from nunatak.workspace.marks import Edit, Point, PutPoint
from nunatak.workspace.pick_sets import add_pick_set
from nunatak.workspace.picks import save_image_picks

PLACES = [(100.0, 50.0), (200.25, 150.5), (300.0, 250.0)]
FILE = {"Content-Type": "application/octet-stream"}


@pytest.fixture
def labelled(client: Browser) -> Browser:
    """A browser of a project with three labels on the first image, and one place that is none."""
    points = [
        {"id": f"point-{number:04d}", "kind": "particle", "x": x, "y": y, "class_name": "particle"}
        for number, (x, y) in enumerate(PLACES)
    ]
    points.append({**points[0], "id": "ice-00001", "kind": "not_particle", "class_name": "ice"})
    operations = [{"operation": "put_point", "point": point} for point in points]
    edit = {"id": "edit-0001", "base_version": 0, "operations": operations}
    assert client.post("/api/images/1/edits", json=edit).status_code == 200
    return client


@pytest.fixture
def pick_set(services: Services) -> int:
    """A set of four candidates on the first image, of which one is below the threshold."""
    number = add_pick_set(services.workspace, name="general", threshold=0.5, classes=["particle"])
    x, y = np.array([*PLACES, (20.0, 30.0)]).T
    found = NewCandidates(x, y, np.array([0.9, 0.8, 0.7, 0.2]))
    save_image_picks(services.workspace, number, 1, found)
    decision = PickDecision(number=1, decision="reject", reason="ice")
    save_review(services.workspace, number, Review(id="review-1", decisions=[decision]), "ada")
    return number


def saved(answer: Any, folder: Path) -> Path:
    """Save what the browser would."""
    assert answer.status_code == 200, answer.text
    name = answer.headers["content-disposition"].partition('filename="')[2].rstrip('"')
    path = folder / name
    path.write_bytes(answer.content)
    return path


@pytest.mark.parametrize("file_format", [one.name for one in formats_for(2)])
def test_labels_are_read_back_from_every_format(
    labelled: Browser, services: Services, tmp_path: Path, file_format: str
) -> None:
    query = {"file_format": file_format, "which": "particles"}
    path = saved(labelled.get("/api/export/labels", params=query), tmp_path)
    if path.suffix == ".zip":
        zipfile.ZipFile(path).extractall(tmp_path / "unpacked")
        path = tmp_path / "unpacked"
    images = [Path(image.path) for image in images_of(services.workspace)]
    picks = read_picks(path, file_format, images=images)
    found = picks.positions_px[np.argsort(picks.positions_px[:, 0])]
    # Boxes have corners at whole pixels, and some formats whole pixels altogether.
    holds = FORMATS[file_format].capabilities
    tolerance = 0.51 if holds.needs_box or holds.integer or holds.whole_by_default else 0.01
    np.testing.assert_allclose(found, PLACES, atol=tolerance)


@pytest.mark.parametrize("ndim", [2, 3])
def test_some_formats_tell_other_places_from_particles(ndim: int) -> None:
    telling = {one.name for one in formats_for(ndim) if one.tells_apart}
    stars = {2: {"relion-star"}, 3: {"warp"}}
    assert telling == {"csv", "parquet", *stars[ndim]}


@pytest.mark.parametrize("file_format", [one.name for one in formats_for(2) if one.tells_apart])
def test_what_is_no_particle_goes_along_for_train_and_prune(
    labelled: Browser, tmp_path: Path, file_format: str
) -> None:
    answer = labelled.get("/api/export/labels", params={"file_format": file_format})
    picks = read_picks(saved(answer, tmp_path), file_format)
    is_negative, is_left_out = told_apart(picks.table)
    assert sorted(is_negative.tolist()) == [False, False, False, True]
    assert not is_left_out.any()
    # What `nunatak prune --labels` reads without being told a column.
    said = classes_of_column(picks, None)
    assert sorted(said.tolist()) == ["ice", "particle", "particle", "particle"]
    assert said[is_negative].tolist() == ["ice"]


@pytest.mark.parametrize("file_format", [one.name for one in formats_for(2) if one.tells_apart])
def test_what_a_person_says_of_candidates_goes_along_for_prune(
    client: Browser, pick_set: int, tmp_path: Path, file_format: str
) -> None:
    asked = {"pick_set": pick_set, "file_format": file_format, "which": "all"}
    picks = read_picks(saved(client.get("/api/export/picks", params=asked), tmp_path), file_format)
    assert classes_of_column(picks, None).tolist() == ["", "ice", "", ""]


def test_a_format_without_a_column_gets_particles_alone(labelled: Browser, tmp_path: Path) -> None:
    answer = labelled.get("/api/export/labels", params={"file_format": "topaz"})
    assert len(read_picks(saved(answer, tmp_path), "topaz")) == len(PLACES)


@pytest.fixture(scope="module")
def tomogram(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A project of one tomogram with two labels."""
    folder = tmp_path_factory.mktemp("tomogram")
    with mrcfile.new(folder / "tomo.mrc", np.zeros((20, 64, 70), np.float32)) as file:
        file.set_volume()
        file.voxel_size = 10.0
    project, inputs = folder / "project", [str(folder / "tomo.mrc")]
    prepare(project, inputs, user="ada", diameters_A={None: 100.0}, is_of_tomograms=True)
    points = [
        Point(id=f"point-{x:04.0f}", kind="particle", x=x, y=12.0, z=5.0, class_name="particle")
        for x in (10.0, 30.0)
    ]
    operations = [PutPoint(operation="put_point", point=point) for point in points]
    with Workspace(project) as workspace:
        save_edit(workspace, 1, Edit(id="edit-0001", base_version=0, operations=operations), "ada")
        yield workspace


@pytest.mark.parametrize("file_format", [None, *(one.name for one in formats_for(3))])
def test_labels_in_tomograms_go_into_every_format_that_is_offered(
    tomogram: Workspace, file_format: str | None
) -> None:
    assert exported_labels(tomogram, file_format, particles_only=True).content


@pytest.mark.parametrize("file_format", [one.name for one in formats_for(3)])
def test_every_export_of_tomograms_is_read_again(tomogram: Workspace, file_format: str) -> None:
    file = exported_labels(tomogram, file_format, particles_only=True)
    counts = import_file(tomogram, file.name, file.content, "ada")
    assert (counts.added, counts.already_there) == (0, 2)


@pytest.mark.parametrize("file_format", ["relion5-tomo", "relion4-tomo"])
def test_what_needs_more_than_a_project_knows_is_not_offered(
    tomogram: Workspace, file_format: str
) -> None:
    with pytest.raises(UsageError, match=r"Start 'nunatak label' with --tomograms-star"):
        exported_labels(tomogram, file_format, particles_only=True)


@pytest.fixture
def with_tilt_series(tomogram: Workspace, tmp_path: Path) -> Iterator[Workspace]:
    """The same project with a tomograms.star: four pixels of the tilt series a voxel."""
    path = tmp_path / "tomograms.star"
    labels = ["rlnTomoName", *(f"rlnTomoSize{axis}" for axis in "XYZ")]
    labels += ["rlnTomoTiltSeriesPixelSize", "rlnTomoTomogramBinning"]
    header = "".join(f"_{label}\n" for label in labels)
    path.write_text(f"data_global\nloop_\n{header}tomo 280 256 80 2.5 4\n")
    prepare(tomogram.folder, [], user="ada", diameters_A={}, tomograms_star=path)
    path.unlink()  # the project keeps a copy
    yield tomogram
    (tomogram.folder / "tomograms.star").unlink()


@pytest.mark.parametrize("file_format", [None, "relion5-tomo", "relion4-tomo"])
def test_with_tomograms_star_labels_go_to_relion_and_come_back(
    with_tilt_series: Workspace, file_format: str | None
) -> None:
    saved = exported_labels(with_tilt_series, file_format, particles_only=True)
    if file_format is None:
        # Å from the middle of 280 x 256 x 80 pixels of 2.5 Å.
        text = saved.content.decode()
        assert "rlnCenteredCoordinateXAngst" in text
        assert "-250 -200 -50" in text  # (4 * (10, 12, 5) - (140, 128, 40)) * 2.5
    again = import_file(with_tilt_series, saved.name, saved.content, "bob")
    assert (again.added, again.already_there) == (0, 2)
    offered = [one.name for one in formats_for(3, has_tilt_series=True)]
    assert offered[0] == "relion5-tomo"


@pytest.mark.parametrize(
    ("kind", "file_format"),
    [
        *[("ribosome", name) for name in ("csv", "copick", "cz-ndjson", "czii-csv")],
        ("particle", "czii-csv"),
    ],
)
def test_exported_picks_have_the_name_of_the_one_kind(
    tmp_path: Path, kind: str, file_format: str
) -> None:
    with mrcfile.new(tmp_path / "tomo.mrc", np.zeros((20, 64, 70), np.float32)) as file:
        file.set_volume()
        file.voxel_size = 10.0
    project = tmp_path / "project"
    sizes_A = {kind if kind != "particle" else None: 190.0}
    inputs = [str(tmp_path / "tomo.mrc")]
    prepare(project, inputs, user="ada", diameters_A=sizes_A, is_of_tomograms=True)
    with Workspace(project) as workspace:
        number = add_pick_set(workspace, name="general", threshold=0.5, classes=[kind])
        place = np.array([20.0])
        found = NewCandidates(place, place, np.array([0.9]), z_px=np.array([5.0]))
        save_image_picks(workspace, number, 1, found)
        picks = picks_as_table(workspace, number)
        content = exported(workspace, picks, "picks", file_format).content
    if file_format in ("copick", "cz-ndjson"):
        archive = zipfile.ZipFile(io.BytesIO(content))
        (name,) = [one for one in archive.namelist() if one.endswith("json")]
        content = name.encode() + archive.read(name)
    assert kind in content.decode()


def test_a_tomograms_star_that_does_not_fit_is_refused(
    tomogram: Workspace, services: Services, tmp_path: Path
) -> None:
    path = tmp_path / "tomograms.star"
    path.write_text("data_global\nloop_\n_rlnTomoName\nTS_01\n")
    with pytest.raises(BadInput, match=r"tomograms\.star.*rlnTomoSizeX"):
        keep_tomograms_star(tomogram, path)
    with pytest.raises(BadInput, match=r"none\.star"):
        keep_tomograms_star(tomogram, tmp_path / "none.star")
    with pytest.raises(UsageError, match="belongs to tomograms"):
        keep_tomograms_star(services.workspace, path)
    assert not (tomogram.folder / "tomograms.star").exists()


def test_what_a_format_cannot_hold_is_said_without_a_folder_of_ours(
    labelled: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object, path: Path, *__: object, **___: object) -> None:
        raise BadInput(f"{path}: cannot be.")

    monkeypatch.setattr("nunatak.server.transfer.export.write_picks", refuse)
    answer = labelled.get("/api/export/labels")
    assert (answer.status_code, answer.json()["message"]) == (422, "labels.star: cannot be.")


def test_the_usual_format_comes_first_and_without_asking(labelled: Browser) -> None:
    assert labelled.get("/api/export/formats").json()[0]["name"] == "relion-star"
    answer = labelled.get("/api/export/labels")
    assert answer.headers["content-disposition"] == 'attachment; filename="labels.star"'
    assert "_rlnCoordinateX" in answer.text


@pytest.fixture
def losing(tmp_path: Path, micrographs: Path) -> Iterator[tuple[Workspace, list[Path]]]:
    """A project with three labels on each of two images, and the files, to be lost."""
    folder = Path(shutil.copytree(micrographs, tmp_path / "data"))
    (folder / "mic_2.mrc").unlink()
    prepare(tmp_path / "lost", [str(folder)], user="ada", diameters_A={None: 160.0})
    with Workspace(tmp_path / "lost") as workspace:
        for image in images_of(workspace):
            points = [
                Point(id=f"point-{x:04.0f}", kind="particle", x=x, y=y, class_name="particle")
                for x, y in PLACES
            ]
            operations = [PutPoint(operation="put_point", point=point) for point in points]
            made = Edit(id=f"edit-{image.id:04d}", base_version=0, operations=operations)
            save_edit(workspace, image.id, made, "ada")
        yield workspace, sorted(folder.iterdir())


@pytest.mark.parametrize("file_format", [one.name for one in formats_for(2)])
def test_images_that_differ_by_folder_alone_go_into_formats_that_keep_folders(
    losing: tuple[Workspace, list[Path]], file_format: str
) -> None:
    workspace, files = losing
    other = files[0].parent / "b" / files[0].name
    other.parent.mkdir()
    files[1].rename(other)
    with workspace.writing() as connection:
        connection.execute("UPDATE image SET path = ? WHERE path = ?", (str(other), str(files[1])))
    if file_format in ("relion-star", "csv", "parquet", "cryosparc"):
        assert exported_labels(workspace, file_format, particles_only=True).content
        return
    remedy = r"different images.* export RELION STAR or CSV, which keep the folders"
    with pytest.raises(BadInput, match=remedy):
        exported_labels(workspace, file_format, particles_only=True)


def test_tomograms_that_differ_by_folder_alone_go_into_csv(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        with mrcfile.new(tmp_path / name / "tomo.mrc", np.zeros((20, 64, 70), np.float32)) as file:
            file.set_volume()
            file.voxel_size = 10.0
    project, inputs = tmp_path / "project", [str(tmp_path / "a"), str(tmp_path / "b")]
    prepare(project, inputs, user="ada", diameters_A={None: 100.0}, is_of_tomograms=True)
    point = Point(id="point-0001", kind="particle", x=9, y=12, z=5, class_name="particle")
    operations = [PutPoint(operation="put_point", point=point)]
    with Workspace(project) as workspace:
        for image in (1, 2):
            made = Edit(id=f"edit-000{image}", base_version=0, operations=operations)
            save_edit(workspace, image, made, "ada")
        assert exported_labels(workspace, "csv", particles_only=True).content
        with pytest.raises(BadInput, match="export CSV, which keeps the folders"):
            exported_labels(workspace, "copick", particles_only=True)


@pytest.mark.parametrize("file_format", [one.name for one in formats_for(2)])
def test_images_that_are_gone_keep_no_label_from_being_exported(
    losing: tuple[Workspace, list[Path]], file_format: str
) -> None:
    workspace, files = losing
    for image in images_of(workspace):
        set_image_facts(workspace, image.id, shape=(300, 400), pixel_size_A=4.0)
    before = exported_labels(workspace, file_format, particles_only=True).content
    files[0].unlink()  # one of them
    assert len(exported_labels(workspace, file_format, particles_only=True).content) == len(before)
    files[1].unlink()  # the whole folder, as when data are moved
    after = exported_labels(workspace, file_format, particles_only=True).content
    assert len(after) == len(before)
    if not zipfile.is_zipfile(io.BytesIO(before)) and file_format != "parquet":
        assert after == before


@pytest.mark.parametrize("file_format", ["csv", "relion-star", "eman-box"])
def test_a_gone_image_that_was_never_seen_keeps_no_other_label_from_being_exported(
    losing: tuple[Workspace, list[Path]], tmp_path: Path, file_format: str
) -> None:
    workspace, files = losing
    whole = exported_labels(workspace, "eman-box", particles_only=True).content
    files[0].unlink()
    saved = exported_labels(workspace, file_format, particles_only=True).content
    if file_format == "eman-box":
        # Boxes of the size that the other image's header tells.
        names = [zipfile.ZipFile(io.BytesIO(one)).read("mic_0.box") for one in (whole, saved)]
        assert names[0] == names[1]


def test_gone_tomograms_keep_no_label_from_being_exported(tmp_path: Path) -> None:
    with mrcfile.new(tmp_path / "tomo.mrc", np.zeros((20, 64, 70), np.float32)) as file:
        file.set_volume()
        file.voxel_size = 10.0
    project = tmp_path / "project"
    inputs = [str(tmp_path / "tomo.mrc")]
    prepare(project, inputs, user="ada", diameters_A={None: 100.0}, is_of_tomograms=True)
    point = Point(id="point-0001", kind="particle", x=9, y=12, z=5, class_name="particle")
    operations = [PutPoint(operation="put_point", point=point)]
    with Workspace(project) as workspace:
        made = Edit(id="edit-0001", base_version=0, operations=operations)
        save_edit(workspace, 1, made, "ada")
        set_image_facts(workspace, 1, shape=(20, 64, 70), pixel_size_A=10.0)
        (tmp_path / "tomo.mrc").unlink()
        for one in formats_for(3):
            assert exported_labels(workspace, one.name, particles_only=True).content


def test_formats_of_the_other_dimension_are_not_offered(client: Browser) -> None:
    names = [one["name"] for one in client.get("/api/export/formats").json()]
    assert "eman-box" in names
    assert "dynamo" not in names
    assert "dynamo" in [one.name for one in formats_for(3)]
    answer = client.get("/api/export/labels", params={"file_format": "dynamo"})
    assert answer.status_code == 422


@pytest.mark.parametrize(("which", "count"), [("selected", 3), ("kept", 2), ("all", 4)])
def test_picks_as_selected_or_kept_or_all(
    client: Browser, pick_set: int, tmp_path: Path, which: str, count: int
) -> None:
    answer = client.get("/api/export/picks", params={"pick_set": pick_set, "which": which})
    assert len(read_picks(saved(answer, tmp_path))) == count


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("pick_set=99", 404),
        ("pick_set=1&file_format=nothing", 422),
        ("pick_set=1&file_format=../../x", 422),
        ("pick_set=1&which=best", 422),
    ],
)
def test_exports_that_cannot_be(client: Browser, pick_set: int, query: str, status: int) -> None:
    assert pick_set == 1
    answer = client.get(f"/api/export/picks?{query}")
    assert answer.status_code == status
    assert answer.json()["message"]


def test_nothing_to_export_is_said(client: Browser) -> None:
    answer = client.get("/api/export/labels")
    assert answer.status_code == 422
    assert "nothing to export" in answer.json()["message"]


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1+1", "@SUM(1)", "-2+3"])
def test_no_name_becomes_a_formula_in_a_table(labelled: Browser, name: str) -> None:
    change = {"base_version": 1, "classes": [{"name": "particle"}, {"name": name}]}
    assert labelled.patch("/api/project", json=change).status_code == 200
    point = {"id": "formula-1", "kind": "particle", "x": 9, "y": 9, "class_name": name}
    operations = [{"operation": "put_point", "point": point}]
    edit = {"id": "edit-0002", "base_version": 1, "operations": operations}
    assert labelled.post("/api/images/1/edits", json=edit).status_code == 200
    text = labelled.get("/api/export/labels", params={"file_format": "csv"}).text
    assert f"'{name}" in text
    assert f",{name}" not in text


def test_labels_come_back_from_a_file_and_are_counted(labelled: Browser) -> None:
    content = labelled.get("/api/export/labels").content
    gone = {"operation": "remove", "ids": ["point-0000", "point-0001"]}
    edit = {"id": "edit-0002", "base_version": 1, "operations": [gone]}
    labelled.post("/api/images/1/edits", json=edit)
    answer = labelled.post(
        "/api/import/labels", params={"file_name": "l.star"}, content=content, headers=FILE
    )
    assert answer.status_code == 200, answer.text
    assert (answer.json()["added"], answer.json()["already_there"]) == (2, 2)
    assert labelled.get("/api/images/1").json()["labels"] == 3


@pytest.mark.parametrize("file_format", [one.name for one in formats_for(2)])
def test_every_export_is_read_again(labelled: Browser, tmp_path: Path, file_format: str) -> None:
    query = {"file_format": file_format, "which": "particles"}
    path = saved(labelled.get("/api/export/labels", params=query), tmp_path)
    gone = {"operation": "remove", "ids": [f"point-{number:04d}" for number in range(3)]}
    edit = {"id": "edit-0002", "base_version": 1, "operations": [gone]}
    labelled.post("/api/images/1/edits", json=edit)
    answer = labelled.post(
        "/api/import/labels",
        params={"file_name": path.name},
        content=path.read_bytes(),
        headers=FILE,
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["added"] == 3


def archive(*members: tuple[str, bytes], mode: int = 0o100644) -> bytes:
    """A ZIP archive with members of these names, however odd."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in members:
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            packed.writestr(member, text)
    return content.getvalue()


BOX = b"90 40 20 20\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04 and no more", "damaged"),
        (archive(("a.box", BOX))[:-30], "damaged"),
        (archive(), "without files"),
        (archive(("../mic_0.box", BOX)), "no plain name"),
        (archive(("/etc/mic_0.box", BOX)), "no plain name"),
        (archive(("a\\..\\mic_0.box", BOX)), "no plain name"),
        (archive(("mic_0.box", b"/etc/passwd"), mode=stat.S_IFLNK | 0o777), "is a link"),
        (archive(("autopick.star", b"data_")), "names other files"),
        (archive(("c.json", b'{"pickable_objects": [], "static_root": "/"}')), "other files"),
        (archive(*[(f"{number}.box", BOX) for number in range(6)]), "6 files, and at most 5"),
        (archive(("mic_0.box", b" " * 20_000)), "MB when it is unpacked"),
        (archive(("mic_0.box", BOX), ("mic_0.box/mic_1.box", BOX)), "damaged"),
    ],
)
def test_archives_that_would_do_harm_are_refused(
    client: Browser, monkeypatch: pytest.MonkeyPatch, content: bytes, message: str
) -> None:
    monkeypatch.setattr("nunatak.server.transfer.unpacking.MOST_FILES", 5)
    monkeypatch.setattr("nunatak.server.transfer.unpacking.MOST_BYTES", 10_000)
    answer = client.post(
        "/api/import/labels", params={"file_name": "a.zip"}, content=content, headers=FILE
    )
    assert answer.status_code == 422, answer.text
    assert message in answer.json()["message"]
    assert "nunatak-import" not in answer.json()["message"]
    assert [one["labels"] for one in client.get("/api/images").json()["images"]] == [0, 0, 0]


def test_an_archive_of_files_in_a_folder_is_read(client: Browser) -> None:
    content = archive(
        ("labels/mic_0.box", BOX), ("labels/mic_1.box", BOX), ("__MACOSX/labels/._mic_0.box", b"x")
    )
    answer = client.post(
        "/api/import/labels", params={"file_name": "a.ZIP"}, content=content, headers=FILE
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["added"] == 2


def test_a_file_of_one_image_is_known_by_its_name(client: Browser) -> None:
    answer = client.post(
        "/api/import/labels",
        params={"file_name": "C:\\data\\mic_2.box"},
        content=b"90 40 20 20\n",
        headers=FILE,
    )
    assert answer.json()["added"] == 1
    number = next(
        one["id"]
        for one in client.get("/api/images").json()["images"]
        if one["name"] == "mic_2.mrc"
    )
    assert client.get(f"/api/images/{number}").json()["labels"] == 1


def test_labels_on_other_images_are_counted_and_left_out(client: Browser) -> None:
    content = b"image,x_px,y_px\nmic_0.mrc,100,100\nelsewhere.mrc,1,1\nelsewhere.mrc,2,2\n"
    answer = client.post(
        "/api/import/labels", params={"file_name": "a.csv"}, content=content, headers=FILE
    )
    assert answer.json()["added"] == 1
    assert "2 labels" in " ".join(answer.json()["notes"])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.star", b"\x00\x01\x02"),
        ("a.star", b"data_\n\nloop_\n_rlnCoordinateX #1\n1 2 3\n"),
        ("a.cs", b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,)}"),
        ("a.parquet", b"PAR1PAR1"),
        ("a.csv", b"image,x_px,y_px\nmic_0.mrc,nan,inf\n"),
        ("a.csv", b"image,x_px,y_px\nnowhere.mrc,1,1\n"),
        ("a.pkl", b"cos\nsystem\n(S'touch owned'\ntR."),
        ("a.json", b'{"config_type": "filesystem", "static_root": "local:///etc", "x": 1}'),
        ("../../etc/cron.d/x.star", b"data_\n"),
        (".", b"x"),
        ("x" * 250 + ".csv", b"x"),
        ("a\x00.csv", b"x"),
        ("", b"x"),
        ("a.csv", b""),
    ],
)
def test_files_that_cannot_be_read_change_nothing(
    client: Browser, name: str, content: bytes
) -> None:
    answer = client.post(
        "/api/import/labels", params={"file_name": name}, content=content, headers=FILE
    )
    assert answer.status_code == 422, answer.text
    assert answer.json()["message"]
    assert "nunatak-import" not in answer.json()["message"]
    assert [one["labels"] for one in client.get("/api/images").json()["images"]] == [0, 0, 0]


def test_a_file_of_more_picks_than_anybody_labels_is_refused(
    client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nunatak.server.transfer.imports.MOST_PICKS", 2)
    answer = client.post(
        "/api/import/labels",
        params={"file_name": "a.csv"},
        content=b"image,x_px,y_px\n" + b"mic_0.mrc,1,1\n" * 3,
        headers=FILE,
    )
    assert answer.status_code == 422
    assert "3 picks, and at most 2" in answer.json()["message"]


@pytest.mark.parametrize("name", ["..", ".", "/", "a/..", "\\", "é" * 150])
def test_names_of_which_nothing_is_left(name: str) -> None:
    with pytest.raises(BadInput, match="usable name"):
        plain_name(name)
