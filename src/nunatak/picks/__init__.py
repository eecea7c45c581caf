"""Picks: the pick table, file formats, matching, metrics."""
