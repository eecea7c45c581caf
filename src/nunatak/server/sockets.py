"""What the server listens on: a port of this machine, or a Unix socket of the user's own."""

import errno
import os
import socket
import stat
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

from nunatak.errors import BadInput, ResourceError, UsageError

BACKLOG = 128
_LONGEST_SOCKET_PATH = 107
"""Bytes; the system takes no more."""

_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a host's ports."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listening_port(host: str, port: int, preferred: int | None) -> socket.socket:
    """Return a socket that listens on a port.

    Parameters
    ----------
    host
        Name or address.
    port
        0 lets the system choose.
    preferred
        To be taken instead of one that the system chooses, if it is free: a page that is open
        still finds the server there, with the edits that it keeps.

    Raises
    ------
    UsageError
        If the port is taken, or the host is none of this machine's.
    """
    if port == 0 and preferred is not None:
        with suppress(OSError):
            return _bound(host, preferred)
    try:
        return _bound(host, port)
    except OSError as error:
        raise _unusable(host, port, error) from error


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _unusable(host: str, port: int, error: OSError) -> UsageError:
    if error.errno == errno.EADDRINUSE:
        return UsageError(
            f"Port {port} is taken by another program. Give another --port, or leave it out."
        )
    return UsageError(f"Cannot listen on {host}, port {port} ({error.strerror or error}).")


def listening_at(path: Path) -> socket.socket:
    """Return a socket that listens at a path, which nobody but the user can reach.

    Raises
    ------
    UsageError
        If the folder is another's, others may write to it, or the path is too long.
    BadInput
        If there is another file, or another server listens.
    ResourceError
        If the socket cannot be made.
    """
    path = path.absolute()
    if len(os.fsencode(path)) > _LONGEST_SOCKET_PATH:
        raise UsageError(f"{path}: too long for a socket. Give a path of fewer characters.")
    _require_own_folder(path.parent)
    _remove_stale(path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # The file must never be open to others, not even before its mode could be changed.
    before = os.umask(0o177)
    try:
        listening.bind(str(path))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise ResourceError(f"{path}: cannot make the socket ({error.strerror}).") from error
    finally:
        os.umask(before)
    return listening


def _require_own_folder(folder: Path) -> None:
    try:
        found = folder.stat()
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror}. Make the folder of the socket.") from error
    if not stat.S_ISDIR(found.st_mode):
        raise UsageError(f"{folder}: no folder. Give the path of a socket in a folder of yours.")
    if found.st_uid != os.getuid() or found.st_mode & _OTHERS_MAY_WRITE:
        raise UsageError(
            f"{folder}: others may write here, and could put a socket of their own in place of "
            f"this one. Take a folder of your own, or forbid it: chmod go-w {folder}"
        )


def _remove_stale(path: Path) -> None:
    """Remove the socket of a server that has ended."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise BadInput(f"{path}: there is a file that is no socket. Give another path.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            with suppress(FileNotFoundError):
                path.unlink()
            return
    raise BadInput(f"{path}: another server listens here. Give another path.")
