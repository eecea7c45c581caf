"""Training: batches, augmentation, the loop."""
