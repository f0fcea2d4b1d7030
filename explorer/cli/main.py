"""The command line's commands: the same engine without a page.

`python -m explorer list`, `layers NAME`, `train NAME`, `runs list`, `serve`, `doctor`.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from explorer import networks
from explorer.analysis import mismatch_words, summary, wording
from explorer.analysis.summary import Block, Layer, Summary
from explorer.base import inputs, plain_text
from explorer.base.inputs import InputSize
from explorer.base.language import _
from explorer.base.units import count, exact, size, times
from explorer.cli import access_options, doctor, run_commands, watch_run
from explorer.cli.run_commands import settings
from explorer.cli.watch_run import table
from explorer.networks import NetworkSpec
from explorer.server import serve

MISFIT = 2  # exit status: bad arguments, or a size that the network cannot take


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except ValueError as error:
        print(plain_text.lines(str(error)), file=sys.stderr)  # names and paths are in it
        return MISFIT
    except KeyboardInterrupt:
        return watch_run.INTERRUPTED
    except BrokenPipeError:  # `… | head` closed our output: nothing more to say
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m explorer", description=_("Convolutional networks, layer by layer.")
    )
    commands = parser.add_subparsers(required=True, metavar=_("command"))

    listing = commands.add_parser("list", help=_("every network and its options"))
    listing.add_argument("--json", action="store_true", help=_("as JSON"))
    listing.set_defaults(run=_list)

    layers = commands.add_parser("layers", help=_("every layer of a network: shapes and costs"))
    layers.add_argument("name", help=_("a name from `list`"))
    layers.add_argument("--input", default="", metavar="CxHxW", help=_("input size, e.g. 1x28x28"))
    layers.add_argument("--batch", default="1", metavar="N", help=_("pictures in a batch"))
    run_commands.add_settings(layers)
    layers.add_argument("--json", action="store_true", help=_("as JSON"))
    layers.add_argument("--folded", action="store_true", help=_("blocks as one row"))
    layers.set_defaults(run=_layers)

    run_commands.add_to(commands)

    server = commands.add_parser("serve", help=_("open the explorer in the browser"))
    serve.add_arguments(server)
    access_options.add_arguments(server)
    server.set_defaults(run=lambda options: serve.run(options, access_options.apply(options)))

    examination = commands.add_parser(
        "doctor", help=_("what is here, what is missing, and the command that mends it")
    )
    examination.add_argument("--json", action="store_true", help=_("as JSON"))
    examination.set_defaults(run=_doctor)
    return parser


# -- list -------------------------------------------------------------------------------------


def _list(options: argparse.Namespace) -> int:
    found = [networks.get(name) for name in networks.names()]
    if options.json:
        print(json.dumps([_describe(architecture) for architecture in found], indent=1))
        return 0
    columns = {
        _("name"): [a.name for a in found],
        _("year"): [str(a.paper.year) if a.paper else "" for a in found],
        _("input"): [times(a.input_size) for a in found],
        _("parameters"): [count(a.parameters or 0) for a in found],
        _("options"): [
            "; ".join(f"{o.name}: {o.describe_choices()}" for o in a.options) for a in found
        ],
    }
    print(table(columns, right={1, 2, 3}))
    return 0


def _describe(architecture: networks.Architecture) -> dict[str, Any]:
    return {
        "name": architecture.name,
        "title": architecture.title,
        "year": architecture.paper.year if architecture.paper else None,
        "input": list(architecture.input_size),
        "parameters": architecture.parameters,
        "options": {
            option.name: {
                "default": option.default,
                "choices": [option.choices[0], option.choices[-1]]
                if isinstance(option.choices, range)
                else list(option.choices),
            }
            for option in architecture.all_options
        },
    }


# -- doctor -----------------------------------------------------------------------------------


def _doctor(options: argparse.Namespace) -> int:
    """The findings; the exit status is 1 where one of them is a fault."""
    found = list(doctor.findings())
    if options.json:
        print(json.dumps([asdict(each) for each in found], indent=1))
    else:
        width = max(len(each.topic) for each in found)
        for each in found:
            print(f"{doctor.SIGNS[each.state]} {each.topic.ljust(width)}  {each.sentence}")
            if each.command:
                print(f"{' ' * (width + 4)}→ {each.command}")
    return int(any(each.state is doctor.State.FAULT for each in found))


# -- layers -----------------------------------------------------------------------------------


def _layers(options: argparse.Namespace) -> int:
    architecture = networks.get(options.name)
    size = InputSize.parse(options.input, architecture.input_size)
    spec = NetworkSpec.parse(options.name, settings(options.set))
    found = summary.measure(spec, size, inputs.parse_batch(options.batch))
    if options.json:
        print(json.dumps(as_json(found), indent=1))
    else:
        print(_layertable(found, folded=options.folded))
    if found.mismatch is None:
        return 0
    text = mismatch_words.mismatch(found.mismatch, architecture.title)
    numbers = _("Arrived: {got}. Needed: {needs}.").format(got=text.got, needs=text.needs)
    print(text.headline, numbers, text.explanation, text.fits, sep="\n", file=sys.stderr)
    return MISFIT


def as_json(found: Summary) -> dict[str, Any]:
    """The summary as plain data; with an "error" entry if the size does not work."""
    sums = found.totals
    data: dict[str, Any] = {
        "architecture": found.spec.name,
        "options": found.spec.values,
        "input": list(found.input),
        "output": list(found.output) if found.output else None,
        "layers": [_layer(layer) for layer in found.layers],
        "totals": {
            "parameters": sums.parameters,
            "trainable_parameters": sums.trainable,
            "macs": sums.macs,
            "flops": sums.flops,
            "parameter_bytes": sums.parameter_bytes,
            "activation_bytes": sums.activation_bytes,
            "receptive_field": list(sums.receptive_field) if sums.receptive_field else None,
        },
    }
    if found.mismatch:
        text = mismatch_words.mismatch(found.mismatch, found.spec.architecture.title)
        operation = found.mismatch.operation
        data["error"] = {
            "layer": operation.name,
            "got": _one_or_all([list(shape) for shape in operation.input_shapes]),
            "needs": text.needs,
            "accepted": list(found.mismatch.sides) if found.mismatch.sides else None,
            "reason": found.mismatch.reason,
            "message": text.headline,
            "nearest": list(found.mismatch.nearest) if found.mismatch.nearest else None,
        }
    return data


def _one_or_all(shapes: list[list[int]]) -> list[int] | list[list[int]]:
    return shapes[0] if len(shapes) == 1 else shapes


def _layer(layer: Layer) -> dict[str, Any]:
    operation = layer.operation
    return {
        "name": operation.name,
        "type": operation.type,
        "kind": operation.kind,
        "depth": layer.depth,
        "input": _one_or_all([list(shape) for shape in operation.input_shapes]),
        "output": list(operation.output_shape) if operation.output_shape else None,
        "parameters": operation.parameters,
        "macs": layer.macs,
        "flops": layer.flops,
        "activation_bytes": layer.activation_bytes,
        "receptive_field": list(layer.receptive_field) if layer.receptive_field else None,
    }


def _layertable(found: Summary, *, folded: bool) -> str:
    sums = found.totals
    costs = sums.parameters, sums.macs, sums.flops, sums.activation_bytes
    rows = [*_rows(found.tree, folded=folded), (_("total"), "", "", "", *_costs(*costs), "")]
    header = (
        _("layer"),
        _("type"),
        _("settings"),
        _("output"),
        _("parameters"),
        _("MACs"),
        _("FLOPs"),
        _("memory"),
        _("field"),
    )
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    return table(columns, right={4, 5, 6, 7, 8}) + "\n\n" + wording.totals(found)


def _costs(parameters: int, macs: int, flops: int, activation_bytes: int) -> tuple[str, ...]:
    return exact(parameters), count(macs), count(flops), size(activation_bytes)


def _rows(parts: Sequence[Block | Layer], *, folded: bool) -> Iterator[tuple[str, ...]]:
    for part in parts:
        leaves = list(part.leaves()) if isinstance(part, Block) else [part]
        last = leaves[-1]
        name = part.name if isinstance(part, Block) else part.operation.name
        field = last.receptive_field
        yield (
            "  " * part.depth + name.split(".")[-1],
            part.type if isinstance(part, Block) else part.operation.type,
            "" if isinstance(part, Block) else wording.settings(part),
            wording.shape(last.operation.output_shape),
            *_costs(
                sum(leaf.operation.parameters for leaf in leaves),
                sum(leaf.macs for leaf in leaves),
                sum(leaf.flops for leaf in leaves),
                sum(leaf.activation_bytes for leaf in leaves),
            ),
            times(field) if field else "–",
        )
        if isinstance(part, Block) and not folded:
            yield from _rows(part.parts, folded=folded)
