"""Read densities from atomic models (PDB, mmCIF) and maps (MRC)."""

from collections.abc import Iterable
from os import PathLike
from pathlib import Path

from nunatak.errors import BadInput
from nunatak.images.compressed import refuse_damaged
from nunatak.simulate.density import Density
from nunatak.simulate.density_map import density_of_map
from nunatak.simulate.density_model import density_of_model

MODEL_SUFFIXES = (".pdb", ".ent", ".cif", ".mmcif")
MAP_SUFFIXES = (".mrc", ".map", ".ccp4")


def load_density(path: str | PathLike[str], *, threshold: float | None = None) -> Density:
    """Read a particle from an atomic model or a map, by the file's suffix.

    Models (``.pdb``, ``.ent``, ``.cif``, ``.mmcif``, also gzipped) give one scatterer per heavy
    atom of the first model. The first biological assembly is built when the file describes one,
    otherwise the coordinates are used as they stand. Waters and hydrogens are left out, and of
    alternate conformations only the first is kept. Every heavy atom weighs as its electron count
    relative to the mean.

    Maps (``.mrc``, ``.map``, ``.ccp4``, also gzipped) give one scatterer per voxel, after finer
    maps are averaged to about 3 Å and coarser ones interpolated to at most 6 Å. The contour is
    Otsu's threshold among the voxels that stand out of the background (its median plus four
    robust standard deviations); the volume within the contour times 0.81 Da/Å³ is the mass,
    whatever the map's grey scale. Weights follow the density, and voxels on the rim down to half
    of the contour take part, so that coarse maps keep a soft edge.

    Parameters
    ----------
    path
        The file.
    threshold
        For maps only: the contour level in the map's own units, instead of Otsu's.

    Returns
    -------
    Density
        Centred, named after the file's stem.

    Raises
    ------
    FormatError
        If the content is not what the suffix says, is damaged, or lacks a voxel size.
    BadInput
        If the file is missing, of an unknown kind, or holds nothing to scatter.
    """
    file = Path(path)
    if not file.is_file():
        raise BadInput(f"{file}: no such file; give a PDB, mmCIF or MRC map")
    stem, suffix = _stem_and_suffix(file)
    _refuse_damaged(file)
    if suffix in MODEL_SUFFIXES:
        if threshold is not None:
            raise BadInput(f"{file}: a contour threshold applies to maps, not to atomic models")
        return density_of_model(file, stem)
    if suffix in MAP_SUFFIXES:
        return density_of_map(file, stem, threshold)
    raise BadInput(
        f"{file}: unknown kind of density {suffix!r}; "
        f"known are {', '.join(MODEL_SUFFIXES + MAP_SUFFIXES)}, each also with .gz"
    )


def load_densities(folder: str | PathLike[str]) -> list[Density]:
    """Read every model and map of a folder, in the order of their names.

    Raises
    ------
    BadInput
        If the folder is missing or holds no density; errors of single files pass through.
    """
    root = Path(folder)
    if not root.is_dir():
        raise BadInput(f"{root}: no such folder; give a folder of PDB, mmCIF or MRC files")
    files = sorted(
        entry
        for entry in root.iterdir()
        if entry.is_file() and _stem_and_suffix(entry)[1] in MODEL_SUFFIXES + MAP_SUFFIXES
    )
    if not files:
        raise BadInput(f"{root}: no density among its files; expected PDB, mmCIF or MRC maps")
    return [load_density(file) for file in files]


def visible_densities(paths: Iterable[str], pixel_size_A: float) -> list[Density]:
    """Read models, maps, and all of those in folders, each of which can be seen in an image.

    Parameters
    ----------
    paths
        Files and folders.
    pixel_size_A
        Side of a pixel or voxel of the images, Å.

    Raises
    ------
    BadInput
        If a density is smaller than a pixel; errors of reading pass through.
    """
    densities: list[Density] = []
    for path in map(Path, paths):
        found = load_densities(path) if path.is_dir() else [load_density(path)]
        for one in found:
            if one.diameter_A < pixel_size_A:
                named = f"{path} ({one.name})" if path.is_dir() else f"{path}"
                raise BadInput(
                    f"{named}: a diameter of {one.diameter_A:.3g} Å is less than one pixel or "
                    f"voxel, {pixel_size_A:g} Å. Give the model or map of a whole complex, or "
                    "finer images."
                )
        densities += found
    return densities


def _refuse_damaged(file: Path) -> None:
    # gemmi takes what comes out of a broken stream for the whole model, and mrcfile raises what no
    # reader of files expects.
    try:
        refuse_damaged(file)
    except OSError as error:
        raise BadInput(f"{file}: cannot be read ({error.strerror}).") from error


def _stem_and_suffix(path: Path) -> tuple[str, str]:
    name = path.name[:-3] if path.name.lower().endswith(".gz") else path.name
    inner = Path(name)
    return inner.stem, inner.suffix.lower()
