"""Topaz's published configuration: a patch classifier, learned from scratch."""

from nunatak.learning.settings import LearningSettings
from nunatak.networks.specs import NetworkSpec

UPDATES_PER_EPOCH = 1000
EPOCHS = 10

RECEPTIVE_FIELD_PX = 71
"""Of ResNet8; a particle spans half of it, as the authors advise and RELION arranges."""

PUBLISHED = LearningSettings(
    start=None,
    network=NetworkSpec(name="ResNet8", parameters={"units": 32}),
    objective="ge-binomial",
    teacher=False,
    autoencoder_weight=0.0,
    steps=EPOCHS * UPDATES_PER_EPOCH,
    batch_size=256,
    learning_rate=2e-4,
    weight_decay=0.0,
    schedule="constant",
    normalisation="mixture",
    diameter_px=RECEPTIVE_FIELD_PX / 2,
    positive_radius_px=3.0,
    positive_share=1 / 16,
    validate_every=UPDATES_PER_EPOCH,
    patience=None,
)
"""What ``topaz train`` does by default (Bepler et al., Nature Methods 2019, and topaz-em 0.3).

One thing is not published: the weights of the best validation are kept, not those of the last
update, as for every training of nunatak.
"""
