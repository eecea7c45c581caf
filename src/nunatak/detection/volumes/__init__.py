"""Apply 3D detectors: windows over a tomogram, views, peaks and suppression."""
