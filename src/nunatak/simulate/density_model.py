"""Densities from atomic models."""

import logging
from pathlib import Path

import gemmi

from nunatak.errors import BadInput, FormatError
from nunatak.simulate.density import Density

_log = logging.getLogger(__name__)

_MANY_ATOMS = 5_000_000

# Hydrogens carry 7 % of a protein's mass (53 % C, 7 % H, 16 % N, 23 % O, 1 % S).
_HYDROGEN_FACTOR = 1.0 / 0.93


def density_of_model(path: Path, name: str) -> Density:
    """Read the heavy atoms of a PDB or mmCIF file (see `density_files.load_density`)."""
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
    if len(positions) > _MANY_ATOMS:
        _log.warning("%s: %d heavy atoms; consider a map instead", path, len(positions))
    return Density.from_scatterers(
        name, positions, electrons, mass_kDa=mass_Da * _HYDROGEN_FACTOR / 1000.0
    )


def _is_first_conformation(site: gemmi.CRA) -> bool:
    altloc = site.atom.altloc
    if altloc == "\0":
        return True
    alternatives = [atom.altloc for atom in site.residue if atom.name == site.atom.name]
    return bool(altloc == alternatives[0])
