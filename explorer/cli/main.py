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
from explorer.analysis import mismatch_words, wording
from explorer.analysis.operations import Shape
from explorer.analysis.summary import Block, Layer, Summary, Totals, measure
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
    every = [networks.get(name) for name in networks.names()]
    if options.json:
        print(json.dumps([_describe(architecture) for architecture in every], indent=1))
        return 0
    columns = {
        _("name"): [a.name for a in every],
        _("year"): [str(a.paper.year) if a.paper else "" for a in every],
        _("input"): [times(a.input_size) for a in every],
        _("parameters"): [count(a.parameters or 0) for a in every],
        _("options"): [
            "; ".join(f"{o.name}: {o.describe_choices()}" for o in a.options) for a in every
        ],
    }
    print(table(columns, right={1, 2, 3}))
    return 0


def _describe(architecture: networks.Architecture) -> dict[str, Any]:
    return {
        "name": architecture.name,
        "title": architecture.title,
        "year": architecture.paper.year if architecture.paper else None,
        "input": architecture.input_size,
        "parameters": architecture.parameters,
        "options": {
            option.name: {
                "default": option.default,
                "choices": [option.choices[0], option.choices[-1]]
                if isinstance(option.choices, range)
                else option.choices,
            }
            for option in architecture.all_options
        },
    }


# -- doctor -----------------------------------------------------------------------------------


def _doctor(options: argparse.Namespace) -> int:
    """The findings; the exit status is 1 where one of them is a fault."""
    findings = list(doctor.findings())
    if options.json:
        print(json.dumps([asdict(each) for each in findings], indent=1))
    else:
        width = max(len(each.topic) for each in findings)
        for each in findings:
            print(f"{doctor.SIGNS[each.state]} {each.topic.ljust(width)}  {each.sentence}")
            if each.command:
                print(f"{' ' * (width + 4)}→ {each.command}")
    return int(any(each.state is doctor.State.FAULT for each in findings))


# -- layers -----------------------------------------------------------------------------------


def _layers(options: argparse.Namespace) -> int:
    architecture = networks.get(options.name)
    size = InputSize.parse(options.input, architecture.input_size)
    spec = NetworkSpec.parse(options.name, settings(options.set))
    result = measure(spec, size, inputs.parse_batch(options.batch))
    if options.json:
        print(json.dumps(_plain(result), indent=1))
    else:
        print(_layertable(result, folded=options.folded))
    if result.mismatch is None:
        return 0
    text = mismatch_words.mismatch(result.mismatch, architecture.title)
    numbers = _("Arrived: {got}. Needed: {needs}.").format(got=text.got, needs=text.needs)
    print(text.headline, numbers, text.explanation, text.fits, sep="\n", file=sys.stderr)
    return MISFIT


def _plain(result: Summary) -> dict[str, Any]:
    """The summary as plain data; with an "error" entry if the size does not work."""
    sums = result.totals
    data: dict[str, Any] = {
        "architecture": result.spec.name,
        "options": result.spec.values,
        "input": result.input,
        "output": result.output,
        "layers": [_layer(layer) for layer in result.layers],
        "totals": {
            "parameters": sums.parameters,
            "trainable_parameters": sums.trainable,
            "macs": sums.macs,
            "flops": sums.flops,
            "parameter_bytes": sums.parameter_bytes,
            "activation_bytes": sums.activation_bytes,
            "receptive_field": sums.receptive_field,
        },
    }
    if mismatch := result.mismatch:
        text = mismatch_words.mismatch(mismatch, result.spec.architecture.title)
        data["error"] = {
            "layer": mismatch.operation.name,
            "got": _one_or_all(mismatch.operation.input_shapes),
            "needs": text.needs,
            "accepted": mismatch.sides or None,
            "reason": mismatch.reason,
            "message": text.headline,
            "nearest": mismatch.nearest or None,
        }
    return data


def _one_or_all(shapes: Sequence[Shape]) -> Shape | Sequence[Shape]:
    return shapes[0] if len(shapes) == 1 else shapes


def _layer(layer: Layer) -> dict[str, Any]:
    operation = layer.operation
    return {
        "name": operation.name,
        "type": operation.type,
        "kind": operation.kind,
        "depth": layer.depth,
        "input": _one_or_all(operation.input_shapes),
        "output": operation.output_shape or None,
        "parameters": operation.parameters,
        "macs": layer.macs,
        "flops": layer.flops,
        "activation_bytes": layer.activation_bytes,
        "receptive_field": layer.receptive_field,
    }


def _layertable(result: Summary, *, folded: bool) -> str:
    total = (_("total"), "", "", "", *_costs(result.totals), "")
    rows = [*_rows(result.tree, folded=folded), total]
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
    return table(columns, right={4, 5, 6, 7, 8}) + "\n\n" + wording.totals(result)


def _costs(*parts: Layer | Totals) -> tuple[str, ...]:
    """Of all of them together."""
    return (
        exact(sum(part.parameters for part in parts)),
        count(sum(part.macs for part in parts)),
        count(sum(part.flops for part in parts)),
        size(sum(part.activation_bytes for part in parts)),
    )


def _rows(parts: Sequence[Block | Layer], *, folded: bool) -> Iterator[tuple[str, ...]]:
    for part in parts:
        if isinstance(part, Block):
            leaves = list(part.leaves())
            name, type_, words = part.name, part.type, ""
        else:
            leaves = [part]
            name, type_ = part.operation.name, part.operation.type
            words = wording.settings(part)
        last = leaves[-1]
        yield (
            "  " * part.depth + name.split(".")[-1],
            type_,
            words,
            wording.shape(last.operation.output_shape),
            *_costs(*leaves),
            times(last.receptive_field) if last.receptive_field else "–",
        )
        if isinstance(part, Block) and not folded:
            yield from _rows(part.parts, folded=folded)
