"""Sizes of images, in the order of an array's axes."""

Shape = tuple[int, int]
"""``(ny, nx)`` in pixels."""

VolumeShape = tuple[int, int, int]
"""``(nz, ny, nx)`` in voxels."""
