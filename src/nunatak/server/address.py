"""What the terminal says of how to reach the page."""

import getpass
import os
import shlex
import socket
from collections.abc import Mapping

USUAL_NEAR_PORT = 8765
"""Of the user's own computer, where a tunnel to a Unix socket begins."""


def page_address(host: str, port: int, token: str) -> str:
    """Return what to open in the browser."""
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}/?token={token}"


def tunnel(far_end: str, near_port: int, environment: Mapping[str, str] = os.environ) -> str:
    """Return the command that leads a port of the user's own computer to the server.

    Parameters
    ----------
    far_end
        ``host:port`` as this machine knows it, or the path of a socket.
    near_port
        Port of the user's own computer.
    environment
        Of the process: tells how the user came to this machine.

    Examples
    --------
    >>> there = {"SLURM_JOB_ID": "7", "SLURM_SUBMIT_HOST": "login1"}
    >>> tunnel("127.0.0.1:41233", 41233, there).startswith("ssh -N -L 41233:127.0.0.1:41233 -J ")
    True
    """
    user = getpass.getuser()
    words = ["ssh", "-N", "-L", f"{near_port}:{far_end}"]
    submitted_from = environment.get("SLURM_SUBMIT_HOST")
    host = socket.gethostname()
    if submitted_from and submitted_from != host and "SLURM_JOB_ID" in environment:
        words += ["-J", f"{user}@{submitted_from}"]  # compute nodes are reached by the login node
    else:
        host = _reached_as(host, environment)
    return shlex.join([*words, f"{user}@{host}"])


def _reached_as(host: str, environment: Mapping[str, str]) -> str:
    """Return the numeric address that the user's ssh led to, where the name is a short one."""
    connection = environment.get("SSH_CONNECTION", "").split()
    if "." in host or len(connection) != 4 or not _is_of_this_machine(connection[2]):
        return host
    return connection[2]


def _is_of_this_machine(address: str) -> bool:
    # Batch systems hand the variable on to other machines; only an own address can be bound.
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True
