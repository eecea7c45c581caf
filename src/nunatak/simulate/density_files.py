"""Read densities from atomic models (PDB, mmCIF) and maps (MRC)."""

import logging
from os import PathLike
from pathlib import Path

import gemmi
import mrcfile
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from nunatak.errors import BadInput, FormatError
from nunatak.simulate.density import PROTEIN_DENSITY_DA_PER_A3, Density

_log = logging.getLogger(__name__)

MODEL_SUFFIXES = (".pdb", ".ent", ".cif", ".mmcif")
MAP_SUFFIXES = (".mrc", ".map", ".ccp4")

_COARSEST_USEFUL_VOXEL_A = 25.0
_FINEST_VOXEL_A = 3.0  # finer maps are averaged, or their scatterers would number millions
_COARSEST_VOXEL_A = (
    6.0  # coarser ones are interpolated, or their lattice would show in views along it
)
_BLUR_PER_VOXEL = 0.5
_NOISE_SIGMAS = 4.0
_LARGEST_ASSEMBLY_ATOMS = 5_000_000


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
        If the content is not what the suffix says, or lacks a voxel size.
    BadInput
        If the file is missing, of an unknown kind, or holds nothing to scatter.
    """
    file = Path(path)
    if not file.is_file():
        raise BadInput(f"{file}: no such file; give a PDB, mmCIF or MRC map")
    stem, suffix = _stem_and_suffix(file)
    if suffix in MODEL_SUFFIXES:
        if threshold is not None:
            raise BadInput(f"{file}: a contour threshold applies to maps, not to atomic models")
        return _from_model(file, stem)
    if suffix in MAP_SUFFIXES:
        return _from_map(file, stem, threshold)
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


def _stem_and_suffix(path: Path) -> tuple[str, str]:
    name = path.name[:-3] if path.name.lower().endswith(".gz") else path.name
    inner = Path(name)
    return inner.stem, inner.suffix.lower()


def _from_model(path: Path, name: str) -> Density:
    try:
        structure = gemmi.read_structure(str(path))
    except (RuntimeError, ValueError, OSError) as error:
        raise FormatError(path, f"not readable as an atomic model ({error})") from error
    if len(structure) == 0:
        raise FormatError(path, "holds no atomic model", hint="Is it a map or a ligand library?")
    model = structure[0]
    if structure.assemblies:
        model = gemmi.make_assembly(
            structure.assemblies[0], model, gemmi.HowToNameCopiedChain.AddNumber
        )
    positions, electrons, mass_Da = [], [], 0.0
    for site in model.all():
        atom = site.atom
        if site.residue.is_water() or atom.is_hydrogen() or not _is_first_conformation(site):
            continue
        positions.append(atom.pos.tolist())
        electrons.append(float(atom.element.atomic_number) * min(atom.occ or 1.0, 1.0))
        mass_Da += atom.element.weight
    if not positions:
        raise BadInput(f"{path}: no heavy atom apart from waters; nothing to simulate")
    if len(positions) > _LARGEST_ASSEMBLY_ATOMS:
        _log.warning("%s: %d heavy atoms; consider a map instead", path, len(positions))
    return Density.from_scatterers(
        name, positions, electrons, mass_kDa=mass_Da * _HYDROGEN_FACTOR / 1000.0
    )


# Hydrogens carry 7 % of a protein's mass (53 % C, 7 % H, 16 % N, 23 % O, 1 % S).
_HYDROGEN_FACTOR = 1.0 / 0.93


def _is_first_conformation(site: "gemmi.CRA") -> bool:
    altloc = site.atom.altloc
    if altloc == "\0":
        return True
    alternatives = [atom.altloc for atom in site.residue if atom.name == site.atom.name]
    return bool(altloc == alternatives[0])


def _from_map(path: Path, name: str, threshold: float | None) -> Density:
    data, voxel_A = _read_map(path)
    data, voxel_A = _at_working_voxel(data, voxel_A)
    background = float(np.median(data))
    noise = 1.4826 * float(np.median(np.abs(data - background)))
    height = data - background
    standing_out = height[height > max(_NOISE_SIGMAS * noise, 0.02 * float(height.max()))]
    if standing_out.size == 0 or not height.max() > 0:
        raise BadInput(f"{path}: no voxel stands out of the background; is the contrast inverted?")
    contour = _otsu(standing_out) if threshold is None else threshold - background
    if contour <= 0:
        raise BadInput(
            f"{path}: contour {threshold} is not above the background ({background:.4g})"
        )
    inside = height > contour
    if not inside.any():
        raise BadInput(
            f"{path}: no voxel above the contour {threshold}; the largest is {data.max():.4g}"
        )
    rim = ndimage.binary_dilation(inside, iterations=1) & (height > 0.5 * contour)
    taken = inside | rim
    iz, iy, ix = np.nonzero(taken)
    # A lattice projected onto pixels beats with them in stripes; a shifted one does not. The
    # shifts are drawn from a fixed seed: one file, one density.
    shift = np.random.default_rng(0).uniform(-0.5, 0.5, (len(ix), 3))
    positions = (np.stack([ix, iy, iz], axis=1) + shift) * voxel_A
    volume_A3 = int(inside.sum()) * float(np.prod(voxel_A))
    return Density.from_scatterers(
        name,
        positions,
        height[taken],
        mass_kDa=volume_A3 * PROTEIN_DENSITY_DA_PER_A3 / 1000.0,
        blur_A=_BLUR_PER_VOXEL * float(voxel_A.max()),
    )


def _read_map(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Read a map as ``[z, y, x]`` with its voxel size ``(x, y, z)`` in Å."""
    try:
        with mrcfile.open(path, mode="r") as file:
            data = np.asarray(file.data, dtype=np.float64)
            header = file.header
            size = file.voxel_size
            voxel_A = np.array([float(size.x), float(size.y), float(size.z)])
            order = [int(header.mapc), int(header.mapr), int(header.maps)]
    except (ValueError, OSError, TypeError) as error:
        raise FormatError(path, f"not readable as an MRC map ({error})") from error
    if data.ndim != 3:
        raise FormatError(path, f"expected a volume, found {data.ndim} dimensions")
    if not np.isfinite(data).all():
        raise FormatError(path, "contains NaN or infinite voxels")
    if sorted(order) != [1, 2, 3]:
        raise FormatError(path, f"impossible axis order {order}", field="MAPC/MAPR/MAPS")
    if not (np.isfinite(voxel_A).all() and voxel_A.min() > 0):
        raise FormatError(
            path,
            f"voxel size is {voxel_A.tolist()} Å",
            field="CELLA",
            hint="Set it in the header: the particle's size follows from it.",
        )
    if voxel_A.max() > _COARSEST_USEFUL_VOXEL_A:
        raise FormatError(path, f"voxel size {voxel_A.max():g} Å is too coarse for a particle")
    # order[k] names the spatial axis (1 = x) that array axis 2 - k runs along.
    stored_axis = [2 - order.index(axis) for axis in (3, 2, 1)]
    return np.transpose(data, stored_axis), voxel_A


