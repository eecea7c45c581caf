"""The tomograms of a run: copick, the CZ portal and the CZII data name runs, not images.

A run is a tilt series and all that was made of it. A tomogram in a copick project belongs to the
run whose folder it is in (``ExperimentRuns/<run>/VoxelSpacing10.000/wbp.zarr``), and one anywhere
else to the tilt series that its stem speaks of: picks in ``rec_TS_01.mrc`` are those of the run
``TS_01``. On reading, a run means the tomogram that has its name; only where none has are the marks
of RELION and Warp left out of account, as in their own files.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from nunatak.errors import Mismatch
from nunatak.images.copick_project import RUNS_FOLDER
from nunatak.picks.context import FormatContext
from nunatak.picks.formats import per_image
from nunatak.picks.names import series_of, stem_of


def run_of(image: str) -> str:
    """Return the run that a tomogram belongs to.

    Examples
    --------
    >>> run_of("project/ExperimentRuns/TS_5_4/VoxelSpacing10.000/wbp.zarr"), run_of("TS_1.mrc")
    ('TS_5_4', 'TS_1')
    >>> run_of("tomograms/rec_TS_1.mrc")
    'TS_1'
    """
    return _folder_of_run(image) or series_of(stem_of(image))


def _folder_of_run(image: str) -> str | None:
    folders = PurePosixPath(image).parts[:-1]
    if RUNS_FOLDER in folders[:-1]:
        return folders[folders.index(RUNS_FOLDER) + 1]
    return None


def _exact_name(image: str) -> str:
    return _folder_of_run(image) or stem_of(image)


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
        If a run fits no tomogram, or several of which not any may stand for it, or two runs would
        be one tomogram.
    """
    exact = _grouped(context.images.names, _exact_name)
    of_run = _grouped(context.images.names, run_of)
    found: dict[str, str] = {}
    for run in dict.fromkeys(runs):
        images = exact[run] or of_run[series_of(run)]
        if len(images) > 1 and not _any_serves(images, context):
            raise Mismatch(
                f"{path}: run {run} has {len(images)} tomograms: {', '.join(images[:3])}. "
                "Give the one that the picks belong to."
            )
        if images:
            found[run] = images[0]
    others = [run for run in dict.fromkeys(runs) if run not in found]
    found |= per_image.images_named(others, path, context)
    _refuse_merging(found, path)
    return found


def refuse_shared_runs(images: Iterable[str]) -> None:
    """Refuse tomograms whose picks would become those of one run.

    Raises
    ------
    Mismatch
        If two tomograms belong to one run.
    """
    for run, names in _grouped(images, run_of).items():
        if len(names) > 1:
            raise Mismatch(
                f"{' and '.join(names[:3])} are different tomograms, but the run is {run} for all "
                "of them. Write them separately, into separate places."
            )


def _any_serves(images: Iterable[str], context: FormatContext) -> bool:
    return context.tomograms.any_of_run and context.images.share_a_grid(images)


def _refuse_merging(found: dict[str, str], path: Path) -> None:
    runs_of: dict[str, str] = {}
    for run, image in found.items():
        other = runs_of.setdefault(image, run)
        if other != run:
            raise Mismatch(
                f"{path}: runs {other} and {run} would both be {image}. Give both tomograms, or "
                "rename one of the two runs."
            )


def _grouped(images: Iterable[str], key: Callable[[str], str]) -> defaultdict[str, list[str]]:
    of_key: defaultdict[str, list[str]] = defaultdict(list)
    for image in images:
        of_key[key(image)].append(image)
    return of_key
