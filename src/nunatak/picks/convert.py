"""Convert picks from one format to another and account for every one of them."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from nunatak.errors import BadInput, UsageError
from nunatak.geometry import Orientation
from nunatak.picks import inspection
from nunatak.picks.context import FormatContext
from nunatak.picks.conversion_report import ConversionReport
from nunatak.picks.counted import counted
from nunatak.picks.file_grid import FileGrid
from nunatak.picks.formats.base import PickFormat
from nunatak.picks.formats.doors import AnyPath, files_of, paths_given, read_with
from nunatak.picks.formats.per_image import refuse_existing
from nunatak.picks.formats.registry import format_for_writing, format_named, refuse_dimensions
from nunatak.picks.formats.tomograms import copick_json, copick_tomograms
from nunatak.picks.formats.tomograms.copick_choice import refuse_idle_choice
from nunatak.picks.image_catalogue import ImageCatalogue
from nunatak.picks.losses import losses
from nunatak.picks.selection import chosen, count_newly_selected, count_unselected
from nunatak.picks.table import PickSet
from nunatak.picks.tomogram_facts import TomogramFacts

_DEFAULT_BORDER_BOX_PX = 3
"""Where nothing is known of the particle's size, picks on the outermost pixels count as border."""


def convert(
    source: AnyPath | Sequence[AnyPath],
    target: AnyPath,
    *,
    from_format: str | None = None,
    to_format: str | None = None,
    images: ImageCatalogue | None = None,
    image: str | None = None,
    input_grid: FileGrid | None = None,
    output_grid: FileGrid | None = None,
    input_orientation: Orientation | None = None,
    output_orientation: Orientation | None = None,
    box_px: int | None = None,
    round_coordinates: bool | None = None,
    refined: bool = False,
    tomograms: TomogramFacts | None = None,
    selected_only: bool = False,
    threshold: float | None = None,
    drop_outside: bool = False,
    duplicate_radius_px: float = 1.0,
    overwrite: bool = False,
    dry_run: bool = False,
) -> ConversionReport:
    """Read picks, check them, and write them in another format.

    Positions are never clipped, and no pick is left out unless ``selected_only``, ``threshold``
    or ``drop_outside`` asks for it.

    Parameters
    ----------
    source, from_format
        As in `read_picks`.
    target, to_format
        As in `write_picks`.
    images, image
        The images, and the image of a single file that does not name it.
    input_grid, output_grid
        In what the files count; None means pixels of the stored image, which a source must
        state if its format does not (Topaz).
    input_orientation, output_orientation
        How the files' axes relate to the stored image; None is each format's convention.
    box_px
        Box side in pixels of the target, for formats that hold boxes.
    round_coordinates, refined
        As in `write_picks` and `read_picks`.
    tomograms
        What files of picks in tomograms leave unsaid, on either side.
    selected_only
        Leave out candidates that are not marked as selected.
    threshold
        Leave out candidates whose score is lower or unknown. The others are marked as selected,
        where the source has such marks.
    drop_outside
        Leave out picks beyond the edge of their image.
    duplicate_radius_px
        Picks at most this far apart count as duplicates, pixels of the stored image.
    overwrite
        Replace files that exist.
    dry_run
        Do everything, but leave no file.

    Returns
    -------
    ConversionReport

    Raises
    ------
    UsageError
        If the unit of the source is not stated where its format leaves it open, the target
        needs something that is not given, there is no selection or score to choose by, or a
        copick user or session is named where nothing is copick's.
    BadInput
        If there are no picks and no images, and the target has files for each image.
    FormatError
        If a source is damaged.
    Mismatch
        If an image or its size is needed and unknown.
    """
    found = files_of(source, from_format)
    for file, fmt in found:
        _refuse_unstated_unit(file, fmt, input_grid)
    target = Path(target)
    catalogue = images if images is not None else ImageCatalogue()
    if image is None:
        catalogue = copick_tomograms.known(catalogue, found, paths_given(source))
    facts = replace(tomograms or TomogramFacts(), any_of_run=True)
    candidates = read_with(
        source,
        FormatContext(
            images=catalogue,
            image=image,
            grid=input_grid or FileGrid(),
            orientation=input_orientation,
            refined=refined,
            tomograms=facts,
        ),
        from_format,
    )
    target_format = (
        format_for_writing(target, candidates.ndim)
        if to_format is None
        else format_named(to_format)
    )
    refuse_dimensions(candidates, target_format)
    if target_format is not copick_json.FORMAT:
        refuse_idle_choice(found, facts)
    picks = chosen(candidates, selected_only=selected_only, threshold=threshold)
    is_chosen = selected_only or threshold is not None
    n_marked = (
        0 if selected_only or threshold is None else count_newly_selected(candidates, threshold)
    )
    extents = inspection.extents_of(picks.table, catalogue)
    outside = inspection.is_outside(picks.table, extents)
    writing = FormatContext(
        images=catalogue,
        grid=output_grid or FileGrid(),
        orientation=output_orientation,
        box_px=box_px,
        round_coordinates=round_coordinates,
        overwrite=overwrite,
        tomograms=facts,
    )
    kept = _without(picks, outside, extents) if drop_outside else picks
    _refuse_no_images(kept, target_format)
    written = _write(kept, target, target_format, writing, dry_run=dry_run)
    stored_box_px = (box_px or 0) * writing.grid.ratio_x or _DEFAULT_BORDER_BOX_PX
    pixel_size_A = _pixel_size_A(picks, catalogue)
    return ConversionReport(
        source_formats=tuple(dict.fromkeys(fmt.title for _, fmt in found)),
        target_format=target_format.title,
        n_in=len(candidates),
        n_left_out=len(candidates) - len(picks) if is_chosen else None,
        n_out=len(kept),
        n_images=len(picks.images),
        n_outside=int(outside.sum()),
        n_on_border=int(inspection.is_on_border(picks.table, extents, stored_box_px).sum()),
        n_duplicates=inspection.count_duplicates(picks.table, duplicate_radius_px),
        unplaced=extents.unknown,
        suspicion=inspection.suspected_unit(picks.table, extents, pixel_size_A),
        written=tuple(written),
        notes=(
            *([] if is_chosen else _unselected(kept, target_format)),
            *_marked(n_marked, target_format),
            *picks.notes,
            *_moves(extents),
            *losses(kept, target_format, writing),
        ),
        dry_run=dry_run,
    )