def _at_working_voxel(
    data: NDArray[np.float64], voxel_A: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Average or interpolate a map to voxels between 3 and 6 Å (sizes as x, y, z)."""
    step = np.maximum(1, np.round(_FINEST_VOXEL_A / voxel_A)).astype(np.int_)
    finer = np.ceil(voxel_A / _COARSEST_VOXEL_A).astype(np.int_)
    data = _averaged(data, step)
    if (finer > 1).any():
        # Linear: a cubic spline would ring at the masked edge and make a rim of its own.
        data = ndimage.zoom(data, finer[::-1], order=1, grid_mode=True, mode="nearest")
    return data, voxel_A * step / finer


def _averaged(data: NDArray[np.float64], step: NDArray[np.int_]) -> NDArray[np.float64]:
    """Average blocks of ``step`` (x, y, z) voxels, the last ones padded with the median."""
    if (step == 1).all():
        return data
    sz, sy, sx = int(step[2]), int(step[1]), int(step[0])
    pads = [(0, -size % s) for size, s in zip(data.shape, (sz, sy, sx), strict=True)]
    padded = np.pad(data, pads, constant_values=float(np.median(data)))
    nz, ny, nx = padded.shape
    blocks = padded.reshape(nz // sz, sz, ny // sy, sy, nx // sx, sx)
    averaged: NDArray[np.float64] = blocks.mean(axis=(1, 3, 5))
    return averaged


def _otsu(values: NDArray[np.float64]) -> float:
    """Split values where the variance between both classes is largest (Otsu 1979)."""
    # A few extreme voxels (metal, symmetry axes) must not stretch the histogram.
    clipped = np.minimum(values, np.quantile(values, 0.999))
    counts, edges = np.histogram(clipped, bins=256)
    centres = 0.5 * (edges[1:] + edges[:-1])
    below = np.cumsum(counts)[:-1].astype(np.float64)
    above = counts.sum() - below
    sum_below = np.cumsum(counts * centres)[:-1]
    sum_above = (counts * centres).sum() - sum_below
    valid = (below > 0) & (above > 0)
    if not valid.any():
        return float(0.5 * values.max())
    between = np.zeros_like(below)
    between[valid] = (
        below[valid]
        * above[valid]
        * (sum_below[valid] / below[valid] - sum_above[valid] / above[valid]) ** 2
    )
    return float(edges[1 + int(np.argmax(between))])
