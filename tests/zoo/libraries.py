"""Files that build a network of a library, each in the few lines that its users write; nothing is downloaded."""

TORCHVISION = """
from torchvision.models import {module}

def build_model():
    return {module}.{call}
"""
SMP = """
import segmentation_models_pytorch as smp

model = smp.{call}
"""
MONAI = """
from monai.networks.nets import {name}

def build_model():
    return {call}
"""
DIFFUSERS = """
from diffusers import {name}

model = {call}
"""
TRANSFORMERS = """
from transformers import {imports}

def get_model():
    config = {config}
    return {name}(config)
"""
TIMM = '''
import timm
import torch
from torch import nn
from torch.nn import functional as F


class {name}(nn.Module):
    """A timm backbone, its maps brought to one size and summed, a 1x1 head on top."""

    def __init__(self, num_classes=4, width=64):
        super().__init__()
        self.backbone = timm.create_model("{backbone}", pretrained=False, {options})
        channels = self.backbone.feature_info.channels()
        self.lateral = nn.ModuleList([nn.Conv2d(c, width, 1) for c in channels])
        self.smooth = nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(True))
        self.head = nn.Conv2d(width, num_classes, 1)

    def forward(self, x):
        maps = [conv(f) for conv, f in zip(self.lateral, self.backbone(x))]
        total = sum(F.interpolate(m, size=maps[0].shape[2:], mode="bilinear", align_corners=False) for m in maps)
        return F.interpolate(self.head(self.smooth(total)), size=x.shape[2:], mode="bilinear", align_corners=False)
'''

