from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nunatak.images.micrograph_list import ListedMicrograph
from nunatak.workspace.connection import DATABASE, Workspace
from nunatak.workspace.images import add_images
from nunatak.workspace.project import ParticleClass, create_project

PARTICLE = ParticleClass(name="particle", diameter_A=180.0)


@pytest.fixture(scope="session")
def empty_projects(tmp_path_factory: pytest.TempPathFactory) -> dict[int, bytes]:
    """Databases without images, by the number of dimensions, so that no test waits for the disk."""
    made = {}
    for ndim in (2, 3):
        folder = tmp_path_factory.mktemp(f"project{ndim}")
        create_project(folder, ndim=ndim, classes=[PARTICLE], user="maria").close()
        made[ndim] = (folder / DATABASE).read_bytes()
    return made


@pytest.fixture
def make_project(
    tmp_path: Path, empty_projects: dict[int, bytes]
) -> Iterator[Callable[..., Workspace]]:
    """Make a project of images of 400 × 300 pixels (or 40 slices of them) of 2 Å."""
    made: list[Workspace] = []

    def make(names: list[str], *, ndim: int = 2) -> Workspace:
        folder = tmp_path / "nunatak-project"
        folder.mkdir()
        (folder / DATABASE).write_bytes(empty_projects[ndim])
        project = Workspace(folder)
        made.append(project)
        add_images(project, [ListedMicrograph(tmp_path / name, name) for name in names])
        shape = "[300, 400]" if ndim == 2 else "[40, 300, 400]"
        with project.writing() as connection:
            connection.execute("UPDATE image SET shape = ?, pixel_size_A = 2.0", (shape,))
        return project

    yield make
    for one in made:
        one.close()


@pytest.fixture
def workspace(make_project: Callable[..., Workspace]) -> Workspace:
    """A project of three micrographs, numbers 1 to 3."""
    return make_project(["mic_1.mrc", "mic_2.mrc", "mic_10.mrc"])


@pytest.fixture
def tomograms(make_project: Callable[..., Workspace]) -> Workspace:
    """A project of one tomogram, number 1."""
    return make_project(["tomo.mrc"], ndim=3)
