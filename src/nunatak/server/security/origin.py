"""Where a request comes from: only the page itself may use the API."""

import re
from collections.abc import Mapping

from nunatak.server.security.access import Access

SAFE_METHODS = frozenset({"GET", "HEAD"})

_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:[0-9]{1,5})?")


def host_problem(headers: Mapping[str, str], access: Access) -> str | None:
    """Return why the name under which the server was called is wrong, or None.

    Any port will do: at the near end of a tunnel it is another than the server's.
    """
    host = _HOST.fullmatch(headers.get("host", ""))
    if host is None:
        return "The request does not say properly which host it is for."
    if not access.accepts_host(host["name"]):
        return (
            "This server does not answer under this name. Open the address that 'nunatak label' "
            "printed in its terminal."
        )
    return None


def foreign_problem(method: str, headers: Mapping[str, str]) -> str | None:
    """Return why a request comes from elsewhere than the page, or None.

    Another port of the same machine is another site's page too, though browsers call it
    ``same-site`` and send it the same cookies: it may be another user's server.
    """
    fetched_from = headers.get("sec-fetch-site")
    allowed = {"same-origin", "none"} if method in SAFE_METHODS else {"same-origin"}
    origin = headers.get("origin")
    if (fetched_from is None or fetched_from in allowed) and (
        origin is None or origin == f"http://{headers.get('host', '')}"
    ):
        return None
    return "Only the page of nunatak itself may ask for this."
