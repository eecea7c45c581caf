"""Words of label files, apart from what reads them, so that they cost nothing to import."""

NEGATIVE_CLASSES = frozenset(
    {"background", "bad", "false", "ice", "junk", "negative", "no particle", "none", "rejected"}
)
"""Class names, in any letter case, that mark a place as no particle."""

ONLY_CLASS = "particle"
"""Name of the kind of particle where only one is looked for."""
