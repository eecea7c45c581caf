"""ResNet-18 with the parameter names under which the field shares its weights."""

import torch
from torch import Tensor, nn


class BasicBlock(nn.Module):
    """Two 3 × 3 convolutions with a shortcut, projected where its shape changes.

    Parameters
    ----------
    in_channels, out_channels
        Of the maps.
    stride
        Of the first convolution.
    """

    def __init__(self, in_channels: int, out_channels: int, *, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        same_shape = stride == 1 and in_channels == out_channels
        self.downsample = None if same_shape else _projection(in_channels, out_channels, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Return maps of ``out_channels``, smaller by the stride."""
        shortcut = x if self.downsample is None else self.downsample(x)
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + shortcut)


class ResNet18(nn.Module):
    """The 18-layer residual network of He et al., arXiv 1512.03385, table 1.

    Modules have the names of the implementation whose ImageNet weights everybody uses, so that
    a state dict of the default network fits without renaming.

    Parameters
    ----------
    width
        Channels of the first convolution; each later stage has twice as many. 64 is published.
    in_channels
        Of the images; 3 is published.
    classes
        Outputs of the last layer; None leaves it out.

    Attributes
    ----------
    feature_channels : int
        Length of an image's feature vector, ``8 * width``.
    """

    def __init__(self, width: int = 64, in_channels: int = 3, classes: int | None = 1000) -> None:
        super().__init__()
        self.feature_channels = 8 * width
        self.conv1 = nn.Conv2d(in_channels, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = _stage(width, width, stride=1)
        self.layer2 = _stage(width, 2 * width, stride=2)
        self.layer3 = _stage(2 * width, 4 * width, stride=2)
        self.layer4 = _stage(4 * width, 8 * width, stride=2)
        self.fc = None if classes is None else nn.Linear(self.feature_channels, classes)
        for module in self.modules():
            # Where nothing is allocated, torch takes a second to draw nothing.
            if isinstance(module, nn.Conv2d) and not module.weight.is_meta:
                # He et al., arXiv 1502.01852, eq. 14: the scale of the gradients is kept.
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def feature_maps(self, images: Tensor) -> Tensor:
        """Describe images by maps at stride 32.

        Parameters
        ----------
        images
            Shape ``(n, in_channels, y, x)``.

        Returns
        -------
        Tensor, shape (n, feature_channels, ceil(y / 32), ceil(x / 32))
        """
        x = torch.relu(self.bn1(self.conv1(images)))
        x = nn.functional.max_pool2d(x, 3, stride=2, padding=1)
        maps: Tensor = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return maps

    def features(self, images: Tensor) -> Tensor:
        """Describe images by vectors: the mean of each of the `feature_maps`.

        Parameters
        ----------
        images
            Shape ``(n, in_channels, y, x)``.

        Returns
        -------
        Tensor, shape (n, feature_channels)
        """
        return self.feature_maps(images).mean(dim=(2, 3))

    def forward(self, images: Tensor) -> Tensor:
        """Classify images.

        Parameters
        ----------
        images
            Shape ``(n, in_channels, y, x)``.

        Returns
        -------
        Tensor, shape (n, classes)
            Logits; the features if the network was made without classes.
        """
        features = self.features(images)
        if self.fc is None:
            return features
        logits: Tensor = self.fc(features)
        return logits


def _stage(in_channels: int, out_channels: int, *, stride: int) -> nn.Sequential:
    return nn.Sequential(
        BasicBlock(in_channels, out_channels, stride=stride),
        BasicBlock(out_channels, out_channels),
    )


def _projection(in_channels: int, out_channels: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False),
        nn.BatchNorm2d(out_channels),
    )
