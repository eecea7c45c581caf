"""Micrographs: lazy readers, input lists, resampling, normalisation."""
