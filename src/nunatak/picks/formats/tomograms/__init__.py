"""Formats of picks in tomograms, one small module each."""
