"""The rooms of the house: a module imports only from rooms above its own."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import nunatak

PACKAGE = Path(nunatak.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

ROOMS = (
    "errors",
    "files",
    "geometry",
    "rotations",
    "sampling",
    "images",
    "picks",
    "simulate",
    "networks",
    "objectives",
    "training",
    "detection",
    "learning",
    "pruning",
    "workspace",
    "reports",
    "recipes",
    "describe",
    "doctor",
    "server",
    "cli",
)
"""From the ground up; DESIGN names the same order."""

HEAVY = {
    "fastapi",
    "gemmi",
    "lightning_fabric",
    "matplotlib",
    "mrcfile",
    "numpy",
    "pandas",
    "pyarrow",
    "scipy",
    "torch",
    "uvicorn",
    "zarr",
}


def room(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "nunatak" and len(parts) > 1 else None


def imported(path: Path, *, only_at_import_time: bool = False) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if only_at_import_time else list(ast.walk(tree))
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            # "from nunatak import geometry" names the room only in the alias.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_every_module_belongs_to_a_room_and_no_room_is_empty() -> None:
    rooms = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in MODULES}
    assert rooms - {"__init__", "models"} == set(ROOMS)


def test_contributors_are_told_the_same_rooms() -> None:
    text = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert f"house of rooms: {', '.join(f'`{room}`' for room in ROOMS)}." in text


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_upwards(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    # The package itself is the door to every room but the command line.
    last = ROOMS.index(own) if own in ROOMS else ROOMS.index("cli") - 1
    allowed = {*ROOMS[: last + 1], "models", "__version__"}
    wrong = {name for name in imported(path) if room(name) and room(name) not in allowed}
    assert not wrong, f"{own} may not import {', '.join(sorted(wrong))}"


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "cli").rglob("*.py")), ids=lambda path: path.name
)
def test_the_command_line_starts_light(path: Path) -> None:
    names = set(imported(path, only_at_import_time=True))
    heavy = {name for name in names if name.split(".")[0] in HEAVY}
    ours = {name for name in names if room(name) not in {None, "cli", "errors", "__version__"}}
    assert not heavy | ours, f"import {', '.join(sorted(heavy | ours))} inside the command"
