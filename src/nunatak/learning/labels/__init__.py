"""Read labels and check them: every one is used or accounted for."""
