"""Tell the particles among picks from junk, and junk by its kind."""
