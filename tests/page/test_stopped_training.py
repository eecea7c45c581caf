"""A training that is stopped goes on from where it was, and what came of it is said."""

import re

import pytest
from label_server import Serve
from page_images import DIAMETER_A, Specimen
from playwright.sync_api import expect
from watched_page import Open

from nunatak.workspace.connection import Workspace
from nunatak.workspace.images import images_of
from nunatak.workspace.labels import save_edit
from nunatak.workspace.marks import Edit, Point, PutPoint

TRAINING_MS = 600_000  # so long it takes on a machine with much else to do


@pytest.mark.slow
def test_a_stopped_training_goes_on_at_a_click(
    serve: Serve, open_page: Open, micrographs: Specimen
) -> None:
    server = serve(str(micrographs.folder), "--diameter", f"{DIAMETER_A:.0f}")
    with Workspace(server.project) as workspace:
        for image in images_of(workspace)[:2]:
            particles = micrographs.clear_of_borders(image.name).head(4)
            points = [
                Point(id=f"point-{i:06d}", kind="particle", x=x, y=y, class_name="particle")
                for i, (x, y) in enumerate(particles[["x_px", "y_px"]].to_numpy().tolist())
            ]
            operations = [PutPoint(operation="put_point", point=point) for point in points]
            edit = Edit(id=f"edit-{image.id:06d}", base_version=0, operations=operations)
            save_edit(workspace, image.id, edit, "ada")
    watched = open_page(server)
    page = watched.page
    page.get_by_test_id("tab-train").click()
    expect(page.get_by_test_id("train-unchecked")).to_contain_text("none checks")
    page.get_by_test_id("train-start").click()
    training = page.locator('[data-kind="train"]')
    expect(training.get_by_test_id("run-progress")).to_have_text(
        re.compile(r"training\s+· \d+ of"), timeout=TRAINING_MS
    )
    training.get_by_test_id("stop-run").click()
    stopped = page.locator('[data-kind="train"][data-state="stopped"]')
    expect(stopped).to_contain_text("Press Continue to go on", timeout=TRAINING_MS)
    stopped.get_by_test_id("continue-run").click()
    done = page.locator('[data-kind="train"][data-state="done"]')
    expect(done).to_be_visible(timeout=TRAINING_MS)
    expect(page.get_by_test_id("trained-verdict")).to_contain_text("Learned from 8 particles")
    run = next(one for one in watched.api("runs")["runs"] if one["kind"] == "train")
    assert "Its threshold was chosen by your labels." in run["message"]
    # Steps that were done before the stop were not done again.
    steps = [point["step"] for point in run["curve"]]
    assert steps == sorted(set(steps))
