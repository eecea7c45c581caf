"""Find particles in cryo-EM micrographs from few or no labels."""

__version__ = "0.1.0"