_NO_WEIGHTS = "weights=None, weights_backbone=None"
_TORCHVISION = {
    "deeplabv3-resnet50": ("segmentation", f"deeplabv3_resnet50({_NO_WEIGHTS}, num_classes=21)"),
    "deeplabv3-resnet101": ("segmentation", f"deeplabv3_resnet101({_NO_WEIGHTS}, num_classes=21)"),
    "deeplabv3-mobilenet": (
        "segmentation",
        f"deeplabv3_mobilenet_v3_large({_NO_WEIGHTS}, num_classes=21, aux_loss=True)",
    ),
    "fcn-resnet50": ("segmentation", f"fcn_resnet50({_NO_WEIGHTS}, num_classes=2)"),
    "fcn-resnet101": ("segmentation", f"fcn_resnet101({_NO_WEIGHTS}, num_classes=2)"),
    "lraspp-mobilenet": ("segmentation", f"lraspp_mobilenet_v3_large({_NO_WEIGHTS}, num_classes=21)"),
    "maskrcnn-resnet50-fpn": (
        "detection",
        f"maskrcnn_resnet50_fpn({_NO_WEIGHTS}, num_classes=3, min_size=96, max_size=96, "
        "rpn_pre_nms_top_n_test=100, rpn_post_nms_top_n_test=50, box_detections_per_img=8)",
    ),
}
_SMP = {
    "unet-resnet34": 'Unet("resnet34", encoder_weights=None, in_channels=3, classes=1)',
    "unet-efficientnet-b0": 'Unet("efficientnet-b0", encoder_weights=None, classes=3, activation="softmax2d")',
    "unet-mit-b0": 'Unet("mit_b0", encoder_weights=None, classes=1, activation="sigmoid")',
    "unet-scse-vgg": 'Unet("vgg11_bn", encoder_weights=None, decoder_attention_type="scse", classes=2)',
    "unet-two-heads": 'Unet("resnet18", encoder_weights=None, classes=2, aux_params={"classes": 4})',
    "unetplusplus-resnet18": 'UnetPlusPlus("resnet18", encoder_weights=None, classes=2)',
    "manet-mobilenet": 'MAnet("mobilenet_v2", encoder_weights=None, classes=3)',
    "linknet-resnet18": 'Linknet("resnet18", encoder_weights=None, classes=1)',
    "fpn-densenet121": 'FPN("densenet121", encoder_weights=None, classes=2)',
    "pspnet-resnet18": 'PSPNet("resnet18", encoder_weights=None, classes=2)',
    "deeplabv3-resnet18": 'DeepLabV3("resnet18", encoder_weights=None, classes=2)',
    "deeplabv3plus-mobileone": 'DeepLabV3Plus("mobileone_s0", encoder_weights=None, classes=2)',
    "pan-resnet18": 'PAN("resnet18", encoder_weights=None, classes=2)',
    "upernet-regnet": 'UPerNet("timm-regnety_002", encoder_weights=None, classes=5)',
    "segformer-mit-b0": 'Segformer("mit_b0", encoder_weights=None, classes=5)',
    "dpt-vit": 'DPT("tu-vit_tiny_patch16_224", encoder_weights=None, classes=2, dynamic_img_size=True)',
    "unet-six-bands": (
        'create_model("unet", "timm-mobilenetv3_small_100", encoder_weights=None, in_channels=6, classes=4)'
    ),
}
_SHAPE = "spatial_dims={}, in_channels={}, out_channels={}"
_STEPS = "channels=(16, 32, 64, 128), strides=(2, 2, 2)"
_MONAI = {
    "unet-2d": f"UNet({_SHAPE.format(2, 1, 2)}, {_STEPS}, num_res_units=2)",
    "unet-3d": f"UNet({_SHAPE.format(3, 1, 2)}, {_STEPS}, norm='batch')",
    "basic-unet-2d": f"BasicUNet({_SHAPE.format(2, 3, 2)}, features=(16, 16, 32, 64, 128, 16))",
    "basic-unet-1d": f"BasicUNet({_SHAPE.format(1, 2, 3)}, features=(16, 16, 32, 64, 128, 16))",
    "basic-unetplusplus-2d": f"BasicUNetPlusPlus({_SHAPE.format(2, 1, 2)}, features=(16, 16, 32, 64, 128, 16))",
    "attention-unet-2d": f"AttentionUnet({_SHAPE.format(2, 1, 2)}, {_STEPS})",
    "segresnet-2d": f"SegResNet({_SHAPE.format(2, 4, 3)})",
    "segresnet-3d": f"SegResNet({_SHAPE.format(3, 4, 3)}, blocks_down=(1, 1, 2), blocks_up=(1, 1))",
    "segresnet-vae-2d": f"SegResNetVAE(input_image_size=(64, 64), {_SHAPE.format(2, 1, 2)})",
    "vnet-2d": f"VNet({_SHAPE.format(2, 1, 2)}, dropout_prob_down=0.5, dropout_dim=2)",
    "vnet-3d": f"VNet({_SHAPE.format(3, 1, 1)})",
    "dynunet-2d": (
        f"DynUNet({_SHAPE.format(2, 1, 3)}, kernel_size=[3, 3, 3, 3], strides=[1, 2, 2, 2], "
        "upsample_kernel_size=[2, 2, 2], filters=[16, 32, 64, 128], deep_supervision=True)"
    ),
    "unetr-2d": "UNETR(1, 2, img_size=96, hidden_size=96, mlp_dim=192, num_heads=4, spatial_dims=2)",
    "unetr-3d": "UNETR(1, 2, img_size=(48, 48, 48), hidden_size=96, mlp_dim=192, num_heads=4)",
    "swin-unetr-2d": "SwinUNETR(in_channels=3, out_channels=2, feature_size=12, spatial_dims=2)",
    "swin-unetr-3d": "SwinUNETR(in_channels=1, out_channels=2, feature_size=12, depths=(1, 1, 1, 1))",
    "flexible-unet-2d": "FlexibleUNet(in_channels=3, out_channels=2, backbone='efficientnet-b0')",
    "highresnet-2d": f"HighResNet({_SHAPE.format(2, 1, 4)})",
    "autoencoder-2d": f"AutoEncoder({_SHAPE.format(2, 1, 1)}, channels=(8, 16, 32), strides=(2, 2, 2))",
    "var-autoencoder-2d": (
        "VarAutoEncoder(spatial_dims=2, in_shape=(1, 32, 32), out_channels=1, latent_size=8, channels=(8, 16), "
        "strides=(2, 2), use_sigmoid=True)"
    ),
    "generator-2d": "Generator(latent_shape=(64,), start_shape=(16, 8, 8), channels=(16, 8, 1), strides=(2, 2, 1))",
    "regunet-2d": "RegUNet(spatial_dims=2, in_channels=2, num_channel_initial=8, depth=3, out_channels=2)",
    "diffusion-unet-2d": (
        f"DiffusionModelUNet({_SHAPE.format(2, 1, 1)}, channels=(32, 64), attention_levels=(False, True), "
        "num_res_blocks=1)"
    ),
    "vqvae-2d": f"VQVAE({_SHAPE.format(2, 1, 1)}, channels=(16, 32, 32), num_res_channels=(16, 32, 32))",
    "mednext-2d": f"MedNeXt({_SHAPE.format(2, 1, 2)}, init_filters=8, kernel_size=3)",
}
_DIFFUSERS = {
    "unet2d": "UNet2DModel(sample_size=32, block_out_channels=(32, 64), layers_per_block=1, "
    'down_block_types=("DownBlock2D", "AttnDownBlock2D"), up_block_types=("AttnUpBlock2D", "UpBlock2D"))',
    "unet2d-class-labels": "UNet2DModel(sample_size=32, block_out_channels=(32, 64), layers_per_block=1, "
    'down_block_types=("DownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "UpBlock2D"), num_class_embeds=10)',
    "unet2d-condition": "UNet2DConditionModel(sample_size=16, block_out_channels=(32, 64), layers_per_block=1, "
    'cross_attention_dim=48, down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), '
    'up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"))',
    "autoencoder-kl": "AutoencoderKL(block_out_channels=(32, 64), norm_num_groups=16, "
    'down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2)',
    "autoencoder-tiny": "AutoencoderTiny(encoder_block_out_channels=(16, 16, 16, 16), "
    "decoder_block_out_channels=(16, 16, 16, 16), num_encoder_blocks=(1, 1, 1, 1), num_decoder_blocks=(1, 1, 1, 1))",
    "vq-model": "VQModel(block_out_channels=(32, 64), norm_num_groups=16, num_vq_embeddings=32, "
    'down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2)',
    "dit": "DiTTransformer2DModel(num_attention_heads=4, attention_head_dim=8, num_layers=2, sample_size=16)",
    "unet1d": "UNet1DModel(sample_size=256, in_channels=2, out_channels=2, block_out_channels=(16, 32), "
    'extra_in_channels=32, down_block_types=("DownBlock1DNoSkip", "DownBlock1D"), '
    'up_block_types=("UpBlock1D", "UpBlock1DNoSkip"))',
}
_MIT = "num_encoder_blocks=4, depths=[1, 1, 1, 1], hidden_sizes=[16, 32, 64, 96], num_labels=5"
_SWIN = (
    'embed_dim=24, depths=[1, 1, 1, 1], num_heads=[1, 2, 4, 8], out_features=["stage1", "stage2", "stage3", "stage4"]'
)
_DETR = "encoder_layers=1, decoder_layers=1, num_attention_heads=2, "
_TRANSFORMERS = {
    "segformer": ("SegformerForSemanticSegmentation", "SegformerConfig", f"SegformerConfig({_MIT})"),
    "upernet-convnext": (
        "UperNetForSemanticSegmentation",
        "ConvNextConfig, UperNetConfig",
        "UperNetConfig(backbone_config=ConvNextConfig(depths=[1, 1, 1, 1], hidden_sizes=[16, 32, 64, 96], "
        'out_features=["stage1", "stage2", "stage3", "stage4"]), hidden_size=64, auxiliary_channels=32, '
        "auxiliary_in_channels=64, num_labels=4)",
    ),
    "mask2former-swin": (
        "Mask2FormerForUniversalSegmentation",
        "Mask2FormerConfig, SwinConfig",
        f"Mask2FormerConfig(backbone_config=SwinConfig({_SWIN}), hidden_dim=32, feature_size=32, mask_feature_size=32, "
        f"{_DETR}num_queries=8, encoder_feedforward_dim=64, dim_feedforward=64, num_labels=3)",
    ),
    "maskformer-swin": (
        "MaskFormerForInstanceSegmentation",
        "DetrConfig, MaskFormerConfig, MaskFormerSwinConfig",
        f"MaskFormerConfig(backbone_config=MaskFormerSwinConfig({_SWIN}), fpn_feature_size=32, mask_feature_size=32, "
        "decoder_config=DetrConfig(d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2, "
        "decoder_attention_heads=2, encoder_ffn_dim=64, decoder_ffn_dim=64, num_queries=8), num_labels=3)",
    ),
    "dpt": (
        "DPTForDepthEstimation",
        "DPTConfig",
        "DPTConfig(hidden_size=64, num_hidden_layers=4, num_attention_heads=4, intermediate_size=128, image_size=96, "
        "backbone_out_indices=[0, 1, 2, 3], neck_hidden_sizes=[16, 32, 48, 64], fusion_hidden_size=32)",
    ),
    "swin2sr": (
        "Swin2SRForImageSuperResolution",
        "Swin2SRConfig",
        "Swin2SRConfig(image_size=32, embed_dim=32, depths=[2, 2], num_heads=[2, 2], window_size=8, upscale=2)",
    ),
    "beit": (
        "BeitForSemanticSegmentation",
        "BeitConfig",
        "BeitConfig(hidden_size=64, num_hidden_layers=4, num_attention_heads=4, intermediate_size=128, image_size=64, "
        "out_indices=[1, 2, 3, 4], num_labels=4)",
    ),
    "mobilevit": (
        "MobileViTForSemanticSegmentation",
        "MobileViTConfig",
        "MobileViTConfig(hidden_sizes=[32, 48, 64], neck_hidden_sizes=[8, 16, 24, 32, 48, 64, 96], num_labels=4, "
        "aspp_out_channels=32)",
    ),
    "glpn": (
        "GLPNForDepthEstimation",
        "GLPNConfig",
        "GLPNConfig(depths=[1, 1, 1, 1], hidden_sizes=[16, 32, 64, 128], num_attention_heads=[1, 2, 4, 8], "
        "decoder_hidden_size=32)",
    ),
    "vitmatte": (
        "VitMatteForImageMatting",
        "VitDetConfig, VitMatteConfig",
        "VitMatteConfig(backbone_config=VitDetConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, "
        'num_channels=4, image_size=64, out_features=["stage2"]), hidden_size=32, '
        "convstream_hidden_sizes=[16, 24, 32], fusion_hidden_sizes=[64, 32, 16, 8])",
    ),
}
_TIMM = {
    "resnet": ("ResNetDecoder", "resnet18", "features_only=True"),
    "convnext": ("ConvNeXtDecoder", "convnext_atto", "features_only=True"),
    "efficientnet": ("EfficientNetDecoder", "tf_efficientnetv2_b0", "features_only=True, out_indices=(1, 2, 3, 4)"),
    "vit": ("VitDecoder", "vit_tiny_patch16_224", "features_only=True, out_indices=(5, 8, 11), img_size=128"),
    "mobilenet-four-channels": ("MobileDecoder", "mobilenetv3_small_100", "features_only=True, in_chans=4"),
}


def texts() -> dict[str, dict[str, str]]:
    """Return family -> name -> the text of the file."""
    return {
        "torchvision": {n: TORCHVISION.format(module=m, call=call) for n, (m, call) in _TORCHVISION.items()},
        "smp": {n: SMP.format(call=call) for n, call in _SMP.items()},
        "monai": {n: MONAI.format(name=call.partition("(")[0], call=call) for n, call in _MONAI.items()},
        "diffusers": {n: DIFFUSERS.format(name=call.partition("(")[0], call=call) for n, call in _DIFFUSERS.items()},
        "transformers": {
            n: TRANSFORMERS.format(name=name, imports=f"{configs}, {name}", config=config)
            for n, (name, configs, config) in _TRANSFORMERS.items()
        },
        "timm": {
            n: TIMM.format(name=name, backbone=backbone, options=options)
            for n, (name, backbone, options) in _TIMM.items()
        },
    }
