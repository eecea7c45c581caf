"""Densities from atomic models and maps."""

import bz2
import gzip
from collections.abc import Callable
from functools import partial
from pathlib import Path

import gemmi
import mrcfile
import numpy as np
import pytest
from scipy import ndimage

from nunatak.errors import BadInput, FormatError
from nunatak.simulate.density_files import load_densities, load_density, visible_densities

# Two peptides of one glycine each would be enough; what matters is what must be left out.
PDB = """\
CRYST1   50.000   60.000   70.000  90.00  90.00  90.00 P 1           1
{remarks}ATOM      1  N   GLY A   1       0.000   0.000   0.000  1.00 10.00           N
ATOM      2  CA AGLY A   1       2.000   0.000   0.000  0.60 10.00           C
ATOM      3  CA BGLY A   1       2.000   9.000   0.000  0.40 10.00           C
ATOM      4  C   GLY A   1       4.000   0.000   0.000  1.00 10.00           C
ATOM      5  H   GLY A   1       0.000   0.000   9.000  1.00 10.00           H
HETATM    6  O   HOH A   2      30.000  30.000  30.000  1.00 10.00           O
END
"""

ASSEMBLY = """\
REMARK 350 BIOMOLECULE: 1
REMARK 350 AUTHOR DETERMINED BIOLOGICAL UNIT: DIMERIC
REMARK 350 APPLY THE FOLLOWING TO CHAINS: A
REMARK 350   BIOMT1   1  1.000000  0.000000  0.000000        0.00000
REMARK 350   BIOMT2   1  0.000000  1.000000  0.000000        0.00000
REMARK 350   BIOMT3   1  0.000000  0.000000  1.000000        0.00000
REMARK 350   BIOMT1   2  1.000000  0.000000  0.000000        0.00000
REMARK 350   BIOMT2   2  0.000000  1.000000  0.000000       50.00000
REMARK 350   BIOMT3   2  0.000000  0.000000  1.000000        0.00000
"""


def write_model(path: Path, remarks: str = "") -> Path:
    text = PDB.format(remarks=remarks)
    if "cif" in path.name:
        text = gemmi.read_pdb_string(text).make_mmcif_document().as_string()
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def write_map(path: Path, data: np.ndarray, voxel_A: float = 4.0) -> Path:
    with mrcfile.new(path, data=data.astype(np.float32)) as file:
        file.voxel_size = voxel_A
    return path


def ball_map(radius_vox: float = 10.0, size: int = 32) -> np.ndarray:
    z, y, x = np.indices((size, size, size)) - size // 2
    return ndimage.gaussian_filter((x**2 + y**2 + z**2 < radius_vox**2).astype(float), 0.8)


@pytest.mark.parametrize("suffix", [".pdb", ".ent", ".cif", ".mmcif", ".pdb.gz", ".cif.gz"])
def test_heavy_atoms_once_without_water(tmp_path: Path, suffix: str) -> None:
    density = load_density(write_model(tmp_path / f"gly{suffix}"))
    assert density.name == "gly"
    assert density.blur_A == 0.0
    assert len(density.positions_A) == 3
    np.testing.assert_allclose(density.positions_A[:, 1:], 0.0, atol=1e-3)  # not conformation B
    np.testing.assert_allclose(np.diff(density.positions_A[:, 0]), 2.0, atol=1e-3)


def test_a_biological_assembly_is_built(tmp_path: Path) -> None:
    dimer = load_density(write_model(tmp_path / "dimer.pdb", ASSEMBLY))
    single = load_density(write_model(tmp_path / "single.pdb"))
    assert len(dimer.positions_A) == 6
    assert dimer.mass_kDa == pytest.approx(2 * single.mass_kDa)
    assert np.ptp(dimer.positions_A[:, 1]) == pytest.approx(50.0, abs=1e-3)


def test_a_model_of_water_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "water.pdb"
    path.write_text("".join(line for line in PDB.splitlines(True) if line.startswith(("HET", "C"))))
    with pytest.raises(BadInput, match=r"water\.pdb: no heavy atom apart from waters"):
        load_density(path)


@pytest.mark.parametrize("scale", [1.0, 1e-6, 250.0])
def test_a_map_weighs_its_volume_whatever_its_grey_scale(tmp_path: Path, scale: float) -> None:
    data = scale * (ball_map() + 3.0)  # an offset, too
    density = load_density(write_map(tmp_path / "ball.mrc", data))
    volume_A3 = 4 / 3 * np.pi * 40.0**3
    assert density.mass_kDa == pytest.approx(volume_A3 * 0.81e-3, rel=0.06)
    assert density.diameter_A == pytest.approx(80.0, rel=0.06)


@pytest.mark.parametrize("voxel_A", [1.0, 10.0])
def test_fine_and_coarse_maps_agree_with_their_size(tmp_path: Path, voxel_A: float) -> None:
    path = write_map(tmp_path / "ball.mrc.gz", ball_map(radius_vox=20.0, size=60), voxel_A)
    density = load_density(path)
    assert density.diameter_A == pytest.approx(40.0 * voxel_A, rel=0.1)
    assert density.blur_A <= 3.0


