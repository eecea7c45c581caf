"""Train a MONAI U-Net in the classic way, and pick: runs where MONAI is, without nunatak.

Usage: ``python monai_baseline.py JOB REPORT``, two JSON files; used by ``monai_runs.py``, in the
environment that ``monai_environment.sh`` makes.

Network, loss, masks and views are those of the best single model of the CZII challenge's second
place, as its authors describe it: a U-Net of 1.12 M parameters, spheres of 0.4 particle radii to
segment, Tversky loss (0.3, 0.7) with cross-entropy, mirror images averaged.
"""

import csv
import json
import sys
import time
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import torch
from monai import __version__ as monai_version
from monai.inferers import sliding_window_inference
from monai.losses import TverskyLoss
from monai.networks.nets import UNet
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, maximum_filter
from scipy.spatial import KDTree
from torch import Tensor, nn

MASK_RADII = 0.4
"""Of the spheres to segment, in particle radii."""

SMOOTHING_RADII = 0.2
WHOLE_SPHERE = 0.739
"""What is left at the centre of a sphere of two standard deviations after smoothing."""

LEAST_SCORE = 0.05
SELECTED_FROM = 0.5
CLOSEST_RADII = 0.8
"""Of two candidates of a class that are closer, the better one is kept; in particle radii."""

VIEWS: tuple[tuple[int, ...], ...] = ((), (2,), (3,), (4,))
"""Axes that are mirrored: none, z, y, x."""

Volume = NDArray[np.float32]


def main() -> int:
    """Do the job that the command line names."""
    job_path, report_path = map(Path, sys.argv[1:])
    job = json.loads(job_path.read_text(encoding="utf-8"))
    torch.set_num_threads(job["threads"])
    torch.manual_seed(job["settings"]["seed"])
    radii_px = [one["radius_A"] / job["voxel_size_A"] for one in job["classes"]]
    start = time.perf_counter()
    network = trained(job["training"], radii_px, job["settings"])
    training_seconds = time.perf_counter() - start
    with Path(job["picks"]).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(
            ("image", "x_px", "y_px", "z_px", "score", "selected", "class_name", "pixel_size_A")
        )
        for path in job["test"]:
            for kind, score, (z, y, x) in picked(
                network, read(path), radii_px, job["settings"]["crop_px"]
            ):
                name = job["classes"][kind]["name"]
                selected = "true" if score >= SELECTED_FROM else "false"
                writer.writerow((path, x, y, z, score, selected, name, job["voxel_size_A"]))
    report = {"monai": monai_version, "training_seconds": training_seconds}
    Path(report_path).write_text(json.dumps(report), encoding="utf-8")
    return 0


def read(path: str) -> Volume:
    """Read a tomogram, with mean 0 and standard deviation 1."""
    with mrcfile.open(path) as file:
        voxels = np.asarray(file.data, dtype=np.float32)
    normalised: Volume = (voxels - voxels.mean()) / voxels.std()
    return normalised


def spheres(shape: tuple[int, ...], particles: list[Any], radii_px: list[float]) -> Volume:
    """Draw labels of particles (class, x, y, z): 0 for nothing, the classes from 1 on."""
    labels = np.zeros(shape, np.float32)
    for kind, x, y, z in particles:
        radius_px = MASK_RADII * radii_px[kind]
        spans = [
            np.arange(max(0, int(c - radius_px)), min(side, int(c + radius_px) + 2))
            for c, side in zip((z, y, x), shape, strict=True)
        ]
        dz, dy, dx = np.ix_(spans[0] - z, spans[1] - y, spans[2] - x)
        inside = dz**2 + dy**2 + dx**2 <= radius_px**2
        target = np.ix_(*spans)
        labels[target] = np.where(inside, kind + 1, labels[target])
    return labels


def trained(
    tomograms: list[dict[str, Any]], radii_px: list[float], settings: dict[str, Any]
) -> nn.Module:
    """Train on completely labelled tomograms."""
    rng = np.random.default_rng(settings["seed"])
    volumes = [read(one["path"]) for one in tomograms]
    labels = [
        spheres(volume.shape, one["particles"], radii_px)
        for volume, one in zip(volumes, tomograms, strict=True)
    ]
    places: list[list[tuple[int, tuple[float, ...]]]] = [[] for _ in radii_px]
    for number, one in enumerate(tomograms):
        for kind, x, y, z in one["particles"]:
            places[kind].append((number, (z, y, x)))
    network: nn.Module = UNet(
        spatial_dims=3,
        in_channels=1,
        out_channels=len(radii_px) + 1,
        channels=(48, 64, 80, 80),
        strides=(2, 2, 1),
        num_res_units=1,
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=settings["learning_rate"])
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings["learning_rate"], total_steps=settings["steps"] + 1
    )
    tversky = TverskyLoss(
        include_background=False, to_onehot_y=True, softmax=True, alpha=0.3, beta=0.7
    )
    network.train()
    for _ in range(settings["steps"]):
        crops = [
            augmented(*crop(volumes, labels, places, settings["crop_px"], rng), rng)
            for _ in range(settings["batch_size"])
        ]
        image, wanted = (
            torch.from_numpy(np.stack(part)[:, None]) for part in zip(*crops, strict=True)
        )
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = network(image)
        loss = tversky(logits.float(), wanted) + nn.functional.cross_entropy(
            logits.float(), wanted[:, 0].long()
        )
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        schedule.step()
    return network.eval()


