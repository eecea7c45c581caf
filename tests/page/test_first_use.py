"""The whole way of a first-time user, in a real browser before the real server."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from label_server import LabelServer, Serve
from micrograph_view import MicrographView
from page_images import DIAMETER_A, PIXEL_SIZE_A, Specimen
from playwright.sync_api import expect
from watched_page import Open, TakePicture, WatchedPage

from nunatak.picks.formats import read_picks

FIRST_PICKS_MS = 60_000
TRAINING_MS = 600_000  # so long it takes on a machine with much else to do
LABELS_EACH = 5
THRESHOLD = 0.3


@pytest.mark.slow
def test_label_train_review_export_and_find_everything_again(
    serve: Serve,
    open_page: Open,
    micrographs: Specimen,
    take_picture: TakePicture,
    tmp_path: Path,
) -> None:
    server = serve(str(micrographs.folder))
    watched = open_page(server)

    say_the_diameter(watched)
    see_first_picks(watched)
    click_ten_particles(watched, micrographs, take_picture)
    train(watched, take_picture)
    move_the_threshold(watched, take_picture)
    review_by_keys(watched, take_picture)
    exported = export(watched, tmp_path)
    assert exported == restart_and_export(watched, server, tmp_path)


def say_the_diameter(watched: WatchedPage) -> None:
    page = watched.page
    expect(page.get_by_test_id("ask-diameter")).to_be_visible()
    page.get_by_test_id("diameter").first.fill(f"{DIAMETER_A:.0f}")
    page.get_by_test_id("diameter-save").first.click()
    expect(page.get_by_test_id("ask-diameter")).to_be_hidden()


def see_first_picks(watched: WatchedPage) -> None:
    MicrographView(watched.page).wait()
    picks = watched.page.get_by_test_id("image-picks")
    expect(picks).to_have_text(re.compile(r"^[1-9]\d* pick"), timeout=FIRST_PICKS_MS)
    # The queue says the same of the image.
    said = re.compile(re.escape(picks.inner_text()))
    expect(watched.page.get_by_test_id("queue-picks").first).to_have_text(said)


def click_ten_particles(
    watched: WatchedPage, micrographs: Specimen, take_picture: TakePicture
) -> None:
    """Five on each of two micrographs; the server has them where the particles are."""
    view = MicrographView(watched.page)
    for image in watched.api("images")["images"][:2]:
        view.open(image["id"], image["name"])
        particles = micrographs.clear_of_borders(image["name"]).head(LABELS_EACH)
        for row in particles.itertuples():
            view.click(row.x_px, row.y_px)
        labels = watched.labels(image["id"])
        assert len(labels) == LABELS_EACH
        for label, row in zip(labels, particles.itertuples(), strict=True):
            # A click on a circle takes that circle's place.
            away_px = np.hypot(label["x"] - row.x_px, label["y"] - row.y_px)
            assert away_px < 0.25 * DIAMETER_A / PIXEL_SIZE_A
            assert label["kind"] == "particle"
        expect(watched.page.get_by_test_id("image-labels")).to_have_text(f"{LABELS_EACH} particles")
    take_picture(watched, "label")


def train(watched: WatchedPage, take_picture: TakePicture) -> None:
    """The new model's picks come beside the old; labels stay as they are."""
    page = watched.page
    before = [watched.labels(image["id"]) for image in watched.api("images")["images"]]
    (old,) = watched.api("pick-sets")["pick_sets"]
    page.get_by_test_id("tab-train").click()
    expect(page.get_by_test_id("train-unchecked")).to_contain_text("none checks")
    page.get_by_test_id("train-start").click()
    progress = page.get_by_text(re.compile(r"training · [2-9]\d of"))
    expect(progress).to_be_visible(timeout=TRAINING_MS)
    take_picture(watched, "train")
    stop_and_continue(watched)
    done = page.locator('[data-kind="train"][data-state="done"]')
    expect(done).to_be_visible(timeout=TRAINING_MS)
    learned = f"Learned from {2 * LABELS_EACH} particles"
    expect(page.get_by_test_id("trained-verdict")).to_contain_text(learned)
    page.get_by_test_id("tab-review").click()
    expect(page.get_by_test_id("shown-set")).not_to_have_value(str(old["id"]), timeout=TRAINING_MS)
    expect(page.get_by_test_id("beside-set")).to_have_value(str(old["id"]))
    watched.wait_for(lambda: newest_set(watched)["is_complete"], at_most_ms=TRAINING_MS)
    new = newest_set(watched)
    assert new["id"] != old["id"]
    image = watched.api("images")["images"][0]["id"]
    scores = [watched.api(f"pick-sets/{one['id']}/images/{image}")["score"] for one in (old, new)]
    assert scores[0] != scores[1]
    assert before == [watched.labels(one["id"]) for one in watched.api("images")["images"]]


