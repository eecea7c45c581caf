"""Answers to those who may not come in."""

from starlette.responses import HTMLResponse, RedirectResponse, Response

from nunatak.server.problems import problem
from nunatak.server.security.access import Access

LOCKED = (
    "This page is locked. Open the address that 'nunatak label' printed in its terminal; it ends "
    "in ?token=... and changes each time the program is started."
)

OTHER_PROJECT = (
    "Another project is served here now; nothing was changed. Close this page. To go on with its "
    "project, start 'nunatak label' for it again, and open the address that it prints."
)

_PAGE = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>nunatak: locked</title>
<h1>nunatak</h1>
<p>{LOCKED}</p>
</html>
"""

_COME_IN = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url=/">
<title>nunatak</title>
<p><a href="/">Open the page</a></p>
</html>
"""


def locked(path: str) -> Response:
    """Return the answer to a request without the right token or cookie."""
    answer: Response
    answer = problem(401, LOCKED) if path.startswith("/api/") else HTMLResponse(_PAGE, 401)
    # Other users of the machine could hold all connections otherwise.
    answer.headers["Connection"] = "close"
    return answer


def let_in(access: Access, fetched_from: str | None) -> Response:
    """Return the answer to the right token: the cookie, and an address without the token.

    Parameters
    ----------
    access
        Of the server.
    fetched_from
        What the browser says of where it came from (``Sec-Fetch-Site``). Where that is another
        site, such as a terminal in a web page, it would not send the cookie after a redirection:
        a page of our own has to lead on.
    """
    answer: Response
    if fetched_from in (None, "none", "same-origin"):
        answer = RedirectResponse("/", 303)
    else:
        answer = HTMLResponse(_COME_IN)
    answer.set_cookie(
        access.cookie_name, access.cookie_value, path="/", httponly=True, samesite="strict"
    )
    return answer
