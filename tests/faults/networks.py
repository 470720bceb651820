"""The networks of the accuracy bench: other people's above all, small, each as the text of a file that builds it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from tests.zoo.collection import OWN
from tests.zoo.libraries import texts
from unetdoctor.facts import Task

BINARY, MULTICLASS, RGB, GENERATOR = Task.BINARY, Task.MULTICLASS, Task.RGB, Task.GENERATOR


@dataclass(frozen=True)
class Skip:
    """Where a skip connection and the deep branch are joined by concatenation."""

    consumer: str
    """Convolution that reads the joined map."""
    joined: str
    """Module in whose forward() they are joined."""
    deep: slice
    """Channels of the consumer's input that come from below."""
    skip: slice
    """Channels that come from the encoder."""


@dataclass(frozen=True)
class Network:
    """A network with what the operators have to know of it; nothing here is told to the tool but task and shape."""

    name: str
    family: str
    text: str
    """Python that defines build_model()."""
    shape: tuple[int, ...]
    """Shape of the first input."""
    task: Task = Task.AUTO
    """What a person declares."""
    classes: int | None = None
    """What a person declares, for several classes."""
    head: str = ""
    """Last weighted layer."""
    stem: str = ""
    """First convolution."""
    activation: str = ""
    """Final activation inside the network: `sigmoid`, `tanh`; empty for logits and plain values."""
    skip: Skip | None = None
    up: str = ""
    """A transposed convolution of the decoder that doubles the size."""
    equal_skips: tuple[int, int] | None = None
    """Two features of an encoder that have as many channels and another size."""
    lesson: str = ""
    """What it is trained for (see lessons.py); empty where it is never trained."""
    others: tuple[tuple[str, int], ...] = field(default=())
    """Further inputs by name, each an integer for every sample (timesteps)."""

    @property
    def latent(self) -> bool:
        """Whether the input is a latent vector."""
        return self.task is GENERATOR and (len(self.shape) == 2 or self.shape[-1] == 1)

    @property
    def segments(self) -> bool:
        """Whether it draws a mask."""
        return self.task in (BINARY, MULTICLASS)


def _library(name: str) -> str:
    """Return a file of the zoo whose module-level model becomes a factory."""
    library, _, short = name.partition("-")
    return texts()[library][short].replace("def get_model():", "def build_model():")


def _own(file: str, call: str) -> str:
    text = (OWN / f"{file}.py").read_text(encoding="utf-8")
    return text if "def build_model" in text else f"{text}\n\ndef build_model():\n    return {call}\n"


def _built(imports: str, call: str) -> str:
    return f"{imports}\n\n\ndef build_model():\n    return {call}\n"


def _smp(call: str) -> str:
    return _built("import segmentation_models_pytorch as smp", f"smp.{call}")


def _monai(call: str) -> str:
    return _built(f"from monai.networks.nets import {call.partition('(')[0]}", call)


def _diffusers(call: str) -> str:
    return _built(f"from diffusers import {call.partition('(')[0]}", call)


def _torchvision(call: str) -> str:
    return _built("from torchvision.models import segmentation", f"segmentation.{call}")


def _flat(in_channels: int, out_channels: int) -> str:
    return f"spatial_dims=2, in_channels={in_channels}, out_channels={out_channels}"


_SMP = {"head": "segmentation_head.0", "shape": (2, 3, 64, 64)}
_STAGES = "channels=(16, 32, 64), strides=(2, 2)"
_DIFFUSION = "UNet2DModel(sample_size=32, block_out_channels=(16, 32), layers_per_block=1, "
_BLOCKS_2D = (
    'down_block_types=("DownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "UpBlock2D"), norm_num_groups=8'
)


def _family(family: str) -> Callable[..., Network]:
    return lambda name, text, **more: Network(name, family, text, **more)


