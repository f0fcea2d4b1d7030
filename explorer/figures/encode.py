"""Arrays as the browser reads them."""

from base64 import b64encode
from typing import Any

import numpy as np
from torch import Tensor


def numbers(values: Any) -> str:
    """Numbers for the browser: float32 in base64, row by row."""
    array = values.numpy() if isinstance(values, Tensor) else np.asarray(values)
    return b64encode(np.ascontiguousarray(array, dtype="<f4").tobytes()).decode("ascii")
