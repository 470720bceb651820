"""What may stand before the colon of a target, beside files and modules."""

HUGGING_FACE = "hf:"
"""Before a local directory of transformers or diffusers."""

LIBRARIES = {
    "torchvision": "deeplabv3_resnet50",
    "smp": "Unet",
    "timm": "resnet18",
    "monai": "UNet",
    "diffusers": "UNet2DModel",
    "transformers": "SegformerForSemanticSegmentation",
}
"""Libraries whose networks can be named, each with one of them as an example."""
