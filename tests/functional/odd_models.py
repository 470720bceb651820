"""Networks as people have them: wrapped, moved, compiled, lazy, tied, functional; and whatever forward() returns."""

HEAD = """
import torch
from torch import nn
import torch.nn.functional as F


def block(a, b):
    return nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(inplace=True))

"""
NET = (
    HEAD
    + """
class Net(nn.Module):
    def __init__(self, cin=3, cout=2, w=16):
        super().__init__()
        self.d1, self.d2, self.pool = block(cin, w), block(w, 2 * w), nn.MaxPool2d(2)
        self.up, self.u1 = nn.ConvTranspose2d(2 * w, w, 2, 2), block(2 * w, w)
        self.out = nn.Conv2d(w, cout, 1)

    def forward(self, x):
        a = self.d1(x)
        b = self.d2(self.pool(a))
        y = self.out(self.u1(torch.cat([a, self.up(b)], 1)))
        return y
"""
)
"""A small U-Net; every variant changes one thing of it."""


def starting(line: str) -> str:
    """Put a line at the start of forward()."""
    return NET.replace("        a = self.d1(x)", f"        {line}\n        a = self.d1(x)")


def building(line: str) -> str:
    """Put a line at the end of the constructor."""
    return NET.replace("\n\n    def forward", f"\n        {line}\n\n    def forward")


def returning(value: str, before: str = "") -> str:
    """Have forward() return something else."""
    return before + NET.replace("return y", f"return {value}")


WRAPPED = {
    "data parallel": NET + "\nmodel = nn.DataParallel(Net())\n",
    "distributed data parallel": NET
    + "\nimport torch.distributed as dist\n\ndist.init_process_group('nccl', rank=0, world_size=8)\n"
    "model = nn.parallel.DistributedDataParallel(Net())\n",
    "compiled method": NET + "\ndef build_model():\n    m = Net()\n    m.compile()\n    return m\n",
    "compiled forward": NET.replace("    def forward", "    @torch.compile\n    def forward"),
    "compiled with options": NET.replace("    def forward", "    @torch.compile(dynamic=True)\n    def forward"),
    "lazy": NET.replace("nn.Conv2d(a, b,", "nn.LazyConv2d(b,").replace("nn.BatchNorm2d(b)", "nn.LazyBatchNorm2d()"),
    "train mode": NET + "\nmodel = Net().train()\n",
    "half": NET + "\nmodel = Net().half()\n",
    "bfloat16": NET + "\nmodel = Net().bfloat16()\n",
    "double": NET + "\nmodel = Net().double()\n",
    "cuda in the constructor": building("self.cuda()"),
    "cuda in forward": starting("x = x + torch.zeros(1, device='cuda')"),
    "cuda of the input": starting("x = x.cuda()"),
    "cuda at module level": NET + "\ndevice = torch.device('cuda')\nmodel = Net().to(device)\n",
    "cuda by default": HEAD + "torch.set_default_device('cuda')\n" + NET,
    "tied": building("self.u1[0].bias = self.d1[0].bias; self.again = self.u1"),
    "tied by a view": HEAD
    + """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encode = nn.Parameter(torch.randn(8, 3, 1, 1))
        self.decode = self.encode.permute(1, 0, 2, 3)

    def forward(self, x):
        return torch.nn.functional.conv2d(torch.nn.functional.conv2d(x, self.encode), self.decode)
""",
    "recursive": starting("x = x + self.out(self.d1(x)).mean()"),
    "autograd function": (
        "import torch\n\n\nclass Scale(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x):\n"
        "        ctx.save_for_backward(x)\n        return x.clamp(-3, 3) * 1.5\n\n    @staticmethod\n"
        "    def backward(ctx, g):\n        return g\n" + starting("x = Scale.apply(x)")
    ),
    "parametrized": NET
    + (
        "\nfrom torch.nn.utils import parametrizations as P\n\ndef build_model():\n    m = Net()\n"
        "    P.weight_norm(m.out)\n    P.spectral_norm(m.up)\n    P.orthogonal(m.d2[0])\n    return m\n"
    ),
    "functional": HEAD
    + """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(16, 3, 3, 3) * 0.2)
        self.w2, self.b2 = nn.Parameter(torch.randn(2, 16, 3, 3) * 0.1), nn.Parameter(torch.zeros(2))

    def forward(self, x):
        return F.conv2d(F.relu(F.conv2d(x, self.w1, padding=1)), self.w2, self.b2, padding=1)
""",
    "checkpointed": starting(
        "from torch.utils.checkpoint import checkpoint as c; x = x + c(self.d1, x, use_reentrant=False).mean()"
    ),
    "inference mode": NET.replace("    def forward", "    @torch.inference_mode()\n    def forward"),
    "scripted part": building("self.out = torch.jit.script(self.out)"),
    "through numpy": starting("x = torch.from_numpy(x.detach().cpu().numpy() * 2)"),
    "einops": "from einops import rearrange\n"
    + starting("x = rearrange(rearrange(x, 'b c h w -> b h w c'), 'b h w c -> b c h w')"),
}
"""Each is sound: examined without a flag, untrained, without one error."""

SENTENCES = {
    "distributed data parallel": "was set up for this process alone",
    "compiled method": "was left out: the functions are examined uncompiled",
    "compiled forward": "was left out: the functions are examined uncompiled",
    "lazy": "lazy layers took their shapes from an input of 2x3x64x64",
    "cuda in the constructor": "asks for CUDA; it ran on the CPU",
    "cuda in forward": "asks for CUDA; it ran on the CPU",
    "cuda of the input": "asks for CUDA; it ran on the CPU",
    "cuda at module level": "asks for CUDA; it ran on the CPU",
}
"""What the report says of them."""

RETURNED = {
    "list": (returning("[y, F.avg_pool2d(y, 2), F.avg_pool2d(y, 4)]"), "output[0]"),
    "features first": (returning("(a, y)"), "output[1]"),
    "dict": (returning("{'features': b, 'seg': y, 'cls': y.mean((2, 3))}"), "output['seg']"),
    "out and aux": (returning("{'aux': y * 2, 'out': y}"), "output['out']"),
    "dataclass": (
        returning(
            "Out(None, y, [a, b])",
            "from dataclasses import dataclass\n\n@dataclass\nclass Out:\n"
            "    loss: object\n    mask: object\n    hidden: list\n",
        ),
        "output.mask",
    ),
    "named tuple": (
        returning("Out(y, 3)", "from collections import namedtuple\nOut = namedtuple('Out', 'mask extra')\n"),
        "output.mask",
    ),
    "normal": (returning("torch.distributions.Normal(y[:, :1], y[:, 1:].exp())"), "output.mean"),
    "bernoulli": (
        returning("torch.distributions.Independent(torch.distributions.Bernoulli(logits=y), 1)"),
        "output.base_dist.logits",
    ),
    "object": (
        returning("Out(y)", "class Out:\n    def __init__(self, mask):\n        self.mask = mask\n"),
        "output.mask",
    ),
    "array": (returning("y.detach().numpy()"), "output"),
    "ids": (returning("y.argmax(1)"), "output"),
    "detections": (
        returning("[{'boxes': y.new_zeros(3, 4), 'masks': y[:1].sigmoid()}]"),
        "output[0]['masks']",
    ),
}
"""What forward() returns -> the path of the tensor that is examined."""

NOTHING = {
    "none": (returning("None"), "forward() returned None: a return statement may be missing."),
    "generator": (returning("(z for z in [y])"), "forward() returned a generator"),
    "text": (returning("'mask'"), "forward() returned a str without tensors"),
}
"""What holds no picture -> what the verdict says of it."""
