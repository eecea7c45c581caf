"""Runs: picking, training and pruning in processes of their own, and who looks after them."""

from nunatak.server.runs.manager import RunManager

__all__ = ["RunManager"]
