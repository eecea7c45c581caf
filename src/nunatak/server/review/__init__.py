"""Sets of picks as a person reviews them: scores, estimates, galleries, comparisons."""
