"""The addresses of pictures."""

from types import SimpleNamespace

import numpy as np
import pytest
from browser import Browser

from nunatak.server.app import create_api


@pytest.fixture(scope="module")
def app(show_in, write_mrc, tmp_path_factory):
    """The API of a project of a micrograph of 600 × 700 pixels, and of one that is not there."""
    folder = tmp_path_factory.mktemp("routes")
    pixels = np.random.default_rng(0).normal(0, 1, (600, 700)).astype(np.float32)
    path = write_mrc(folder / "mic.mrc", pixels)
    shown = show_in(folder / "project", path, folder / "gone.mrc")
    app = create_api()
    app.state.services = SimpleNamespace(workspace=shown.workspace, pictures=shown.pictures)
    yield app
    shown.close()


@pytest.fixture
def ask(app):
    """Return what asks the API for a picture."""
    with Browser(app) as client:
        yield lambda address, **options: client.get(f"/api/images/{address}", **options)


def test_a_tile(ask, decoded):
    answer = ask("1/tiles/0/1/1")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert decoded(answer.content).shape == (600 - 512, 700 - 512)


def test_the_pyramid_and_the_thumbnail(ask, decoded):
    pyramid = ask("1/pyramid").json()
    assert pyramid["levels"][1] == {
        "scale": 2.0,
        "width": 350,
        "height": 300,
        "low": pyramid["levels"][1]["low"],
        "high": pyramid["levels"][1]["high"],
    }
    assert decoded(ask("1/thumbnail").content).shape == (219, 256)


def test_with_the_version_a_picture_may_be_kept_for_good(ask):
    version = ask("1/pyramid").json()["version"]
    for address in ("1/tiles/0/0/0", "1/thumbnail"):
        assert "immutable" in ask(address, params={"v": version}).headers["cache-control"]
        assert ask(address).headers["cache-control"] == "private, no-cache"


def test_pieces_of_another_version_are_refused(ask):
    answer = ask("1/tiles/0/0/0", params={"v": "other"})
    assert answer.status_code == 409
    assert "has changed" in answer.json()["message"]
    # A thumbnail is whole whatever the version.
    answer = ask("1/thumbnail", params={"v": "other"})
    assert answer.headers["cache-control"] == "private, no-cache"


def test_without_it_an_unchanged_picture_is_not_sent_again(ask):
    tag = ask("1/tiles/0/0/0").headers["etag"]
    again = ask("1/tiles/0/0/0", headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert again.content == b""
    assert ask("1/tiles/0/0/0", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "99/pyramid", "99/thumbnail", "99/tiles/0/0/0", "99/slices", "99/slices/xy/0",
        "1/tiles/0/2/0", "1/tiles/0/0/2", "1/tiles/9/0/0", "1/slices", "1/slices/xy/0",
    ],
)  # fmt: skip
def test_what_is_not_there(ask, address):
    answer = ask(address)
    assert answer.status_code == 404
    assert answer.json()["message"]


@pytest.mark.parametrize(
    "address",
    [
        "2/pyramid", "2/thumbnail", "2/tiles/0/0/0",
        "1/tiles/-1/0/0", "1/tiles/0/0/1.5", "1/tiles/0/0/99999999999999999999", "mic.mrc/pyramid",
        "1/slices/xw/0", "1/slices/xy/0?thickness=0", "1/slices/xy/0?size=11",
    ],
)  # fmt: skip
def test_what_cannot_be_read_or_is_no_number(ask, address):
    answer = ask(address)
    assert answer.status_code == 422
    assert answer.json()["message"]


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "%2e%2e%2fmic.mrc", "mic.mrc%00", "/etc/passwd"]
)
def test_an_image_is_never_named_by_a_path(ask, path):
    for kind in ("thumbnail", "pyramid", "tiles/0/0/0"):
        assert ask(f"{path}/{kind}").status_code in {404, 422}
