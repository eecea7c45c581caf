"""Whether particles are large enough to be seen in their tomograms."""

from collections.abc import Mapping

from nunatak.detection.preparation import REFUSED_BELOW_PX
from nunatak.errors import UsageError
from nunatak.learning.volumes.volume_label_set import VolumeLabelSet
from nunatak.picks.image_catalogue import ImageCatalogue


def refuse_tiny_particles(
    diameters_A: Mapping[str, float], labels: VolumeLabelSet, images: ImageCatalogue
) -> None:
    """Refuse diameters with which no tomogram would be picked in the end.

    Parameters
    ----------
    diameters_A
        Of the classes, by name, Å.
    labels
        Of which the tomograms are looked at.
    images
        The tomograms, with what their headers say.

    Raises
    ------
    UsageError
        If the largest particle spans fewer than `REFUSED_BELOW_PX` voxels as stored.
    """
    largest_A = max(diameters_A.values())
    for name in labels.tomograms:
        size_A = images.pixel_size_A(name)
        if size_A is None or largest_A / size_A >= REFUSED_BELOW_PX:
            continue
        raise UsageError(
            f"{name}: the largest particle, of {largest_A:g} Å, spans {largest_A / size_A:.2g} "
            f"voxels of {size_A:g} Å, too few to be seen. Diameters are in Å: if this one counts "
            f"voxels, it is {largest_A * size_A:g} Å (nunatak train: --diameter). Otherwise check "
            "the voxel size (--pixel-size, in Å)."
        )
