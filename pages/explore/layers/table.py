"""A summary → the layer table as a file for a spreadsheet."""

from collections.abc import Sequence

from explorer.analysis import wording
from explorer.analysis.summary import Summary
from explorer.base import spreadsheet

HEADER = (
    "name", "type", "kind", "block", "settings", "input", "output", "parameters", "trainable",
    "macs_per_picture", "flops_per_picture", "activation_bytes", "receptive_field_height",
    "receptive_field_width", "status",
)  # fmt: skip


def csv(summary: Summary) -> str:
    """One line per layer in running order, with exact numbers."""
    lines: list[Sequence[object]] = [HEADER]
    for layer in summary.layers:
        operation = layer.operation
        lines.append(
            [
                operation.name,
                operation.type,
                operation.kind,
                operation.path[-1] if operation.path else "",
                wording.settings(layer),
                " + ".join("x".join(map(str, shape)) for shape in operation.input_shapes),
                "x".join(map(str, operation.output_shape or ())),
                operation.parameters,
                operation.trainable,
                layer.macs,
                layer.flops,
                layer.activation_bytes,
                *(layer.receptive_field or ("", "")),
                layer.status,
            ]
        )
    return spreadsheet.text(lines)
