"""Who may use the server, from where, and how much of it at once."""
