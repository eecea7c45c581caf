"""MRC files made byte by byte, so that every header field can be wrong on purpose."""

import struct

import numpy as np

OFFSETS = {
    "nx": 0,
    "ny": 4,
    "nz": 8,
    "mode": 12,
    "mx": 28,
    "my": 32,
    "mz": 36,
    "mapc": 64,
    "mapr": 68,
    "maps": 72,
    "ispg": 88,
    "nsymbt": 92,
    "imod_stamp": 152,
    "imod_flags": 156,
}
FLOAT_OFFSETS = {"cell_x": 40, "cell_y": 44, "cell_z": 48, "dmin": 76, "dmax": 80}
MODES = {"i1": 0, "i2": 1, "f4": 2, "c8": 4, "u2": 6, "f2": 12, "u1": 0}


def mrc_bytes(pixels, *, order="<", pixel_size_A=1.5, stamp=None, tag=b"MAP ", **fields):
    """One MRC file; ``fields`` override what the pixels imply."""
    stack = pixels if pixels.ndim == 3 else pixels[np.newaxis]
    nz, ny, nx = stack.shape
    values = {
        "nx": nx,
        "ny": ny,
        "nz": nz,
        "mode": MODES[pixels.dtype.str[1:]],
        "mx": nx,
        "my": ny,
        "mz": 1,
        "cell_x": nx * pixel_size_A,
        "cell_y": ny * pixel_size_A,
        "cell_z": pixel_size_A,
        "mapc": 1,
        "mapr": 2,
        "maps": 3,
        "dmin": 0.0,
        "dmax": -1.0,
    } | fields
    extended = values.get("nsymbt", 0)
    header = bytearray(1024)
    for name, value in values.items():
        if name in FLOAT_OFFSETS:
            struct.pack_into(f"{order}f", header, FLOAT_OFFSETS[name], value)
        else:
            struct.pack_into(f"{order}i", header, OFFSETS[name], value)
    header[208:212] = tag
    header[212:216] = stamp or (b"\x44\x44\0\0" if order == "<" else b"\x11\x11\0\0")
    data = stack.astype(stack.dtype.newbyteorder(order)).tobytes()
    return bytes(header) + b"\xab" * (extended if 0 < extended < 10_000 else 0) + data


def noise(shape=(20, 31), dtype="f4", seed=0):
    """Pixels that use the type's range, at a size that is odd and not square."""
    values = np.random.default_rng(seed).normal(scale=40, size=shape)
    if np.dtype(dtype).kind == "u":
        values = np.abs(values)
    return np.clip(values, -128, 255 if dtype == "u1" else 127).astype(dtype)
