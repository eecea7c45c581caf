"""What images say about the orientation of picks."""

from dataclasses import dataclass

from nunatak.geometry import Orientation
from nunatak.picks.counted import counted

SIGNIFICANT = 3.0
"""Standard errors that the best orientation must lie above chance and above every other one."""


@dataclass(frozen=True)
class OrientationScore:
    """How well one orientation fits.

    Attributes
    ----------
    orientation : Orientation
    contrast : float
        Mean local contrast at the picks, in standard deviations of the contrast over all
        positions of the image; about 0 where the picks might as well be random. Its sign is
        that of the particles (negative: dark).
    error : float
        Standard error of ``contrast``.
    behind : float
        How far this orientation is behind the best one, in standard errors of the paired
        difference; 0 for the best one.
    """

    orientation: Orientation
    contrast: float
    error: float
    behind: float

    @property
    def z(self) -> float:
        """Contrast in standard errors, unsigned."""
        return abs(self.contrast) / self.error


@dataclass(frozen=True)
class OrientationReport:
    """What the images say about the orientation of the picks.

    Attributes
    ----------
    scores : tuple of OrientationScore
        Best first.
    n_picks, n_images : int
        What the scores rest on.
    unmatched : dict of str to str
        Images of the picks that were not given, with the reason.
    by_default : Orientation
        How the format of the picks is read where nothing is said.
    """

    scores: tuple[OrientationScore, ...]
    n_picks: int
    n_images: int
    unmatched: dict[str, str]
    by_default: Orientation = Orientation.IDENTITY

    @property
    def best(self) -> Orientation | None:
        """The orientation that fits, or None if none stands out."""
        first = self.scores[0]
        clear = all(score.behind >= SIGNIFICANT for score in self.scores[1:])
        return first.orientation if clear and first.z >= SIGNIFICANT else None

    def __str__(self) -> str:
        lines = [f"{'orientation':12}  contrast   z"]
        lines += [
            f"{score.orientation.value:12}  {score.contrast:+.3f} ± {score.error:.3f}"
            f"  {score.z:.1f}"
            for score in self.scores
        ]
        where = f"{counted(self.n_picks, 'pick')} on {counted(self.n_images, 'image')}"
        lines.append(f"{where}. {self._verdict()}")
        return "\n".join(lines)

    def _verdict(self) -> str:
        if self.best is None:
            return (
                "No orientation clearly fits. Check that these are the right images, the "
                "diameter, and the binning of the picks; or give more images."
            )
        fits = f"after {self.best.value}"
        if self.best is Orientation.IDENTITY:
            fits = "the images as they are"
        if self.best is not self.by_default:
            usual = f", not {self.by_default.value} as this format by default"
            return (
                f"The picks fit {fits}: read them with --input-orientation {self.best.value}"
                f"{'' if self.by_default is Orientation.IDENTITY else usual}."
            )
        if self.best is Orientation.IDENTITY:
            return f"The picks fit {fits}."
        return (
            f"The picks fit {fits}, which is how this format is read by default; leave "
            "--input-orientation out."
        )

    def to_dict(self) -> dict[str, object]:
        """Return the report as what JSON can hold."""
        return {
            "best": None if self.best is None else self.best.value,
            "by_default": self.by_default.value,
            "n_picks": self.n_picks,
            "n_images": self.n_images,
            "scores": [
                {
                    "orientation": score.orientation.value,
                    "contrast": score.contrast,
                    "error": score.error,
                    "z": score.z,
                    "behind": score.behind,
                }
                for score in self.scores
            ],
        }
