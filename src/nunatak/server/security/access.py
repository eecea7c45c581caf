"""The secret of one server, and the names under which it may be reached."""

import hashlib
import hmac
import secrets
import socket
from dataclasses import dataclass, field
from ipaddress import ip_address

TOKEN_BYTES = 32
_NAME_LENGTH = 12

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
"""What a browser calls this machine, also at the near end of an ``ssh -L`` tunnel."""


def new_token() -> str:
    """Return a new secret, fit for an address."""
    return secrets.token_urlsafe(TOKEN_BYTES)


@dataclass(frozen=True, kw_only=True)
class Access:
    """Who may use a server.

    Attributes
    ----------
    token : str
        The secret in the address that the user opens. Never in logs, nor in ``repr``.
    project : str
        What tells this project from others, on whatever machine: browsers send the cookies of
        one host to all its ports, and those of two servers must not replace each other.
    project_id : str or None
        Of its settings: pages of another project are turned away. None takes all.
    is_exposed : bool
        Whether the server listens beyond this machine: then this machine's names and numeric
        addresses are right as well.
    """

    token: str = field(repr=False)
    project: str
    project_id: str | None = None
    is_exposed: bool = False

    @property
    def cookie_name(self) -> str:
        """The cookie's name."""
        digest = hashlib.sha256(self.project.encode("utf-8", "surrogateescape")).hexdigest()
        return f"nunatak-{digest[:_NAME_LENGTH]}"

    @property
    def cookie_value(self) -> str:
        """What the cookie holds: made from the token, which itself never rests in the browser."""
        return hmac.new(self.token.encode(), b"cookie", hashlib.sha256).hexdigest()

    def accepts_token(self, given: str) -> bool:
        """Whether this is the token; takes the same time for every wrong one."""
        return hmac.compare_digest(_bytes(given), _bytes(self.token))

    def accepts_cookie(self, given: str | None) -> bool:
        """Whether the cookie is right."""
        return given is not None and hmac.compare_digest(_bytes(given), _bytes(self.cookie_value))

    def accepts_project(self, given: str | None) -> bool:
        """Whether a page may be of this project; one that has not read its project cannot say."""
        return given is None or self.project_id in (None, given)

    def accepts_host(self, name: str) -> bool:
        """Whether a server of this kind may be called by this name, without a port.

        A page of another site can make its own name lead to this machine, but cannot make the
        browser call it by one of ours.
        """
        plain = name.strip("[]").casefold()
        if plain in LOOPBACK_NAMES:
            return True
        return self.is_exposed and (_is_numeric(plain) or plain in _own_names())


def _is_numeric(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _own_names() -> frozenset[str]:
    return frozenset({socket.gethostname().casefold(), socket.getfqdn().casefold()})


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
