"""Read JSON from files that nobody vouches for."""

import json
from pathlib import Path
from typing import NoReturn

from nunatak.errors import FormatError
from nunatak.picks.formats.text import read_text


def read_json_object(path: Path) -> dict[str, object]:
    """Read a file that holds one JSON object.

    Raises
    ------
    FormatError
        If it is not JSON, is nested too deeply, holds NaN or infinity, or is not an object.
    """

    def refuse(constant: str) -> NoReturn:
        raise FormatError(path, f"{constant}, which is not JSON", hint="Remove that entry")

    try:
        content = json.loads(read_text(path), parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise FormatError(path, f"not JSON ({error.msg})", line=error.lineno) from error
    except RecursionError:
        raise FormatError(path, "JSON nested too deeply to be a file of picks") from None
    except ValueError as error:  # such as a whole number of thousands of digits
        raise FormatError(path, f"not readable as JSON ({error})") from error
    if not isinstance(content, dict):
        raise FormatError(path, f"a JSON {type(content).__name__} where an object was expected")
    return content
