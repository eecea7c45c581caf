"""The package's own names: there, and free of charge until they are used."""

import subprocess
import sys

import pytest

import nunatak


@pytest.mark.parametrize("name", [name for name in nunatak.__all__ if name != "__version__"])
def test_every_public_name_is_a_documented_function(name: str) -> None:
    function = getattr(nunatak, name)
    assert callable(function)
    assert function.__name__ == name
    assert function.__doc__


def test_public_names_are_listed() -> None:
    assert set(nunatak.__all__) <= set(dir(nunatak))
    assert set(nunatak._HOMES) | {"__version__"} == set(nunatak.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'nunatak' has no attribute 'label'"):
        nunatak.label  # noqa: B018


def test_importing_the_package_loads_nothing_else() -> None:
    script = "import sys, nunatak; print(*(name for name in sys.modules if 'nunatak' in name))"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    # The hook of an editable installation may be listed beside the package itself.
    names = [name for name in result.stdout.split() if name.startswith("nunatak")]
    assert names == ["nunatak"]
