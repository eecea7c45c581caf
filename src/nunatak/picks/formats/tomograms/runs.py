"""The tomograms of a run: copick, the CZ portal and the CZII data name runs, not images.

A run is a tilt series and all that was made of it. A tomogram in a copick project belongs to the
run whose folder it is in (``ExperimentRuns/<run>/VoxelSpacing10.000/wbp.zarr``), and one anywhere
else to the run of its stem.
"""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from nunatak.errors import Mismatch
from nunatak.images.copick_project import RUNS_FOLDER
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import per_image
from nunatak.picks.names import stem_of


def run_of(image: str) -> str:
    """Return the run that a tomogram belongs to.

    Examples
    --------
    >>> run_of("project/ExperimentRuns/TS_5_4/VoxelSpacing10.000/wbp.zarr"), run_of("rec/TS_1.mrc")
    ('TS_5_4', 'TS_1')
    """
    folders = PurePosixPath(image).parts[:-1]
    if RUNS_FOLDER in folders[:-1]:
        return folders[folders.index(RUNS_FOLDER) + 1]
    return stem_of(image)


def images_of_runs(runs: Iterable[str], path: Path, context: FormatContext) -> dict[str, str]:
    """Return the tomogram that each run of a file means; the run's name if none are known.

    Parameters
    ----------
    runs
        As the file has them.
    path
        The file, named in an error.
    context
        Knows the tomograms.

    Raises
    ------
    Mismatch
        If a run fits no tomogram, or several.
    """
    of_run = _by_run(context.images.names)
    found: dict[str, str] = {}
    for run in dict.fromkeys(runs):
        images = of_run[run]
        if len(images) > 1:
            raise Mismatch(
                f"{path}: run {run} has {len(images)} tomograms: {', '.join(images[:3])}. "
                "Give the one that the picks belong to."
            )
        if images:
            found[run] = images[0]
    others = [run for run in dict.fromkeys(runs) if run not in found]
    return found | per_image.images_named(others, path, context)


def refuse_shared_runs(images: Iterable[str]) -> None:
    """Refuse tomograms whose picks would become those of one run.

    Raises
    ------
    Mismatch
        If two tomograms belong to one run.
    """
    for run, names in _by_run(images).items():
        if len(names) > 1:
            raise Mismatch(
                f"{' and '.join(names[:3])} are different tomograms, but the run is {run} for all "
                "of them. Write them separately, into separate places."
            )


def _by_run(images: Iterable[str]) -> defaultdict[str, list[str]]:
    of_run: defaultdict[str, list[str]] = defaultdict(list)
    for image in images:
        of_run[run_of(image)].append(image)
    return of_run
