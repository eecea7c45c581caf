"""Orientations of particles in tomograms: the only place where a convention is converted.

Inside nunatak an orientation is a `scipy.spatial.transform.Rotation` that turns the particle's
reference into its place in the tomogram: a vector v of the reference points along ``R v`` there.
Pick tables hold it as RELION's three Euler angles in degrees (``rot_deg``, ``tilt_deg``,
``psi_deg``), which is what the field writes into files.
"""

import warnings
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

FloatArray = NDArray[np.float64]


def from_relion(angles_deg: ArrayLike) -> Rotation:
    r"""Return the rotations of RELION's angles.

    RELION's matrix :math:`A = R_z(\psi) R_y(\theta) R_z(\phi)` turns coordinate axes, not
    vectors (Heymann, Chagoyen and Belnap, J. Struct. Biol. 151, 196, 2005): as a rotation of
    vectors it is the inverse of the intrinsic z-y'-z'' rotation by (rot, tilt, psi).

    Parameters
    ----------
    angles_deg : array, shape (n, 3)
        ``rlnAngleRot``, ``rlnAngleTilt``, ``rlnAnglePsi``, degrees.

    Examples
    --------
    >>> from_relion([[0, 90, 0]]).apply([0, 0, 1]).round(6).tolist()
    [[-1.0, 0.0, 0.0]]
    """
    return Rotation.from_euler("ZYZ", _rows(angles_deg), degrees=True).inv()


def to_relion(rotation: Rotation) -> FloatArray:
    """Return RELION's angles of rotations, shape (n, 3), degrees; inverse of `from_relion`."""
    return _euler(rotation.inv(), "ZYZ")


def from_dynamo(angles_deg: ArrayLike) -> Rotation:
    """Return the rotations of Dynamo's angles.

    Parameters
    ----------
    angles_deg : array, shape (n, 3)
        ``tdrot``, ``tilt``, ``narot``, degrees: about the fixed axes z, x and z, they turn the
        particle back onto its reference.
    """
    return Rotation.from_euler("zxz", _rows(angles_deg), degrees=True).inv()


def to_dynamo(rotation: Rotation) -> FloatArray:
    """Return Dynamo's angles of rotations, shape (n, 3), degrees; inverse of `from_dynamo`."""
    return _euler(rotation.inv(), "zxz")


def from_tom(angles_deg: ArrayLike) -> Rotation:
    """Return the rotations of the angles of TOM, AV3 and Artiatomi.

    The reference is turned into its place about the fixed axes z (phi), x (theta) and z (psi):
    the reverse of Dynamo's, so that phi, psi and theta are its -narot, -tdrot and -tilt
    (as ArtiaX, copick and cryoCAT read them).

    Parameters
    ----------
    angles_deg : array, shape (n, 3)
        ``phi``, ``psi``, ``theta``, degrees, in the order in which motive lists store them.

    Examples
    --------
    >>> from_tom([[0, 0, 90]]).apply([0, 0, 1]).round(6).tolist()
    [[0.0, -1.0, 0.0]]
    """
    return Rotation.from_euler("zxz", _rows(angles_deg)[:, [0, 2, 1]], degrees=True)


def to_tom(rotation: Rotation) -> FloatArray:
    """Return TOM's angles of rotations, shape (n, 3), degrees; inverse of `from_tom`."""
    return _euler(rotation, "zxz")[:, [0, 2, 1]]


def _rows(angles_deg: ArrayLike) -> FloatArray:
    return np.asarray(angles_deg, dtype=np.float64).reshape(-1, 3)


def _euler(rotation: Rotation, axes: Literal["ZYZ", "zxz"]) -> FloatArray:
    # Where the middle angle vanishes the two others cannot be told apart, and scipy, which
    # then chooses one of many equivalent pairs, would warn of it.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return np.asarray(rotation.as_euler(axes, degrees=True), dtype=np.float64).reshape(-1, 3)
