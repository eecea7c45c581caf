import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from nunatak import rotations


def relion_matrix(rot_deg: float, tilt_deg: float, psi_deg: float) -> np.ndarray:
    """RELION's matrix, element by element, as Heymann et al. (2005) print it."""
    ca, cb, cg = np.cos(np.radians([rot_deg, tilt_deg, psi_deg]))
    sa, sb, sg = np.sin(np.radians([rot_deg, tilt_deg, psi_deg]))
    return np.array(
        [
            [cg * cb * ca - sg * sa, cg * cb * sa + sg * ca, -cg * sb],
            [-sg * cb * ca - cg * sa, -sg * cb * sa + cg * ca, sg * sb],
            [sb * ca, sb * sa, cb],
        ]
    )


@pytest.mark.parametrize("angles", [(0, 0, 0), (30, 50, 70), (-120, 10, 179), (12.5, 180, -40)])
def test_relion_angles_give_relions_matrix(angles: tuple[float, float, float]) -> None:
    matrix = rotations.from_relion([angles]).as_matrix()[0]
    np.testing.assert_allclose(matrix, relion_matrix(*angles), atol=1e-12)


@pytest.mark.parametrize(
    ("there", "back"),
    [
        (rotations.to_relion, rotations.from_relion),
        (rotations.to_dynamo, rotations.from_dynamo),
        (rotations.to_tom, rotations.from_tom),
    ],
)
def test_angles_keep_the_rotation(there, back, rng: np.random.Generator) -> None:  # type: ignore[no-untyped-def]
    given = Rotation.concatenate(
        [
            Rotation.random(50, random_state=rng),
            Rotation.identity(1),
            Rotation.from_euler("z", [30]),
        ]
    )
    after = back(there(given))
    assert (after * given.inv()).magnitude().max() < 1e-7


def test_one_orientation_in_two_programs() -> None:
    """A pair of equal orientations that were found by comparing reconstructions.

    Dynamo (-47.273, 1.1777, -132.3) and RELION (137.7, 1.1777, 42.727).
    """
    relion = rotations.from_relion([[137.7, 1.1777, 42.727]])
    dynamo = rotations.from_dynamo([[-47.273, 1.1777, -132.3]])
    assert (relion * dynamo.inv()).magnitude()[0] < np.radians(0.01)


def test_toms_angles_turn_the_reference_about_fixed_axes() -> None:
    """By hand: y goes to -x by phi, stays there by theta about x, and goes to -y by psi."""
    phi, psi, theta = 90, 90, 30
    turned = rotations.from_tom([[phi, psi, theta]])
    np.testing.assert_allclose(turned.apply([0, 1, 0]), [[0, -1, 0]], atol=1e-12)
    # z tilts towards -y by theta, and psi takes -y to x.
    np.testing.assert_allclose(turned.apply([0, 0, 1]), [[0.5, 0, np.sqrt(0.75)]], atol=1e-12)


def test_toms_angles_are_dynamos_reversed() -> None:
    tom = rotations.from_tom([[132.3, 47.273, -1.1777]])
    dynamo = rotations.from_dynamo([[-47.273, 1.1777, -132.3]])
    assert (tom * dynamo.inv()).magnitude()[0] < 1e-12


def test_toms_angles_are_stored_in_the_order_phi_psi_theta() -> None:
    angles = rotations.to_tom(rotations.from_tom([[11.0, -73.0, 40.0]]))
    np.testing.assert_allclose(angles, [[11.0, -73.0, 40.0]], atol=1e-9)


def test_no_orientations_are_an_empty_set() -> None:
    assert rotations.to_relion(rotations.from_relion(np.empty((0, 3)))).shape == (0, 3)
