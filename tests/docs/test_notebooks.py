"""The notebooks of the manual are kept without outputs, run in CI, and become plain pages."""

import base64
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "docs").glob("*.ipynb"))

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbclient")


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("notebooks", ROOT / "docs/hooks/notebooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def notebook_of(*sources: str) -> nbformat.NotebookNode:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title"), *cells])


def test_there_is_a_tutorial() -> None:
    assert "tomogram-tutorial.ipynb" in [path.name for path in NOTEBOOKS]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_no_output_is_kept(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    for cell in code:
        assert not cell.outputs
        assert cell.execution_count is None


def test_building_the_manual_runs_the_notebooks(hook: ModuleType) -> None:
    recipe = re.search(r"^docs:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe is not None
    assert f"{hook.EXECUTE}=1" in recipe[1]
    assert "make docs" in (ROOT / ".ci/run").read_text()


def test_outputs_come_after_their_cells(hook: ModuleType) -> None:
    notebook = notebook_of("print(1)\nprint(2)", "6 * 7")
    hook.execute(notebook, "one.ipynb")
    text, pictures = hook.page(notebook, "one")
    assert text.startswith("# Title\n\n")
    assert "[download it](one.ipynb)" in text
    cells = "```python\nprint(1)\nprint(2)\n```\n\n```text\n1\n2\n```\n\n"
    assert text.endswith(cells + "```python\n6 * 7\n```\n\n```text\n42\n```\n")
    assert not pictures


def test_an_error_in_a_cell_fails_the_build(hook: ModuleType) -> None:
    with pytest.raises(hook.PluginError) as caught:
        hook.execute(
            notebook_of("assert 2 + 2 == 5, 'not even for large values of 2'"), "two.ipynb"
        )
    assert str(caught.value).startswith("two.ipynb does not run: ")
    assert "AssertionError: not even for large values of 2" in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_pictures_become_files(hook: ModuleType) -> None:
    notebook = notebook_of("draw()")
    content = b"\x89PNG\r\n\x1a\n and so on"
    data = {"image/png": base64.b64encode(content).decode(), "text/plain": "<Figure>"}
    notebook.cells[1].outputs = [nbformat.v4.new_output("display_data", data)]
    text, pictures = hook.page(notebook, "three")
    assert pictures == {"three-1.png": content}
    assert "(three-1.png)" in text
    assert "<Figure>" not in text


def test_without_running_a_page_has_the_cells_alone(hook: ModuleType) -> None:
    text, pictures = hook.page(notebook_of("1 + 1"), "four")
    assert text.endswith("```python\n1 + 1\n```\n")
    assert not pictures
