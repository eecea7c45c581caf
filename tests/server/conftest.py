"""A small project, its server's parts, and a browser that has its cookie."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import mrcfile
import numpy as np
import pytest
from browser import Browser
from fastapi import FastAPI

from nunatak.server.app import create_api, create_app
from nunatak.server.page_files import PageFiles
from nunatak.server.parts import opened_services
from nunatak.server.prepare import prepare
from nunatak.server.security.access import Access, new_token
from nunatak.server.services import Services

USER = "ada"
SHAPE = (300, 400)
PIXEL_SIZE_A = 4.0


@pytest.fixture(scope="session")
def micrographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three small micrographs: noise, with a dark disk in the middle."""
    folder = tmp_path_factory.mktemp("micrographs")
    rng = np.random.default_rng(6)
    rows, columns = np.indices(SHAPE)
    disk = np.hypot(rows - SHAPE[0] / 2, columns - SHAPE[1] / 2) < 20
    for number in range(3):
        pixels = rng.normal(10.0, 1.0, SHAPE) - 2.0 * disk
        with mrcfile.new(folder / f"mic_{number}.mrc", pixels.astype(np.float32)) as file:
            file.voxel_size = PIXEL_SIZE_A
    return folder


@pytest.fixture(scope="session")
def fresh_project(tmp_path_factory: pytest.TempPathFactory, micrographs: Path) -> Path:
    """The folder of a project of these micrographs, to be copied and not used."""
    folder = tmp_path_factory.mktemp("fresh") / "project"
    prepare(folder, [str(micrographs)], user=USER, diameters_A={None: 160.0})
    return folder


@pytest.fixture
def project(tmp_path: Path, fresh_project: Path) -> Path:
    """The folder of a project of these micrographs."""
    return Path(shutil.copytree(fresh_project, tmp_path / "project"))


@pytest.fixture
def services(project: Path) -> Iterator[Services]:
    """The parts of a server of the project; no run is started."""
    with opened_services(project, USER) as parts:
        yield parts


@pytest.fixture
def access(project: Path) -> Access:
    """Who may use the server."""
    return Access(token=new_token(), project=str(project))


@pytest.fixture(scope="session")
def api() -> FastAPI:
    """The API, which takes a while to make."""
    return create_api()


@pytest.fixture(scope="session")
def page() -> PageFiles:
    """The page that is shipped."""
    return PageFiles.shipped()


@pytest.fixture
def stranger(
    api: FastAPI, page: PageFiles, services: Services, access: Access
) -> Iterator[Browser]:
    """A browser that was given no address with a token."""
    with Browser(create_app(services, access, page=page, api=api)) as browser:
        yield browser


@pytest.fixture
def client(stranger: Browser, access: Access) -> Browser:
    """A browser that opened the address with the token."""
    answer = stranger.get("/", params={"token": access.token})
    assert answer.status_code == 303
    return stranger