def crop(
    volumes: list[Volume],
    labels: list[Volume],
    places: list[list[tuple[int, tuple[float, ...]]]],
    side: int,
    rng: np.random.Generator,
) -> tuple[Volume, Volume]:
    """Cut out a place: half of the time around a particle, all classes alike, else anywhere.

    A tomogram that is thinner than the crop is padded with its mean, which is no class.
    """
    kinds = [kind for kind, known in enumerate(places) if known]
    if rng.random() < 0.5:
        known = places[kinds[rng.integers(len(kinds))]]
        number, centre = known[rng.integers(len(known))]
        first = np.asarray(centre) - side / 2 + rng.uniform(-side / 4, side / 4, 3)
    else:
        number = int(rng.integers(len(volumes)))
        first = rng.uniform(0, 1, 3) * (np.array(volumes[number].shape) - side)
    cut = []
    for whole in (volumes[number], labels[number]):
        starts = np.clip(np.round(first), 0, np.maximum(np.array(whole.shape) - side, 0))
        part = whole[tuple(slice(s, s + side) for s in starts.astype(int))]
        cut.append(np.pad(part, [(0, side - n) for n in part.shape]))
    return cut[0], cut[1]


def augmented(image: Volume, label: Volume, rng: np.random.Generator) -> tuple[Volume, Volume]:
    """Mirror, turn by right angles about z, and vary the grey values."""
    axes = tuple(np.flatnonzero(rng.random(3) < 0.5).tolist())
    turns = int(rng.integers(4))
    image, label = (
        np.rot90(np.flip(one, axes), turns, axes=(1, 2)).astype(np.float32)
        for one in (image, label)
    )
    image = image * rng.uniform(0.9, 1.1) + rng.normal(0, 0.1)
    noisy = image + rng.normal(0, rng.uniform(0, 0.3), image.shape)
    return noisy.astype(np.float32), np.ascontiguousarray(label)


def picked(
    network: nn.Module, volume: Volume, radii_px: list[float], side: int
) -> list[tuple[int, float, tuple[float, ...]]]:
    """Return class, score and place (z, y, x) of all candidates in a tomogram."""
    found = []
    probabilities = probability(network, volume, side)
    for kind, radius_px in enumerate(radii_px):
        smooth = gaussian_filter(probabilities[kind + 1], SMOOTHING_RADII * radius_px)
        score = np.minimum(smooth / WHOLE_SPHERE, 1.0)
        peaks = (smooth == maximum_filter(smooth, size=3)) & (score >= LEAST_SCORE)
        places = np.argwhere(peaks)
        order = np.argsort(-smooth[peaks], kind="stable")
        for index in kept(places[order], CLOSEST_RADII * radius_px):
            place = places[order[index]]
            found.append((kind, float(score[tuple(place)]), tuple(map(float, place))))
    return found


def probability(network: nn.Module, volume: Volume, side: int) -> Volume:
    """Return each class's probability in each voxel, shape (classes + 1, nz, ny, nx)."""

    def softmax(image: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = network(image)
        return torch.softmax(logits.float(), dim=1)

    image = torch.from_numpy(volume)[None, None]
    with torch.inference_mode():
        views = [
            torch.flip(
                sliding_window_inference(
                    torch.flip(image, axes), (side,) * 3, 1, softmax, overlap=0.25, mode="gaussian"
                ),
                axes,
            )
            for axes in VIEWS
        ]
    mean: Volume = torch.stack(views).mean(dim=0)[0].numpy()
    return mean


def kept(places: NDArray[np.int64], distance_px: float) -> list[int]:
    """Return which places stay, the best first, if no two may be closer than a distance."""
    if len(places) == 0:
        return []
    tree = KDTree(places)
    near: list[list[int]] = tree.query_ball_tree(tree, distance_px)
    gone: set[int] = set()
    staying = []
    for index, others in enumerate(near):
        if index not in gone:
            staying.append(index)
            gone.update(others)
    return staying


if __name__ == "__main__":
    sys.exit(main())
