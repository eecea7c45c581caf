"""What a pruning and a person decide about picks is seen wherever picks are."""

import re

import numpy as np
from label_server import Serve
from micrograph_view import MicrographView
from page_images import DIAMETER_A, Specimen
from playwright.sync_api import expect
from watched_page import Open, WatchedPage

from nunatak.workspace.connection import Workspace
from nunatak.workspace.picks import save_judgement

FIRST_PICKS_MS = 120_000
TO_REVIEW, REJECTED = 1, 2
"""Which of the candidates of the image, by rank."""


def test_rejected_picks_are_crossed_out_and_not_counted(
    serve: Serve, open_page: Open, micrographs: Specimen
) -> None:
    server = serve(str(micrographs.folder), "--diameter", f"{DIAMETER_A:g}")
    watched = open_page(server)
    page, view = watched.page, MicrographView(watched.page)
    view.wait()
    watched.wait_for(lambda: _is_picked(watched), at_most_ms=FIRST_PICKS_MS)
    image = watched.api("images")["images"][0]["id"]
    number, threshold = (_newest(watched)[key] for key in ("id", "threshold"))
    found = watched.api(f"pick-sets/{number}/images/{image}")
    selected = sum(score >= threshold for score in found["score"])
    count = page.get_by_test_id("candidate-count")
    expect(count).to_have_text(str(selected))

    def judge(in_doubt: str) -> None:
        with Workspace(server.project) as workspace:
            save_judgement(
                workspace,
                number,
                image,
                probability=np.linspace(0.9, 0.1, len(found["number"])),
                judged_class=["ice" if rank == REJECTED else "particle" for rank in _ranks(found)],
                decision=[
                    {TO_REVIEW: in_doubt, REJECTED: "reject"}.get(rank, "keep")
                    for rank in _ranks(found)
                ],
            )

    judge("review")
    # The page is told, and nothing has to be loaded again.
    expect(count).to_have_text(str(selected - 1))
    expect(page.get_by_test_id("rejected-count")).to_have_text("1")
    expect(page.get_by_test_id("review-count")).to_have_text("1")
    # Where a share of junk was asked for, what is unsure is no pick, and still drawn.
    judge("left out")
    expect(count).to_have_text(str(selected - 2))
    expect(page.get_by_test_id("left-out-count")).to_have_text("1")
    expect(page.get_by_test_id("review-count")).to_have_count(0)
    page.mouse.move(*view.place_of(found["x"][TO_REVIEW], found["y"][TO_REVIEW]))
    expect(page.get_by_test_id("pick-words")).to_contain_text("pruning: left out, to review")

    words = page.get_by_test_id("pick-words")
    place = view.place_of(found["x"][REJECTED], found["y"][REJECTED])
    page.mouse.move(*place)
    expect(words).to_have_text(re.compile("score .* pruning: rejected .looks like ice"))
    page.get_by_test_id("show-rejected").click()
    page.mouse.move(*place)
    expect(words).to_have_count(0)
    page.reload()
    view.wait()
    expect(page.get_by_test_id("show-rejected")).to_have_attribute("aria-pressed", "false")

    page.get_by_test_id("tab-review").click()
    here = page.get_by_test_id("selected-here")
    expect(here).to_have_text(re.compile(rf"^{selected - 2} of {len(found['number'])}"))
    expect(page.get_by_test_id("rejected-here")).to_have_text("1")
    expect(page.get_by_test_id("precision-from")).to_contain_text("the pruning's own")
    expect(page.get_by_test_id("rejected-bar")).to_have_count(1)

    page.get_by_test_id("view-compare").click()
    expect(page.get_by_test_id("compare-second")).to_have_value("itself")
    expect(page.get_by_test_id("compare-only-second")).to_have_text("2")
    page.get_by_test_id("compare-image").first.click()
    expect(page.get_by_test_id("show-rejected")).to_have_attribute("aria-pressed", "true")


def _newest(watched: WatchedPage) -> dict:
    return watched.api("pick-sets")["pick_sets"][0]


def _is_picked(watched: WatchedPage) -> bool:
    sets = watched.api("pick-sets")["pick_sets"]
    return bool(sets) and sets[0]["is_complete"]


def _ranks(found: dict) -> range:
    return range(len(found["number"]))
