"""When the resolution tags of a TIFF file are a pixel size, and when they are dots per inch."""

import tifffile

from nunatak.images.pixel_size import stated

_SMALLEST_A, _LARGEST_A = 0.05, 200.0
_TAG_UNITS_A = {2: ("inch", 2.54e8), 3: ("centimetre", 1e8)}
_IMAGEJ_UNITS_A = {
    "å": 1.0,
    "\\u00c5": 1.0,
    "angstrom": 1.0,
    "angstroms": 1.0,
    "a": 1.0,
    "pm": 0.01,
    "nm": 10.0,
    "um": 1e4,
    "µm": 1e4,
    "\\u00b5m": 1e4,
    "micron": 1e4,
    "microns": 1e4,
}


def tiff_pixel_size(
    page: tifffile.TiffPage, imagej_unit: str | None
) -> tuple[tuple[float | None, float | None], str]:
    """Read the pixel size from the resolution tags where their unit can be trusted.

    Trusted are pixels per centimetre or per inch (SerialEM and IMOD write them), and pixels
    per a unit of length that ImageJ names. Values outside 0.05 to 200 Å are a screen's or a
    printer's resolution (72 or 300 dots per inch) and are not; nor are tags without a unit.

    Parameters
    ----------
    page
        The image's page.
    imagej_unit
        ImageJ's ``unit``, if the file has one.

    Returns
    -------
    sizes_A : tuple of (float or None)
        Along x and y.
    note : str
        Where they come from, or why they were not taken.
    """
    unit, unit_A = _unit(page, imagej_unit)
    if unit_A is None:
        return (None, None), f"no pixel size: {unit}"
    sizes_A = (_size(page, "XResolution", unit_A), _size(page, "YResolution", unit_A))
    if sizes_A == (None, None):
        return sizes_A, f"no pixel size: pixels per {unit} that are not a microscope's"
    return sizes_A, f"pixel size from the resolution tags, in pixels per {unit}"


def _unit(page: tifffile.TiffPage, imagej_unit: str | None) -> tuple[str, float | None]:
    """Name the unit of the resolution tags and its length in ångström."""
    if "XResolution" not in page.tags or "YResolution" not in page.tags:
        return "no resolution tags", None
    if imagej_unit is not None:
        # ImageJ leaves the tag at 'none' and counts pixels per its own unit.
        length_A = _IMAGEJ_UNITS_A.get(str(imagej_unit).strip().casefold())
        return f"ImageJ unit '{imagej_unit}'", length_A
    tag = page.tags.get("ResolutionUnit")
    # TIFF 6.0: inch where the tag is absent; a file that does not say is not trusted here.
    code = int(tag.value) if tag is not None else 1
    return _TAG_UNITS_A.get(code, ("resolution tags without a unit", None))


def _size(page: tifffile.TiffPage, name: str, unit_A: float) -> float | None:
    numerator, denominator = page.tags[name].value
    if numerator <= 0 or denominator <= 0:
        return None
    size_A = stated(unit_A * denominator / numerator)
    return size_A if size_A is not None and _SMALLEST_A <= size_A <= _LARGEST_A else None
