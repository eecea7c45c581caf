"""Two people change the settings of a project at once."""

from label_server import Serve
from micrograph_view import MicrographView
from page_images import Specimen
from playwright.sync_api import expect
from watched_page import Open


def test_a_form_does_not_undo_what_somebody_else_saved_meanwhile(
    serve: Serve, open_page: Open, micrographs: Specimen
) -> None:
    server = serve(str(micrographs.folder), "--diameter", "120")
    first, second = open_page(server), open_page(server)
    first.expect("status of 409")
    for watched in (first, second):
        MicrographView(watched.page).wait()
        watched.page.get_by_test_id("open-project").click()
    first.page.get_by_test_id("project-name").fill("Ferritin")

    second.page.get_by_test_id("class-diameter-0").fill("150")
    second.page.get_by_test_id("add-class").click()
    second.page.get_by_test_id("class-name-1").fill("proteasome")
    second.page.get_by_test_id("project-save").click()
    expect(second.page.get_by_test_id("project-dialog")).to_be_hidden()

    first.page.get_by_test_id("project-save").click()
    dialog = first.page.get_by_test_id("project-dialog")
    expect(dialog.get_by_role("alert")).to_contain_text("by another person meanwhile")
    expect(dialog.get_by_test_id("project-name")).to_have_value("Ferritin")
    expect(dialog.get_by_test_id("class-diameter-0")).to_have_value("150")
    expect(dialog.get_by_test_id("class-name-1")).to_have_value("proteasome")
    first.page.get_by_test_id("project-save").click()
    expect(dialog).to_be_hidden()
    project = first.api("project")
    assert project["name"] == "Ferritin"
    assert [(one["name"], one["diameter_A"]) for one in project["classes"]] == [
        ("particle", 150.0),
        ("proteasome", None),
    ]
