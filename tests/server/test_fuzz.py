"""Whatever is sent, as the API's own description allows and beyond: no answer is a surprise."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import schemathesis
from browser import HERE, Browser
from fastapi import FastAPI
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from nunatak.server.app import create_app
from nunatak.server.openapi import description
from nunatak.server.page_files import PageFiles
from nunatak.server.parts import opened_services
from nunatak.server.security.access import Access, new_token
from nunatak.workspace.columns import NewCandidates
from nunatak.workspace.connection import Workspace
from nunatak.workspace.pick_sets import add_pick_set
from nunatak.workspace.picks import save_image_picks

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 5
NUMBERS = {"image": 4, "pick_set": 3, "run": 3, "level": 3, "row": 3, "column": 3, "index": 3}
"""Of so many numbers, from 0, most requests are about one: some exist and some do not."""

# The stream of events has no end; it has tests of its own.
SCHEMA = schemathesis.openapi.from_dict(json.loads(description())).exclude(path="/api/events")


@SCHEMA.hook
def map_path_parameters(_context: Any, parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    for name, count in NUMBERS.items():
        number = (parameters or {}).get(name)
        if parameters and isinstance(number, int) and number % 4:
            parameters[name] = number % count
    return parameters


@pytest.fixture(scope="module")
def browser(
    tmp_path_factory: pytest.TempPathFactory, fresh_project: Path, api: FastAPI, page: PageFiles
) -> Iterator[Browser]:
    """A browser of a project that has picks."""
    folder = shutil.copytree(fresh_project, tmp_path_factory.mktemp("fuzz") / "project")
    _add_picks(Path(folder))
    access = Access(token=new_token(), project="fuzz")
    with (
        opened_services(Path(folder), "ada") as services,
        Browser(create_app(services, access, page=page, api=api)) as browser,
    ):
        browser.get("/", params={"token": access.token})
        yield browser


def _add_picks(folder: Path) -> None:
    rng = np.random.default_rng(1)
    with Workspace(folder) as workspace:
        number = add_pick_set(workspace, name="general", threshold=0.4, classes=["particle"])
        for image in (1, 2):
            places = rng.uniform(20.0, 280.0, (2, 40))
            found = NewCandidates(*places, rng.uniform(size=40))
            save_image_picks(workspace, number, image, found)


@SCHEMA.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
)
def test_answers_are_as_described(case: schemathesis.Case, browser: Browser) -> None:
    request = case.as_transport_kwargs(base_url=HERE)
    headers = dict(request.pop("headers", None) or {})
    request = {key: value for key, value in request.items() if key != "cookies"}
    if "data" in request:
        request["content"] = request.pop("data")
    method, url = request.pop("method"), request.pop("url")
    answer = browser.request(method, url, headers=headers, **request)
    case.validate_response(answer, checks=CHECKS)
