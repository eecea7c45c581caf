"""Models of Topaz, read as plain tensors: no code of theirs is ever run."""
