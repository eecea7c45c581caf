"""The tilts of a series: their order, and their errors."""

from dataclasses import dataclass, field, replace

import numpy as np

from nunatak.simulate.detector import Detector
from nunatak.simulate.optics import Optics


@dataclass(frozen=True, kw_only=True)
class TiltSettings:
    """How a tilt series is recorded.

    Attributes
    ----------
    optics : Optics
        Its defocus is the target of all tilts.
    tilts_deg : tuple of float
        About the y axis, in the order of exposure (`dose_symmetric_deg`).
    dose_e_A2 : float
        Of the whole series.
    detector : Detector
        The camera.
    ice_structure : float
        Factor on the structural noise of the ice; new in each image, as the beam shakes water.
    defocus_error_A, shift_error_px, axis_error_deg, tilt_error_deg : float
        Standard deviations from tilt to tilt: of focusing, and of what an imperfect alignment
        leaves of shift (growing by ``1 + sin |θ|``), direction of the tilt axis and tilt.
    """

    optics: Optics
    tilts_deg: tuple[float, ...]
    dose_e_A2: float = 120.0
    detector: Detector = field(default_factory=Detector)
    ice_structure: float = 1.0
    defocus_error_A: float = 700.0
    shift_error_px: float = 0.3
    axis_error_deg: float = 0.1
    tilt_error_deg: float = 0.1


@dataclass(frozen=True, kw_only=True)
class Tilt:
    """One image of a tilt series, as it was and as it is believed to be.

    Attributes
    ----------
    stated_deg, true_deg : float
        The tilt that a reconstruction assumes, and the real one.
    optics : Optics
        With the true defocus at the tilt axis, which CTF estimation finds.
    dose_before_e_A2, dose_e_A2 : float
        Dose on the specimen before this image, and of this image.
    shift_px : tuple of float
        Of the image's content along x and y.
    axis_deg : float
        Turn of the content about the image's centre, from x towards y.
    """

    stated_deg: float
    true_deg: float
    optics: Optics
    dose_before_e_A2: float
    dose_e_A2: float
    shift_px: tuple[float, float]
    axis_deg: float


def dose_symmetric_deg(largest_deg: float = 60.0, step_deg: float = 3.0) -> tuple[float, ...]:
    """Return tilts from 0 outwards, the sign changing in pairs (Hagen, J. Struct. Biol. 2017).

    Examples
    --------
    >>> dose_symmetric_deg(9.0, 3.0)
    (0.0, 3.0, -3.0, -6.0, 6.0, 9.0, -9.0)
    """
    tilts_deg, sign = [0.0], 1.0
    for number in range(1, int(largest_deg / step_deg + 1e-6) + 1):
        tilts_deg += [sign * number * step_deg, -sign * number * step_deg]
        sign = -sign
    return tuple(tilts_deg)


def draw_tilts(settings: TiltSettings, rng: np.random.Generator) -> list[Tilt]:
    """Draw the errors of each tilt, in the order of exposure."""
    each_e_A2 = settings.dose_e_A2 / len(settings.tilts_deg)
    tilts = []
    for number, stated_deg in enumerate(settings.tilts_deg):
        error_A = rng.normal(0.0, settings.defocus_error_A)
        wander_px = settings.shift_error_px * (1 + np.sin(np.deg2rad(abs(stated_deg))))
        dx_px, dy_px = rng.normal(0.0, wander_px, 2)
        tilts.append(
            Tilt(
                stated_deg=stated_deg,
                true_deg=stated_deg + rng.normal(0.0, settings.tilt_error_deg),
                optics=replace(
                    settings.optics,
                    defocus_u_A=settings.optics.defocus_u_A + error_A,
                    defocus_v_A=settings.optics.defocus_v_A + error_A,
                ),
                dose_before_e_A2=number * each_e_A2,
                dose_e_A2=each_e_A2,
                shift_px=(float(dx_px), float(dy_px)),
                axis_deg=rng.normal(0.0, settings.axis_error_deg),
            )
        )
    return tilts
