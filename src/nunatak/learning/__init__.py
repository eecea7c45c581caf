"""Train detectors from a user's labels: ten clicks or thousands."""
