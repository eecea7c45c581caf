"""Whether inputs are tomograms or micrographs."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from mrc_samples import mrc_bytes
from PIL import Image

from nunatak.errors import BadInput, FormatError
from nunatak.images.image_kind import FEW, are_tomograms
from nunatak.images.write_volume import write_mrc_volume, write_ome_zarr

VOLUME = np.random.default_rng(0).normal(size=(24, 30, 33)).astype(np.float32)

Stored = tuple[tuple[int, ...], float, dict[str, int]]


def write(path: Path, shape: tuple[int, ...], pixel_size_A: float = 10.0, **fields: int) -> Path:
    """One MRC file; the cell has one interval a section, and space group 0, unless stated."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nz = shape[0] if len(shape) == 3 else 1
    fields = {"mz": nz, "cell_z": round(nz * pixel_size_A), **fields}
    path.write_bytes(mrc_bytes(np.zeros(shape, "u1"), pixel_size_A=pixel_size_A, **fields))
    return path


@pytest.mark.parametrize(
    ("name", "stored", "expected"),
    [
        ("micrograph.mrc", ((64, 64), 1.0, {}), False),
        ("volume.mrc", ((24, 30, 33), 10.0, {"ispg": 1}), True),
        ("thin_but_marked.mrc", ((24, 300, 300), 10.0, {"ispg": 1}), True),
        ("imod.mrc", ((24, 30, 33), 10.0, {}), True),
        ("xzy.mrc", ((60, 24, 62), 10.0, {}), True),
        ("thin_by_name.rec", ((5, 100, 100), 10.0, {}), True),
        ("without_size.mrc", ((24, 30, 33), 0.0, {}), True),
        ("movie.mrc", ((40, 64, 64), 1.0, {"mz": 1, "cell_z": 1}), False),
        ("particles.mrc", ((300, 16, 16), 4.0, {"mz": 1, "cell_z": 4}), False),
        ("particles.mrcs", ((100, 64, 64), 4.0, {}), False),
        ("series.st", ((41, 64, 64), 10.0, {}), False),
    ],
)
def test_headers_names_and_shapes_tell(
    tmp_path: Path,
    name: str,
    stored: Stored,
    expected: bool,
) -> None:
    shape, pixel_size_A, fields = stored
    path = write(tmp_path / name, shape, pixel_size_A, **fields)
    assert are_tomograms([path]) is expected
    packed = tmp_path / f"{name}.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert are_tomograms([packed]) is expected


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("frames.mrc", ((40, 64, 64), 1.0, {})),  # frames, written by IMOD's rules
        ("frames_marked.mrc", ((40, 64, 64), 1.0, {"ispg": 1})),  # mrcfile's default
        ("series.mrc", ((41, 420, 420), 8.0, {})),  # a binned tilt series
        ("particles.mrc", ((500, 16, 16), 4.0, {})),
        ("without_size.mrc", ((40, 420, 420), 0.0, {})),
        ("marked.mrcs", ((64, 64, 60), 10.0, {"ispg": 1})),
        ("counted_as_images.mrc", ((64, 64, 60), 10.0, {"mz": 1, "cell_z": 10})),
    ],
)
def test_what_may_be_either_is_asked_about(tmp_path: Path, name: str, stored: Stored) -> None:
    shape, pixel_size_A, fields = stored
    path = write(tmp_path / name, shape, pixel_size_A, **fields)
    nz, ny, nx = shape
    with pytest.raises(BadInput, match=f"{nz} sections of {nx} × {ny} .*--images-are tomograms"):
        are_tomograms([path])


