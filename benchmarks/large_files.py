"""Large micrographs to measure speed and memory on, made once."""

from pathlib import Path

import mrcfile
import numpy as np
from numpy.typing import NDArray

from nunatak.files import written_whole
from nunatak.simulate.dataset import simulate_dataset
from nunatak.simulate.dataset_config import DatasetConfig

SIDE_PX = 4096
DIAMETER_A = 180.0


def micrographs_of_4096(work: Path, count: int, *, seed: int) -> list[Path]:
    """Return different micrographs of 4096 × 4096 pixels of 1 Å, float32.

    One is simulated, with particles of 180 Å; the others are its shifted and mirrored versions,
    which cost any program the same.

    Parameters
    ----------
    work
        Where to put them; files that are there already are kept.
    count
        How many.
    seed
        Of the simulation and of the variations.
    """
    paths = [work / f"4096-{seed}" / f"micrograph_{number + 1:02d}.mrc" for number in range(count)]
    original: NDArray[np.float32] | None = None
    for number, path in enumerate(paths):
        if path.exists():
            continue
        if original is None:
            original = _simulated(work, seed)
        rng = np.random.default_rng([seed, number])
        shift = rng.integers(0, SIDE_PX, 2)
        flips = rng.choice([-1, 1], 2)
        varied = np.roll(original, shift, axis=(0, 1))[:: flips[0], :: flips[1]]
        write_mrc(path, varied, pixel_size_A=1.0)
    return paths


def micrograph_of(work: Path, shape: tuple[int, int], *, pixel_size_A: float, seed: int) -> Path:
    """Return one micrograph of any shape ``(ny, nx)``: a simulated one, repeated and cut."""
    ny, nx = shape
    path = work / f"{nx}x{ny}-{seed}" / f"micrograph_{pixel_size_A:g}A.mrc"
    if not path.exists():
        tile = _simulated(work, seed)
        repeats = (-(-ny // SIDE_PX), -(-nx // SIDE_PX))
        write_mrc(path, np.tile(tile, repeats)[:ny, :nx], pixel_size_A=pixel_size_A)
    return path


def write_mrc(path: Path, image: NDArray[np.float32], *, pixel_size_A: float) -> None:
    """Write a float32 MRC whole."""
    with (
        written_whole(path) as temporary,
        mrcfile.new(temporary, np.ascontiguousarray(image), overwrite=True) as file,
    ):
        file.voxel_size = pixel_size_A


def read_once(paths: list[Path]) -> None:
    """Read files so that the system holds them in memory: a disk is not what is measured."""
    for path in paths:
        with path.open("rb") as stream:
            while stream.read(1 << 24):
                pass


def _simulated(work: Path, seed: int) -> NDArray[np.float32]:
    config = DatasetConfig(
        count=1, shape=(SIDE_PX, SIDE_PX), pixel_size_A=1.0, diameter_A=DIAMETER_A, seed=seed
    )
    folder = work / f"simulated-4096-{seed}"
    simulate_dataset(config, folder, threads=1)
    with mrcfile.open(folder / "micrographs" / "mic_000001.mrc") as file:
        return np.array(file.data, dtype=np.float32)
