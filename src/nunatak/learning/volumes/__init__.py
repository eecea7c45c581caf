"""Learning in tomograms: from complete labels, from a few, and from the tomograms themselves."""