def test_every_kind_of_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_mrc_volume(tmp_path / "t" / "TS_1.mrc", VOLUME, 10.0)
    write_ome_zarr(tmp_path / "z" / "TS_2.zarr", VOLUME, 10.0)
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "t" / "preview.png")
    run = tmp_path / "data" / "ExperimentRuns" / "TS_1" / "VoxelSpacing10.000"
    write_ome_zarr(run / "wbp.zarr", VOLUME, 10.0)
    project = {"pickable_objects": [], "overlay_root": "data"}
    (tmp_path / "project.json").write_text(json.dumps(project))
    (tmp_path / "tomograms.txt").write_text("t/TS_1.mrc\nz/TS_2.zarr\n")
    for tomograms in ("t", "t/*.mrc", "z", "z/TS_2.zarr", "*/*.zarr", "project.json"):
        assert are_tomograms([tomograms]), tomograms
    assert are_tomograms(["tomograms.txt", "t", "project.json"])

    write(tmp_path / "m" / "a.mrc", (64, 64), 1.0)
    write(tmp_path / "MotionCorr" / "job002" / "b.mrc", (64, 64), 1.0)
    (tmp_path / "m.star").write_text("data_\n\nloop_\n_rlnMicrographName\nm/a.mrc\n")
    for micrographs in ("m", "m/*", "m.star", "*.star", "MotionCorr", "t/preview.png"):
        assert not are_tomograms([micrographs]), micrographs


def test_a_copick_project_without_tomograms_is_not_taken_for_micrographs(tmp_path: Path) -> None:
    config = tmp_path / "project.json"
    config.write_text(f'{{"pickable_objects": [], "overlay_root": "{tmp_path}"}}')
    with pytest.raises(BadInput, match=r"No tomograms in .*copick project without tomograms") as no:
        are_tomograms([config])
    assert "micrographs" not in str(no.value)
    write_mrc_volume(tmp_path / "TS_1.mrc", VOLUME, 10.0)
    assert are_tomograms([config, tmp_path / "TS_1.mrc"])


def test_a_mixture_is_refused_naming_one_of_each(tmp_path: Path) -> None:
    write_mrc_volume(tmp_path / "t" / "TS_1.mrc", VOLUME, 10.0)
    for number in range(FEW + 1):
        write(tmp_path / "m" / f"{number}.mrc", (64, 64), 1.0)
    message = r"t/TS_1\.mrc is a tomogram and .*m/0\.mrc is not\. .* separate commands"
    with pytest.raises(BadInput, match=message):
        are_tomograms([tmp_path / "m", tmp_path / "t"])


def test_few_files_are_looked_at(tmp_path: Path) -> None:
    """Of many micrographs one is: one that cannot be read is passed over."""
    for number in range(FEW + 1):
        write(tmp_path / f"{number}.mrc", (64, 64), 1.0)
    (tmp_path / "0.mrc").write_bytes(b"")
    one_by_one = [tmp_path / f"{number}.mrc" for number in range(FEW + 1)]
    for inputs in ([tmp_path], one_by_one):
        for number in (1, 2):
            write(tmp_path / f"{number}.mrc", (64, 64), 1.0)
        assert not are_tomograms(inputs)
        write_mrc_volume(tmp_path / "2.mrc", VOLUME, 10.0)
        assert not are_tomograms(inputs)
        write_mrc_volume(tmp_path / "1.mrc", VOLUME, 10.0)
        assert are_tomograms(inputs)


def test_nothing_and_what_cannot_be_read(tmp_path: Path) -> None:
    for inputs in ([tmp_path / "gone.mrc"], [tmp_path], [f"{tmp_path}/*.mrc"], []):
        with pytest.raises(BadInput, match=r"No micrographs in .*As tomograms, give files"):
            are_tomograms(inputs)
    (tmp_path / "list.txt").write_bytes(b"\x80\x81")
    with pytest.raises(FormatError, match="not even text"):
        are_tomograms([tmp_path / "list.txt"])
    (tmp_path / "project.json").write_text('{"pickable_objects": [], "overlay_root": "gone"}')
    with pytest.raises(FormatError, match="there is no folder"):
        are_tomograms([tmp_path / "project.json"])
    # Whoever reads these says what is wrong with them.
    for name, expected in (("broken.mrc", False), ("broken.rec", True)):
        (tmp_path / name).write_bytes(b"")
        assert are_tomograms([tmp_path / name]) is expected