def stop_and_continue(watched: WatchedPage) -> None:
    """Steps that were done before the stop are not done again."""
    page = watched.page
    page.locator('[data-kind="train"]').get_by_test_id("stop-run").click()
    stopped = page.locator('[data-kind="train"][data-state="stopped"]')
    expect(stopped).to_contain_text("Press Continue to go on", timeout=TRAINING_MS)
    done_before = training_steps(watched)
    stopped.get_by_test_id("continue-run").click()
    watched.wait_for(
        lambda: len(training_steps(watched)) > len(done_before), at_most_ms=TRAINING_MS
    )
    steps = training_steps(watched)
    assert steps[: len(done_before)] == done_before
    assert steps == sorted(set(steps))


def training_steps(watched: WatchedPage) -> list[int]:
    """Return the steps on the curve of the only training."""
    (run,) = (one for one in watched.api("runs")["runs"] if one["kind"] == "train")
    return [point["step"] for point in run["curve"]]


def newest_set(watched: WatchedPage) -> dict[str, Any]:
    """Return what the server says of the newest set of picks."""
    newest: dict[str, Any] = watched.api("pick-sets")["pick_sets"][0]
    return newest


def move_the_threshold(watched: WatchedPage, take_picture: TakePicture) -> None:
    page = watched.page
    slider = page.get_by_test_id("threshold")
    counts = []
    for value in (0.9, THRESHOLD):
        slider.fill(str(value))
        slider.dispatch_event("change")
        expect(page.get_by_test_id("threshold-value")).to_have_text(re.compile(f"{value:g}"))
        counts.append(selected_by(watched, value))
        expect(page.get_by_test_id("selected-all")).to_have_text(re.compile(rf"^{counts[-1]}\b"))
    assert counts[1] > counts[0]
    watched.wait_for(lambda: newest_set(watched)["threshold"] == THRESHOLD)
    take_picture(watched, "review")


def review_by_keys(watched: WatchedPage, take_picture: TakePicture) -> None:
    """Keep the first, reject the second, reject the third for a reason."""
    page = watched.page
    page.get_by_test_id("view-gallery").click()
    items = page.get_by_test_id("gallery-item")
    expect(items.nth(2)).to_have_attribute("data-number", re.compile(r"\d+"))
    items.first.click()
    for key, decision in (("k", "keep"), ("r", "reject"), ("1", "reject")):
        at = page.locator('[data-testid="gallery-item"].at')
        number = at.get_attribute("data-number")
        page.keyboard.press(key)
        decided = page.locator(f'[data-testid="gallery-item"][data-number="{number}"]')
        expect(decided).to_have_attribute("data-decision", decision)
    watched.wait_until_saved()
    expect(page.get_by_test_id("decided")).to_have_text(re.compile("kept 1 and rejected 2 by hand"))
    take_picture(watched, "gallery")
    page.get_by_test_id("view-compare").click()
    expect(page.get_by_test_id("compare-both")).to_have_text(re.compile(r"\d"))
    page.get_by_test_id("view-image").click()
    words = decisions(watched)
    assert sorted(words.values()) == ["keep", "reject", "reject"]


def decisions(watched: WatchedPage) -> dict[int, str]:
    """Return what people said of the newest set's candidates."""
    newest = newest_set(watched)["id"]
    items = watched.api(f"pick-sets/{newest}/gallery?selected_only=false&limit=400")["items"]
    return {item["number"]: item["decision"] for item in items if item["decision"]}


def export(watched: WatchedPage, folder: Path) -> list[tuple[float, float]]:
    """Save what was not rejected for RELION, and read the file back."""
    page = watched.page
    page.get_by_test_id("export-open").first.click()
    page.get_by_test_id("export-picks").check()
    page.get_by_test_id("export-which").select_option("kept")
    page.get_by_test_id("export-format").select_option("relion-star")
    with page.expect_download() as waiting:
        page.get_by_test_id("export-save").click()
    path = folder / "exported.star"
    waiting.value.save_as(path)
    expect(page.get_by_test_id("export-saved")).to_be_visible()
    page.keyboard.press("Escape")
    table = read_picks(path).table
    assert newest_set(watched)["threshold"] == THRESHOLD
    assert set(table["image"].map(lambda name: Path(name).name)) <= {
        image["name"] for image in watched.api("images")["images"]
    }
    return [(row.x_px, row.y_px) for row in table.itertuples()]


def restart_and_export(
    watched: WatchedPage, server: LabelServer, folder: Path
) -> list[tuple[float, float]]:
    """End the server, start it again without any image, and find everything as it was."""
    before = [watched.labels(image["id"]) for image in watched.api("images")["images"]]
    words = decisions(watched)
    watched.page.goto("about:blank")
    assert server.interrupt() == 0
    server.words = ()
    server.start()
    watched.page.goto(server.address)
    MicrographView(watched.page).wait()
    images = watched.api("images")["images"]
    assert before == [watched.labels(image["id"]) for image in images]
    assert words == decisions(watched)
    assert [image["state"] for image in images] == ["labelled", "labelled", "new"]
    return export(watched, folder)


def selected_by(watched: WatchedPage, threshold: float) -> int:
    """Return how many candidates of the newest set have at least a score."""
    newest = newest_set(watched)["id"]
    points = watched.api(f"pick-sets/{newest}/histogram")["points"]
    (count,) = (one["selected"] for one in points if abs(one["threshold"] - threshold) < 1e-6)
    return int(count)