def _refuse_unstated_unit(file: Path, fmt: PickFormat, grid: FileGrid | None) -> None:
    if grid is None and not fmt.capabilities.unit_known:
        raise UsageError(
            f"{file}: a {fmt.title} does not say how far its images were downscaled. State it: "
            "--input-binning 1 if they were not."
        )


def _refuse_no_images(picks: PickSet, fmt: PickFormat) -> None:
    """Refuse what would leave no file: in a format of files for each image, picks of no image."""
    if picks.images or fmt.capabilities.multi_image:
        return
    what = {2: "micrograph", 3: "tomogram"}[picks.ndim]
    raise BadInput(
        f"There is nothing to write: there are no picks, no {what} is named either, and in this "
        f"format ({fmt.title}) each {what} has files of its own. A format of one file for all, "
        "such as csv, can say that there are no picks (--to)."
    )


def _without(picks: PickSet, outside: inspection.BoolArray, extents: inspection.Extents) -> PickSet:
    if extents.unknown:
        reason = next(iter(extents.unknown.values()))
        raise UsageError(
            "Picks outside cannot be dropped: the size of "
            f"{counted(len(extents.unknown), 'image')} is not known. {reason}"
        )
    return PickSet(picks.table[~outside], picks.optics, picks.images, picks.source, picks.notes)


def _write(
    picks: PickSet, target: Path, fmt: PickFormat, context: FormatContext, *, dry_run: bool
) -> list[Path]:
    if not dry_run:
        return fmt.write(picks, target, context)
    if target.is_file():
        refuse_existing([target], context)
    with tempfile.TemporaryDirectory(prefix="nunatak-") as folder:
        fmt.write(picks, Path(folder) / target.name, context)
    return []


def _pixel_size_A(picks: PickSet, images: ImageCatalogue) -> float | None:
    """Return the pixel size of the first image, to judge the unit of all."""
    sizes_A = picks.table.get("pixel_size_A")
    if sizes_A is not None and len(sizes_A) and np.isfinite(sizes_A.iloc[0]):
        return float(sizes_A.iloc[0])
    found = images.index.resolve_all(picks.images).found
    return images.pixel_size_A(next(iter(found.values()))) if found else None


def _unselected(picks: PickSet, fmt: PickFormat) -> list[str]:
    """Warn where candidates become picks, because the target tells them apart by nothing."""
    count = count_unselected(picks)
    if fmt.capabilities.score or not count:
        return []
    what = "is a candidate that is" if count == 1 else "are candidates that are"
    return [
        f"Warning: {count} of the {counted(len(picks), 'pick')} {what} not selected, and "
        f"{fmt.title} holds no scores to tell them apart. Give --selected-only or --threshold "
        "SCORE to leave them out."
    ]


def _marked(count: int, fmt: PickFormat) -> list[str]:
    """Say how many candidates the threshold has selected, where the target holds the marks."""
    can = fmt.capabilities
    if not count or not (can.preserves_columns or "selected" in can.columns):
        return []
    was, is_now = ("was", "is") if count == 1 else ("were", "are")
    return [
        f"{counted(count, 'candidate')} of at least the threshold {was} not selected, and {is_now} "
        "marked as selected now."
    ]


def _moves(extents: inspection.Extents) -> list[str]:
    if not extents.moved:
        return []
    verb = "was" if len(extents.moved) == 1 else "were"
    return [
        f"{counted(len(extents.moved), 'image')} {verb} found in another folder than the picks "
        f"state, such as {extents.moved[0]}."
    ]
