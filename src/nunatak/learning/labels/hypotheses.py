"""What may be wrong with positions: a mirrored, turned or transposed frame, another unit."""

from collections.abc import Iterable
from dataclasses import dataclass

from nunatak import geometry
from nunatak.geometry import FloatArray, Orientation

FACTORS = (2.0, 3.0, 4.0, 8.0, 1 / 2, 1 / 3, 1 / 4, 1 / 8)
"""Binnings in use, and their inverses: labels of a super-resolution image, say."""

_SAME_FACTOR = 0.02
"""Two factors so close put labels on the same particles; the first one named is kept."""


@dataclass(frozen=True)
class Hypothesis:
    """One way in which positions may have to be changed to lie on the particles.

    Attributes
    ----------
    orientation : Orientation
        How the axes relate to the stored image.
    factor : float
        Pixels of the stored image per unit of the positions.
    is_angstrom : bool
        Whether the factor is that of positions in ångström.
    """

    orientation: Orientation = Orientation.IDENTITY
    factor: float = 1.0
    is_angstrom: bool = False

    @property
    def name(self) -> str:
        """For programs, such as ``"flip-y"`` or ``"x2"``."""
        if self.orientation is not Orientation.IDENTITY:
            return self.orientation.value
        if self.is_angstrom:
            return "angstrom"
        return "identity" if self.factor == 1 else f"x{self.factor:.4g}"

    def applied(
        self, xy_px: FloatArray, shape: tuple[int, int], pixel_size_A: float
    ) -> tuple[FloatArray, FloatArray]:
        """Return where the positions would lie.

        Parameters
        ----------
        xy_px : ndarray, shape (n, 2), float64
            As given.
        shape
            ``(ny, nx)`` of the stored image.
        pixel_size_A
            Of the stored image.
        """
        # Images may differ in pixel size; the factor of ångström is each image's own.
        factor = 1 / pixel_size_A if self.is_angstrom else self.factor
        return geometry.oriented(
            xy_px[:, 0] * factor, xy_px[:, 1] * factor, shape, self.orientation
        )

    @property
    def cause(self) -> str:
        """What is wrong if this is right, in words."""
        if self.orientation is not Orientation.IDENTITY:
            return _ORIENTATION_CAUSES[self.orientation]
        if self.is_angstrom:
            return "the coordinates are in ångström, not in pixels"
        if self.factor > 1:
            return f"the coordinates count pixels of images binned by {self.factor:.4g}"
        return f"the coordinates count pixels of images {1 / self.factor:.4g} times larger"

    def remedy(self, own: Orientation = Orientation.IDENTITY, ratio: float = 1.0) -> str:
        """Say how to read the labels, or correct them: options help with nearly all of it.

        Parameters
        ----------
        own
            The orientation with which the labels were read; the remedy comes on top of it.
        ratio
            Pixels of the stored image per unit, with which the labels were read.
        """
        if self.orientation is Orientation.TRANSPOSE:
            return "Exchange the columns of x and y"
        if self.orientation is not Orientation.IDENTITY:
            option = f"orientation {_composed(own, self.orientation).value}"
        elif self.is_angstrom:
            option = "unit angstrom"
        else:
            option = f"binning {self.factor * ratio:.6g}"
        return (
            f"Give nunatak train --labels-{option}, or correct them with nunatak convert and "
            f"--input-{option}"
        )


AS_GIVEN = Hypothesis()


@dataclass(frozen=True)
class ReadAs:
    """How the labels were read, on top of which a remedy comes.

    Attributes
    ----------
    orientation : Orientation
        Of the format or as the user states.
    ratio : float
        Pixels of the stored image per unit of the labels.
    """

    orientation: Orientation = Orientation.IDENTITY
    ratio: float = 1.0

    def remedy(self, hypothesis: Hypothesis) -> str:
        """Say what to do if a hypothesis is right."""
        return hypothesis.remedy(self.orientation, self.ratio)


_ORIENTATION_CAUSES = {
    Orientation.FLIP_Y: "the labels are mirrored top to bottom (y counts from the other side)",
    Orientation.FLIP_X: "the labels are mirrored left to right (x counts from the other side)",
    Orientation.ROTATE_180: "the labels are turned by 180° (x and y count from the other side)",
    Orientation.TRANSPOSE: "the labels are transposed (x and y are exchanged)",
}
_MIRRORS = {
    Orientation.IDENTITY: (False, False),
    Orientation.FLIP_Y: (False, True),
    Orientation.FLIP_X: (True, False),
    Orientation.ROTATE_180: (True, True),
}


def all_hypotheses(
    pixel_sizes_A: Iterable[float], stated_ratios: Iterable[float] = ()
) -> tuple[Hypothesis, ...]:
    """List what to compare, the positions as given first.

    Parameters
    ----------
    pixel_sizes_A
        Of the stored images, for coordinates in ångström.
    stated_ratios
        Factors that the labels themselves suggest, by the pixel sizes that they state.
    """
    turned = [Hypothesis(one) for one in Orientation if one is not Orientation.IDENTITY]
    hypotheses = [AS_GIVEN, *turned]
    known = [1.0]
    for factor in (*FACTORS, *stated_ratios):
        if not _is_among(factor, known):
            known.append(factor)
            hypotheses.append(Hypothesis(factor=factor))
    in_angstrom = [1 / size_A for size_A in pixel_sizes_A]
    if any(not _is_among(factor, known) for factor in in_angstrom):
        hypotheses.append(Hypothesis(is_angstrom=True))
    return tuple(hypotheses)


def _is_among(factor: float, known: Iterable[float]) -> bool:
    return any(abs(factor / other - 1) < _SAME_FACTOR for other in known)


def _composed(first: Orientation, second: Orientation) -> Orientation:
    """Return the orientation that does both, for mirrors and half turns."""
    if first is Orientation.TRANSPOSE:
        return second  # not reached by any format's own convention
    mirrored = tuple(a != b for a, b in zip(_MIRRORS[first], _MIRRORS[second], strict=True))
    return next(one for one, mirrors in _MIRRORS.items() if mirrors == mirrored)
