"""DeepLabV3 with a ResNet-50 backbone for three classes, without any pretrained weights.

Its output is a dictionary whose "out" holds logits. Argmax makes them class ids 0, 1 and 2: written as 8-bit grey
they look black, and multiplied by 255 they wrap around.
"""

from torch import nn
from torchvision.models.segmentation import deeplabv3_resnet50


def build_model() -> nn.Module:
    """Build the network for pictures [N, 3, H, W] and logits [N, 3, H, W]."""
    model: nn.Module = deeplabv3_resnet50(weights=None, weights_backbone=None, num_classes=3)
    return model
