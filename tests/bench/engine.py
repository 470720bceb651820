"""The engine as the bench drives it: one observed pass, and one trial on the last layer."""

from collections.abc import Callable

import torch
from torch import nn

from unetdoctor.engine.evaluation import Change, evaluate
from unetdoctor.engine.tape import Recorder
