"""The page in the browser: its HTTP API, and the built page itself."""
