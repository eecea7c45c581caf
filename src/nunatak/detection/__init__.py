"""Apply detectors: models, score maps, peaks, suppression, and `pick`."""