def _unets() -> list[Network]:
    make = _family("U-Net")
    return [
        make("smp-unet", _smp('Unet("resnet18", encoder_weights=None, classes=1)'), **_SMP, task=BINARY,
             stem="encoder.conv1", equal_skips=(1, 2), lesson="mask",
             skip=Skip("decoder.blocks.3.conv1.0", "decoder.blocks.3", slice(0, 64), slice(64, 128))),
        make("smp-unet-classes", _smp('Unet("timm-mobilenetv3_small_100", encoder_weights=None, classes=3)'),
             **_SMP, task=MULTICLASS, classes=3),
        make("smp-unetplusplus", _smp('UnetPlusPlus("resnet18", encoder_weights=None, classes=3, '
             "encoder_depth=3, decoder_channels=(64, 32, 16))"), **_SMP, task=MULTICLASS, classes=3,
             stem="encoder.conv1"),
        make("smp-linknet", _smp('Linknet("resnet18", encoder_weights=None, classes=1)'), **_SMP, task=BINARY,
             stem="encoder.conv1"),
        make("monai-unet", _monai(f"UNet({_flat(1, 2)}, {_STAGES}, num_res_units=1, norm='batch')"),
             shape=(2, 1, 64, 64), task=MULTICLASS, classes=2, head="model.2.1.conv.unit0.conv",
             stem="model.0.residual",
             lesson="grey-classes"),
        make("monai-basic-unet", _monai(f"BasicUNet({_flat(3, 3)}, features=(16, 16, 32, 64, 64, 16))"),
             shape=(2, 3, 64, 64), task=MULTICLASS, classes=3, head="final_conv", stem="conv_0.conv_0.conv",
             up="upcat_1.upsample.deconv", lesson="classes",
             skip=Skip("upcat_1.convs.conv_0.conv", "upcat_1", slice(16, 32), slice(0, 16))),
        make("monai-attention-unet", _monai(f"AttentionUnet({_flat(1, 2)}, {_STAGES})"), shape=(2, 1, 64, 64),
             task=MULTICLASS, classes=2, head="model.2.conv", stem="model.0.conv.0.conv"),
        make("monai-segresnet", _monai(f"SegResNet({_flat(3, 3)}, init_filters=8, blocks_down=(1, 1, 2), "
             "blocks_up=(1, 1))"), shape=(2, 3, 64, 64), task=MULTICLASS, classes=3, head="conv_final.2.conv",
             stem="convInit.conv", lesson="classes"),
        make("own-simple-unet", _own("simple_unet", "UNet(3, 1, base=8)"), shape=(2, 3, 64, 64), task=BINARY,
             head="outc", stem="inc.double_conv.0", up="ups.3.up", lesson="mask",
             skip=Skip("ups.3.conv.double_conv.0", "ups.3", slice(8, 16), slice(0, 8))),
        make("own-resunet", _own("resunet", "ResUNet(base=8)"), shape=(2, 3, 64, 64), task=BINARY, head="output.0",
             stem="stem", activation="sigmoid", up="up1", lesson="mask"),
    ]  # fmt: skip


def _deeplabs() -> list[Network]:
    make = _family("DeepLab and FCN")
    mobile = "weights=None, weights_backbone=None, num_classes=4"
    return [
        make("torchvision-deeplabv3", _torchvision(f"deeplabv3_mobilenet_v3_large({mobile})"), shape=(2, 3, 96, 96),
             task=MULTICLASS, classes=4, head="classifier.4", stem="backbone.0.0"),
        make("torchvision-lraspp", _torchvision(f"lraspp_mobilenet_v3_large({mobile})"), shape=(2, 3, 96, 96),
             task=MULTICLASS, classes=4, stem="backbone.0.0"),
        make("smp-deeplabv3plus", _smp('DeepLabV3Plus("resnet18", encoder_weights=None, classes=2)'), **_SMP,
             task=MULTICLASS, classes=2, stem="encoder.conv1"),
        make("smp-pspnet", _smp('PSPNet("mobilenet_v2", encoder_weights=None, classes=2)'), **_SMP, task=MULTICLASS,
             classes=2),
    ]  # fmt: skip


def _pyramids() -> list[Network]:
    make = _family("FPN and SegFormer")
    return [
        make("smp-fpn", _smp('FPN("mobilenet_v2", encoder_weights=None, classes=3, decoder_dropout=0.0)'), **_SMP,
             task=MULTICLASS, classes=3, lesson="classes"),
        make("smp-upernet", _smp('UPerNet("timm-regnety_002", encoder_weights=None, classes=3)'), **_SMP,
             task=MULTICLASS, classes=3),
        make("smp-segformer", _smp('Segformer("mit_b0", encoder_weights=None, classes=1)'), **_SMP, task=BINARY),
        make("transformers-segformer", _library("transformers-segformer"), shape=(2, 3, 64, 64), task=MULTICLASS,
             classes=5, head="decode_head.classifier"),
        make("timm-pyramid", _timm(), shape=(2, 3, 64, 64), task=MULTICLASS, classes=3, head="head",
             stem="backbone.conv1.0"),
    ]  # fmt: skip


def _timm() -> str:
    from tests.zoo.libraries import TIMM

    text = TIMM.format(name="Pyramid", backbone="resnet10t", options="features_only=True, out_indices=(1, 2, 3)")
    return f"{text}\n\ndef build_model():\n    return Pyramid(num_classes=3, width=32)\n"


def _generators() -> list[Network]:
    make = _family("GAN generators")
    return [
        make("own-dcgan", _own("dcgan", ""), shape=(8, 100, 1, 1), task=GENERATOR, head="main.12", stem="main.0",
             activation="tanh", up="main.9", lesson="generate"),
        make("own-pix2pix", _own("pix2pix", "UnetGenerator(ngf=8)"), shape=(2, 3, 128, 128), task=RGB,
             head="model.model.3", stem="model.model.0", activation="tanh", up="model.model.3",
             skip=Skip("model.model.3", "model.model.1", slice(8, 16), slice(0, 8))),
        make("own-cyclegan", _own("cyclegan", "ResnetGenerator(3, 3, ngf=8, n_blocks=2)"), shape=(2, 3, 64, 64),
             task=RGB, head="model.19", stem="model.1", activation="tanh", up="model.15", lesson="translate"),
        make("monai-generator", _monai("Generator(latent_shape=(64,), start_shape=(16, 8, 8), channels=(16, 8, 3), "
             "strides=(2, 2, 1))"), shape=(8, 64), task=GENERATOR),
    ]  # fmt: skip


