"""Labels and picks of a project as files of other programs, and back."""
