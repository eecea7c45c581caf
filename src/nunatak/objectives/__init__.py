"""Objectives: pure functions of scores and targets."""
