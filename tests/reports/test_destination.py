from pathlib import Path

import pytest

from nunatak.errors import UsageError
from nunatak.reports.destination import check_destination


@pytest.mark.parametrize("name", ["a.mrc", "picks.star", "report"])
def test_only_html_files_are_reports(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"Give a name that ends in \.html"):
        check_destination(tmp_path / name, redo=True)


def test_a_foreign_page_is_replaced_only_on_demand(tmp_path: Path) -> None:
    page = tmp_path / "r.html"
    check_destination(page)
    page.write_text("<!DOCTYPE html><title>my thesis</title>")
    with pytest.raises(UsageError, match=r"r\.html exists and is not a report of nunatak"):
        check_destination(page)
    check_destination(page, redo=True)


def test_a_folder_is_no_page(tmp_path: Path) -> None:
    (tmp_path / "r.html").mkdir()
    with pytest.raises(UsageError, match="is a folder"):
        check_destination(tmp_path / "r.html", redo=True)


def test_a_mistyped_folder_is_noticed(tmp_path: Path) -> None:
    check_destination(tmp_path / "new" / "r.html")
    with pytest.raises(UsageError, match="there is no folder"):
        check_destination(tmp_path / "new" / "deep" / "r.html")
