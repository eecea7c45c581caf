"""Recipes: how the models that ship with the package were made, for anyone to rerun."""
