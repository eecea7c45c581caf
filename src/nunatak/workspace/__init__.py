"""A project: images, labels, picks, decisions and runs in one SQLite file in a folder."""
