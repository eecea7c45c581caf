from pathlib import Path

import pytest

from nunatak.errors import UsageError
from nunatak.picks.evaluation_files import check_evaluation_files


@pytest.mark.parametrize(
    "text", ["my thesis\n", '{"average_precision": 1}\n', "[1]", "threshold,selected\n", ""]
)
def test_another_file_is_replaced_only_on_demand(tmp_path: Path, text: str) -> None:
    path = tmp_path / "result.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"result\.json exists and does not come from"):
        check_evaluation_files([path], inputs=[])
    check_evaluation_files([path], inputs=[], overwrite=True)


def test_what_cannot_be_read_as_text_is_another_file(tmp_path: Path) -> None:
    path = tmp_path / "mic.mrc"
    path.write_bytes(bytes(range(256)))
    with pytest.raises(UsageError, match="exists and does not come from"):
        check_evaluation_files([path], inputs=[])


def test_an_input_is_never_replaced_by_whatever_name(tmp_path: Path) -> None:
    picks = tmp_path / "picks.csv"
    picks.write_text("image,x_px,y_px\n")
    (tmp_path / "link.csv").symlink_to(picks)
    for name in ("picks.csv", "link.csv"):
        with pytest.raises(UsageError, match="is one of the files that are judged"):
            check_evaluation_files([tmp_path / name], inputs=[picks], overwrite=True)


def test_folders_and_names_given_twice_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        check_evaluation_files([tmp_path], inputs=[])
    with pytest.raises(UsageError, match="is named twice"):
        check_evaluation_files([tmp_path / "a", tmp_path / "a"], inputs=[])
    with pytest.raises(UsageError, match="there is no folder"):
        check_evaluation_files([tmp_path / "new" / "deep" / "a"], inputs=[])