def _restorers() -> list[Network]:
    make = _family("Restoration")
    return [
        make("own-srgan", _own("srgan", "SRResNet(scale=2, c=16, blocks=2)"), shape=(2, 3, 32, 32), task=RGB,
             head="tail", stem="head.0", activation="tanh01", lesson="upscale"),
        make("own-espcn", _own("espcn", "ESPCN(2)"), shape=(2, 1, 32, 32), head="conv3", stem="conv1",
             activation="sigmoid", lesson="grey-upscale"),
        make("transformers-swin2sr", _library("transformers-swin2sr"), shape=(2, 3, 32, 32), task=RGB,
             head="upsample.final_convolution"),
        make("monai-denoiser", _monai(f"BasicUNet({_flat(3, 3)}, features=(16, 16, 32, 32, 32, 16), norm='batch')"),
             shape=(2, 3, 64, 64), task=RGB, head="final_conv", stem="conv_0.conv_0.conv",
             up="upcat_1.upsample.deconv", lesson="restore",
             skip=Skip("upcat_1.convs.conv_0.conv", "upcat_1", slice(16, 32), slice(0, 16))),
    ]  # fmt: skip


def _autoencoders() -> list[Network]:
    make = _family("Autoencoders")
    tiny = "encoder_block_out_channels=(16, 16, 16), decoder_block_out_channels=(16, 16, 16), "
    blocks = "num_encoder_blocks=(1, 1, 1), num_decoder_blocks=(1, 1, 1)"
    return [
        make("monai-autoencoder", _monai(f"AutoEncoder({_flat(1, 1)}, channels=(16, 32), strides=(2, 2), "
             "norm='batch')"), shape=(2, 1, 64, 64), head="decode.decode_1.conv.conv", stem="encode.encode_0.conv",
             lesson="reconstruct"),
        make("monai-var-autoencoder", _monai("VarAutoEncoder(spatial_dims=2, in_shape=(1, 32, 32), out_channels=1, "
             "latent_size=8, channels=(8, 16), strides=(2, 2), use_sigmoid=True)"), shape=(2, 1, 32, 32),
             activation="sigmoid", head="decode.decode_1.conv.conv"),
        make("own-vae", _own("vae", "VAE()"), shape=(2, 3, 64, 64), task=RGB, head="decoder.4", stem="encoder.0",
             activation="sigmoid", up="decoder.2"),
        make("diffusers-autoencoder-tiny", _diffusers(f"AutoencoderTiny({tiny}{blocks})"), shape=(2, 3, 64, 64),
             task=RGB, head="decoder.layers.9", stem="encoder.layers.0"),
    ]  # fmt: skip


def _diffusers_unets() -> list[Network]:
    make = _family("Diffusion U-Nets")
    return [
        make("diffusers-unet2d", _diffusers(f"{_DIFFUSION}{_BLOCKS_2D})"), shape=(2, 3, 32, 32), head="conv_out",
             stem="conv_in",
             others=(("timestep", 10),)),
        make("monai-diffusion-unet", _monai(f"DiffusionModelUNet({_flat(1, 1)}, channels=(16, 32), "
             "attention_levels=(False, False), num_res_blocks=1, norm_num_groups=8)"), shape=(2, 1, 32, 32),
             head="out.2.conv", stem="conv_in.conv", others=(("timesteps", 10),)),
    ]  # fmt: skip


def _transformers() -> list[Network]:
    make = _family("Transformers")
    return [
        make("own-transunet", _own("transunet", "TransUNet(img_size=64, num_classes=3, dim=64, depth=1)"),
             shape=(2, 3, 64, 64), task=MULTICLASS, classes=3, head="head", stem="stages.0.0", lesson="classes",
             skip=Skip("decoder.3.0", "", slice(0, 16), slice(16, 32))),
        make("transformers-beit", _library("transformers-beit"), shape=(2, 3, 64, 64), task=MULTICLASS, classes=4,
             head="decode_head.classifier"),
        make("transformers-dpt", _library("transformers-dpt"), shape=(2, 3, 96, 96), task=Task.REGRESSION,
             head="head.head.4"),
        make("monai-unetr", _monai("UNETR(1, 2, img_size=64, hidden_size=48, mlp_dim=96, num_heads=4, "
             "feature_size=8, spatial_dims=2)"), shape=(2, 1, 64, 64), task=MULTICLASS, classes=2,
             head="out.conv.conv"),
    ]  # fmt: skip


@cache
def networks() -> tuple[Network, ...]:
    """Return every network of the bench."""
    return (
        *_unets(),
        *_deeplabs(),
        *_pyramids(),
        *_generators(),
        *_restorers(),
        *_autoencoders(),
        *_diffusers_unets(),
        *_transformers(),
    )


def named(name: str) -> Network:
    """Return one network."""
    return next(network for network in networks() if network.name == name)
