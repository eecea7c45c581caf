"""Reports: single-file HTML pages to look at what was picked."""
