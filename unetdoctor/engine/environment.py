"""What the engine runs on."""

import platform

import torch

from unetdoctor import __version__
from unetdoctor.facts import Environment


def environment(device: str) -> Environment:
    """Return versions, platform and the device's own name."""
    if device.startswith("cuda") and torch.cuda.is_available():
        device = f"{device} ({torch.cuda.get_device_name(torch.device(device))})"
    return Environment(
        unetdoctor=__version__,
        python=platform.python_version(),
        torch=str(torch.__version__),
        platform=f"{platform.system()} {platform.machine()}",
        device=device,
    )
