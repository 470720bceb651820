"""Remedies that several checks propose, the popular advice among them, with the lines to paste."""

from dataclasses import replace

from unetdoctor.checks.layers import written
from unetdoctor.facts import Evidence, Place, Remedy

_SCHEMES = {
    "default": ("its own reset_parameters()", "{layer}.reset_parameters()"),
    "xavier_uniform": ("xavier_uniform_", "nn.init.xavier_uniform_({layer}.weight)"),
    "xavier_normal": ("xavier_normal_", "nn.init.xavier_normal_({layer}.weight)"),
    "kaiming_fan_in": (
        "kaiming_normal_ (fan_in)",
        'nn.init.kaiming_normal_({layer}.weight, mode="fan_in", nonlinearity="relu")',
    ),
    "kaiming_fan_out": (
        "kaiming_normal_ (fan_out)",
        'nn.init.kaiming_normal_({layer}.weight, mode="fan_out", nonlinearity="relu")',
    ),
}
_EVERY_LAYER = """for module in model.modules():
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        {line}"""
_RECALIBRATE = """for module in model.modules():
    if isinstance(module, nn.modules.batchnorm._NormBase):
        module.reset_running_stats()
        module.momentum = None  # plain average over the passes below
model.train()
with torch.no_grad():
    for batch in loader:  # some tens of batches of real inputs
        model(batch)
model.eval()"""
_LATENTS = {
    "normal": ("draw the latents from N(0, 1)", "latent = torch.randn_like(latent)"),
    "uniform": ("draw the latents from U(-1, 1)", "latent = torch.rand_like(latent) * 2 - 1"),
    "x10": ("multiply the latents by 10", "latent = latent * 10"),
}


def initialise_last(scheme: str, cause: str, layer: str = "") -> Remedy:
    """Return the initialisation of the last layer; with its name, the line to paste stands beside it."""
    name, line = _SCHEMES[scheme]
    return Remedy(
        action="initialise",
        parameters={"scheme": scheme, "layers": "last"},
        title=f"initialise the last layer with {name}",
        patch=line.format(layer=written(layer)) if layer else "",
        cause=cause,
        scope=1,
    )


def initialise_layer(place: Place, cause: str, scheme: str = "default") -> Remedy:
    """Return the initialisation of one hidden layer."""
    name, line = _SCHEMES[scheme]
    return Remedy(
        action="initialise",
        place=place,
        parameters={"scheme": scheme, "layers": place.layer},
        title=f"initialise {place.layer} with {name}",
        patch=line.format(layer=written(place.layer)),
        cause=cause,
        scope=1,
    )


def initialise_all(scheme: str, cause: str = "UD306") -> Remedy:
    """Return the initialisation of every weighted layer."""
    name, line = _SCHEMES[scheme]
    return Remedy(
        action="initialise",
        parameters={"scheme": scheme, "layers": "all"},
        title=f"initialise every layer with {name}",
        patch=_EVERY_LAYER.format(line=line.format(layer="module")),
        cause=cause,
        scope=3,
    )


def zero_bias(layer: str, cause: str) -> Remedy:
    """Return zero in the place of one hidden layer's bias."""
    return Remedy(
        action="zero_bias",
        place=Place(layer=layer),
        parameters={"layers": layer},
        title=f"zero the bias of {layer}",
        patch=f"nn.init.zeros_({written(layer)}.bias)",
        cause=cause,
        scope=1,
    )


def last_layer_advice(cause: str) -> tuple[Remedy, ...]:
    """Return what is popularly advised for the last layer."""
    return (
        initialise_last("xavier_uniform", cause),
        initialise_last("kaiming_fan_in", cause),
        initialise_last("kaiming_fan_out", cause),
        Remedy(
            action="spectral_norm",
            parameters={"layers": "last"},
            title="spectral_norm on the last layer",
            cause=cause,
            scope=1,
        ),
    )


def final_activation(kind: str, cause: str = "UD411") -> Remedy:
    """Return another final activation."""
    title = "no final activation" if kind == "identity" else f"{kind} as the final activation"
    return Remedy(action="final_activation", parameters={"kind": kind}, title=title, cause=cause, scope=1)


def latent(distribution: str, cause: str = "UD409") -> Remedy:
    """Return another distribution of a generator's latents."""
    title, patch = _LATENTS[distribution]
    return Remedy(
        action="latent", parameters={"distribution": distribution}, title=title, patch=patch, cause=cause, scope=0
    )


def pad_input(multiple: int | tuple[int, int], cause: str, size: tuple[int, int] | None) -> Remedy:
    """Return padding to the multiple (of height and width, where they differ) and cropping back, with numbers."""
    rows, columns = (multiple, multiple) if isinstance(multiple, int) else multiple
    note = ""
    if size is not None:
        height, width = (-(-side // step) * step for side, step in zip(size, (rows, columns), strict=True))
        note = f"  # {size[0]}x{size[1]} becomes {height}x{width}"
    patch = (
        "height, width = x.shape[-2:]\n"
        f"x = F.pad(x, (0, -width % {columns}, 0, -height % {rows})){note}\n"
        "y = model(x)[..., :height, :width]"
    )
    wanted = f"a multiple of {rows}" if rows == columns else f"multiples of {rows} (height) and {columns} (width)"
    return Remedy(
        action="pad_input",
        parameters={"multiple": rows if rows == columns else [rows, columns]},
        title=f"pad the input to {wanted} and crop the output back",
        patch=patch,
        cause=cause,
        scope=0,
    )


STATISTICS = (
    Remedy(
        action="batch_statistics",
        title="normalise with batch statistics",
        cause="UD308",
        scope=0,
    ),
    Remedy(
        action="recalibrate",
        title="fill the running statistics by averaging over the inputs",
        patch=_RECALIBRATE,
        cause="UD308",
        scope=2,
    ),
)


def statistics_for(evidence: Evidence) -> tuple[Remedy, ...]:
    """Return STATISTICS with lines to paste for what this network is fed: latents are drawn, pictures loaded."""
    if evidence.latent is None:
        return STATISTICS
    loop = "    for batch in loader:  # some tens of batches of real inputs\n        model(batch)\n"
    drawn = f"    for _ in range(60):\n        model(torch.randn{evidence.latent.shape})\n"
    return tuple(replace(r, patch=r.patch.replace(loop, drawn)) for r in STATISTICS)


ACTIVATIONS = (final_activation("identity"), final_activation("sigmoid"), final_activation("tanh"))
RESCALE_ACTIVATION_INPUT = Remedy(
    action="rescale_input_of_activation",
    title="divide the final activation's input by its own spread",
    patch="std, mean = torch.std_mean(y, dim=(1, 2, 3), keepdim=True)\n"
    "y = (y - mean) / std  # in front of the activation; better: take out the factor that stands there",
    cause="UD411",
    scope=1,
)
EVERY_LAYER = (initialise_all("kaiming_fan_in"), initialise_all("kaiming_fan_out"))
LATENTS = (latent("normal"), latent("uniform"), latent("x10"))
ZERO_LAST_BIAS = Remedy(
    action="zero_bias", parameters={"layers": "last"}, title="zero the last layer's bias", cause="UD304", scope=1
)
REPLACE_NON_FINITE = Remedy(
    action="replace_non_finite",
    parameters={"layers": "all"},
    title="put fresh values in place of NaN and Inf in every parameter",
    cause="UD307",
    scope=2,
)
DULL_PICTURE = (*STATISTICS, *ACTIVATIONS, *last_layer_advice("UD302"), ZERO_LAST_BIAS, *EVERY_LAYER, *LATENTS)
