"""Sets of picks for tests."""

from typing import Any

import numpy as np

from nunatak.server.runs.found_set import SetFacts
from nunatak.server.services import Services
from nunatak.workspace.columns import NewCandidates
from nunatak.workspace.images import images_of, set_image_facts
from nunatak.workspace.pick_sets import add_pick_set
from nunatak.workspace.picks import save_image_picks


def candidates(score: list[float], x: list[float] | None = None) -> NewCandidates:
    """Candidates in a row, 20 pixels apart."""
    count = len(score)
    return NewCandidates(
        x_px=np.array(x or [20.0 * i for i in range(count)]),
        y_px=np.full(count, 50.0),
        score=np.array(score),
    )


def add_set(
    services: Services,
    score: list[float],
    *,
    x: list[float] | None = None,
    tables: dict[str, Any] | None = None,
    run: int | None = None,
) -> int:
    """A set with candidates on the first image, which is of known size."""
    facts = SetFacts(model="m", sha256="", threshold_tables=tables or {}, basis="tests")
    number = add_pick_set(
        services.workspace,
        name="general",
        run=run,
        threshold=0.5,
        classes=["particle"],
        provenance=facts.to_json(),
    )
    image = images_of(services.workspace)[0].id
    set_image_facts(services.workspace, image, shape=(300, 400), pixel_size_A=4.0)
    save_image_picks(services.workspace, number, image, candidates(score, x))
    return number