def test_noise_outside_the_particle_is_left_out(tmp_path: Path, rng: np.random.Generator) -> None:
    noisy = ball_map() + 0.05 * rng.standard_normal((32, 32, 32))
    density = load_density(write_map(tmp_path / "noisy.map", noisy))
    assert density.diameter_A == pytest.approx(80.0, rel=0.08)


def test_axes_follow_the_header(tmp_path: Path) -> None:
    data = np.zeros((30, 30, 30))
    data[3:27, 14:17, 14:17] = 1.0  # long along the slowest stored axis
    path = write_map(tmp_path / "rod.mrc", data)
    assert np.argmax(np.ptp(load_density(path).positions_A, axis=0)) == 2
    with mrcfile.open(path, "r+") as file:
        file.header.mapc, file.header.mapr, file.header.maps = 3, 2, 1
    assert np.argmax(np.ptp(load_density(path).positions_A, axis=0)) == 0


def test_a_threshold_of_ones_own(tmp_path: Path) -> None:
    path = write_map(tmp_path / "ball.mrc", ball_map() + (ball_map(3.0) > 0.5))
    core = load_density(path, threshold=1.5)
    assert core.mass_kDa < 0.1 * load_density(path, threshold=0.5).mass_kDa
    with pytest.raises(
        BadInput,
        match=r"contour 9\.0 must lie between the background \(0\) and the largest voxel \(2\)",
    ):
        load_density(path, threshold=9.0)


def test_a_map_without_voxel_size_is_refused(tmp_path: Path) -> None:
    path = write_map(tmp_path / "ball.mrc", ball_map(), 0.0)
    with pytest.raises(FormatError, match=r"ball\.mrc, CELLA: voxel size is \[0\.0, 0\.0, 0\.0\]"):
        load_density(path)


def test_an_inverted_map_is_refused(tmp_path: Path) -> None:
    path = write_map(tmp_path / "dark.mrc", -(ball_map() > 0.5).astype(float))
    with pytest.raises(BadInput, match="is the contrast inverted"):
        load_density(path)


@pytest.mark.parametrize("name", ["text.mrc", "text.mrc.gz", "text.cif"])
def test_garbage_is_refused_by_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("not a density\n")
    with pytest.raises(FormatError, match=name):
        load_density(path)


@pytest.mark.parametrize(
    ("name", "compress"),
    [
        ("ball.mrc.gz", gzip.compress),
        ("ball.mrc", bz2.compress),
        ("model.pdb.gz", gzip.compress),
        ("model.cif.gz", gzip.compress),
    ],
)
def test_a_compressed_file_that_is_cut_short_or_damaged_is_named(
    tmp_path: Path, name: str, compress: Callable[[bytes], bytes]
) -> None:
    plain = tmp_path / f"plain{Path(name.removesuffix('.gz')).suffix}"
    write = write_model if name.startswith("model") else partial(write_map, data=ball_map())
    content = compress(write(plain).read_bytes())
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1
    path = tmp_path / name
    # The last bytes are a checksum: a cut through them loses nothing but the proof.
    for broken in (content[: len(content) // 2], content[:-3], bytes(flipped)):
        path.write_bytes(broken)
        with pytest.raises(FormatError, match=f"{name}: the .* stream is damaged or cut short"):
            load_density(path)


def test_unknown_kinds_and_missing_files(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        load_density(tmp_path / "absent.pdb")
    path = tmp_path / "table.csv"
    path.touch()
    with pytest.raises(BadInput, match=r"unknown kind of density '\.csv'"):
        load_density(path)
    with pytest.raises(BadInput, match="no density among its files"):
        load_densities(tmp_path)


def test_a_folder_in_the_order_of_names(tmp_path: Path) -> None:
    write_model(tmp_path / "b.pdb")
    write_map(tmp_path / "a.mrc", ball_map())
    (tmp_path / "notes.txt").touch()
    assert [density.name for density in load_densities(tmp_path)] == ["a", "b"]


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "mass_kDa", "diameter_A"),
    [("6pxm", 500, 126), ("1f4a", 465, 178), ("6qzp", 4000, 300), ("3j9i", 750, 170)],
)
def test_known_complexes(shared_data: Path, name: str, mass_kDa: float, diameter_A: float) -> None:
    density = load_density(shared_data / "maps" / f"{name}.mrc.gz")
    assert density.mass_kDa == pytest.approx(mass_kDa, rel=0.3)
    assert density.diameter_A == pytest.approx(diameter_A, rel=0.07)


def test_what_is_smaller_than_a_pixel_is_refused(tmp_path: Path) -> None:
    atom = tmp_path / "atom.pdb"
    atom.write_text("\n".join(PDB.format(remarks="").splitlines()[:2]))
    whole = write_model(tmp_path / "gly.pdb")
    diameter_A = load_density(whole).diameter_A
    [density] = visible_densities([str(whole)], diameter_A)
    assert density.name == "gly"
    with pytest.raises(BadInput, match=r"atom\.pdb: a diameter of 0 Å is less than one pixel or"):
        visible_densities([str(atom)], 1.0)
    with pytest.raises(BadInput, match=r"\(atom\): a diameter of 0 Å"):
        visible_densities([str(tmp_path)], 0.1)
