"""torchvision, also where its compiled operators do not load. Import it from here only.

torchvision needs its C++ library for two operators while it is being imported. A build that does
not match the installed torch (a CPU torch with torchvision from another index, say) fails there,
although networks, data sets and transforms need neither. Only after that very failure are the two
declared, without an implementation, and the import repeated. Where the library loads, nothing
happens here. `torchvision.io.decode_image`, `torchvision.ops.nms` and the detection models stay
out of reach without it.
"""

import sys

import torch

__all__ = ["models", "torchvision"]

try:
    import torchvision
except RuntimeError as error:
    if "operator torchvision::nms does not exist" not in str(error):
        raise
    # What the failed import left behind lacks its parent package: begin from nothing.
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    for operator in ("nms", "qnms"):
        torch.library.define(
            f"torchvision::{operator}",
            "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
        )
    import torchvision

models = torchvision.models
