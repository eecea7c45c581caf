"""Picks in tomograms, judged by slabs through their centres."""
