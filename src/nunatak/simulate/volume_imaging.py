"""Draw how one tomogram is imaged, and make it."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nunatak.simulate.detector import Detector
from nunatak.simulate.missing_wedge import DirectImaging, direct_tomogram
from nunatak.simulate.optics import Optics
from nunatak.simulate.tilted_tomogram import Reconstruction, tilted_tomogram
from nunatak.simulate.tilts import TiltSettings, dose_symmetric_deg
from nunatak.simulate.volume_dataset_config import VolumeDatasetConfig
from nunatak.simulate.volume_drawing import Complexes, draw_volume_scene
from nunatak.simulate.volume_scene import VolumeScene, truth_table


@dataclass(frozen=True)
class SimulatedTomogram:
    """One tomogram with its truth.

    Attributes
    ----------
    tomogram : ndarray, shape (nz, ny, nx), float32
        Of mean 0 and standard deviation 1; protein dark or light as configured.
    truth : DataFrame
        Pick table of the particles to find (`nunatak.simulate.volume_scene.truth_table`).
    parameters : dict
        How it was imaged; JSON values.
    scene : VolumeScene
        All that was imaged.
    """

    tomogram: NDArray[np.float32]
    truth: pd.DataFrame
    parameters: dict[str, Any]
    scene: VolumeScene


@dataclass(frozen=True, kw_only=True)
class _Drawn:
    """What both modes draw alike: see the configuration's fields."""

    optics: Optics
    largest_deg: float
    phase_flipped: bool
    snr: float


def simulate_tomogram(
    config: VolumeDatasetConfig, complexes: Complexes, index: int, *, image: str
) -> SimulatedTomogram:
    """Simulate tomogram ``index`` of a data set; it depends on the configuration and on it alone.

    Parameters
    ----------
    config
        What to simulate.
    complexes
        Of `nunatak.simulate.volume_drawing.complexes_of`.
    index
        Counts from 0.
    image
        Path of the tomogram, as it goes into the truth.
    """
    rng = np.random.default_rng([config.seed, 1, index])
    scene = draw_volume_scene(config, complexes, rng)
    defocus_A = float(rng.uniform(*config.defocus_A))
    optics = Optics(
        voltage_kV=config.voltage_kV,
        cs_mm=config.cs_mm,
        amplitude_contrast=config.amplitude_contrast,
        defocus_u_A=defocus_A,
        defocus_v_A=defocus_A,
        b_factor_A2=float(rng.uniform(*config.b_factor_A2)),
    )
    largest_deg = float(rng.uniform(*config.largest_tilt_deg))
    flipped = bool(rng.random() < config.phase_flipped)
    snr = float(rng.uniform(*config.snr))
    drawn = _Drawn(optics=optics, largest_deg=largest_deg, phase_flipped=flipped, snr=snr)
    image_with = _direct if config.mode == "direct" else _tilted
    tomogram, imaging = image_with(config, scene, drawn, rng)
    return SimulatedTomogram(
        tomogram=tomogram,
        truth=truth_table(scene, image),
        parameters={
            "mode": config.mode,
            "shape": config.shape,
            "voxel_size_A": config.voxel_size_A,
            "slab": asdict(scene.slab),
            "optics": asdict(optics),
            "phase_flipped": flipped,
            "snr": snr,
            "distractors": len(scene.distractors),
            **imaging,
        },
        scene=scene,
    )


def _direct(
    config: VolumeDatasetConfig,
    scene: VolumeScene,
    drawn: _Drawn,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float32], dict[str, Any]]:
    imaging = DirectImaging(
        optics=drawn.optics,
        tilts_deg=(-drawn.largest_deg, drawn.largest_deg),
        phase_flipped=drawn.phase_flipped,
        snr=drawn.snr,
        structure_noise=float(rng.uniform(*config.structure_noise)),
        resolution_A=float(rng.uniform(*config.resolution_A)),
        protein=config.protein,
    )
    described = {"tilts_deg": imaging.tilts_deg, "resolution_A": imaging.resolution_A}
    return direct_tomogram(scene, imaging, rng), described


def _tilted(
    config: VolumeDatasetConfig,
    scene: VolumeScene,
    drawn: _Drawn,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float32], dict[str, Any]]:
    settings = TiltSettings(
        optics=drawn.optics,
        tilts_deg=dose_symmetric_deg(drawn.largest_deg, config.tilt_step_deg),
        dose_e_A2=config.dose_e_A2,
        detector=Detector(
            dqe_zero=config.dqe[0],
            dqe_nyquist=config.dqe[1],
            binning=max(config.voxel_size_A / config.detector_pixel_A, 1.0),
        ),
        defocus_error_A=config.defocus_error_A,
        shift_error_px=config.shift_error_px,
        axis_error_deg=config.axis_error_deg,
        tilt_error_deg=config.tilt_error_deg,
    )
    reconstruction = Reconstruction(
        phase_flipped=drawn.phase_flipped,
        cutoff=float(rng.uniform(*config.cutoff)),
        denoising=1.0 if rng.random() < config.denoised else 0.0,
        protein=config.protein,
    )
    made = tilted_tomogram(scene, settings, reconstruction, rng, snr=drawn.snr)
    described = {
        "contrast_factor": made.contrast_factor,
        "cutoff": reconstruction.cutoff,
        "denoised": reconstruction.denoising > 0,
        "tilts": [asdict(tilt) for tilt in made.tilts],
    }
    return made.tomogram, described
