"""Simulation of micrographs: densities, scenes, ice, optics, detector, junk."""
