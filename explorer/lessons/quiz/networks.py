"""Questions about whole networks, measured by the engine at a size made up on the spot."""

from collections.abc import Sequence
from random import Random

from torch import nn

from explorer import networks
from explorer.analysis import summary, wording
from explorer.analysis.summary import Layer, Summary
from explorer.base.inputs import InputSize
from explorer.base.language import _
from explorer.base.units import count, exact, times
from explorer.lessons import field_stack
from explorer.lessons.quiz.layers import Conv, lines
from explorer.lessons.quiz.record import Draft, See, Table
from explorer.networks import NetworkSpec

# A chain has one way through it, so that its layers can be counted by hand.
CHAINS = ("lenet", "bn_lenet", "alexnet", "nin", "vgg11")
SIDES = {
    "lenet": (28, 29, 30, 31), "bn_lenet": (28, 30, 31), "alexnet": (224, 193, 200, 210),
    "nin": (224, 96, 128), "vgg11": (224, 240, 255), "googlenet": (96, 224), "densenet": (96, 224),
}  # fmt: skip
ROWS = 14  # a table of more layers is too long to be read beside a question


def measure(name: str, side: int, channels: int = 1) -> Summary:
    """The engine's table; the same for every visitor, and frozen."""
    return summary.measure(NetworkSpec.parse(name), InputSize(channels, side, side))


def title(name: str) -> str:
    return networks.get(name).title


def layers_page(name: str, size: InputSize, layer: str = "") -> See:
    params = {"network": name, "input": size.spell()}
    return See("layers", params | ({"layer": layer} if layer else {}))


def short(layer: Layer) -> str:
    """A layer in a few words: "conv1 (11×11, stride 4, padding 1)"."""
    settings = wording.settings(layer)
    return f"{layer.operation.name} ({settings})" if settings else layer.operation.name


def layer_table(layers: Sequence[Layer], *, outputs: bool = True) -> Table:
    """The layers that have weights or windows, if they are few enough."""
    rows = [
        each for each in layers if each.operation.parameters or "kernel" in each.operation.settings
    ]
    if len(rows) > ROWS:
        return ()
    head = (_("layer"), _("type"), _("settings"), _("output"))
    operations = ((each.operation, wording.settings(each)) for each in rows)
    body = (
        (op.name, op.type, settings, wording.shape(op.output_shape)) for op, settings in operations
    )
    return tuple(row if outputs else row[:3] for row in (head, *body))


def named(layers: Sequence[Layer], name: str) -> Layer:
    return next(each for each in layers if each.operation.name == name)


# -- how far a unit sees ----------------------------------------------------------------------


def field(rng: Random, level: int) -> Draft:
    """How many pixels wide is what a unit of this layer sees?"""
    name = rng.choice(CHAINS[:2] if level < 2 else CHAINS)
    side = SIDES[name][0]
    summary = measure(name, side)
    maps = [each for each in summary.layers if "kernel" in each.operation.settings and each.ungated]
    at = rng.randrange(1, min(len(maps), 4 + 3 * level))
    layer, layers = maps[at], maps[: at + 1]
    assert layer.ungated is not None
    assert layer.before is not None
    settings = [each.operation.settings for each in layers]
    kernel, stride = settings[-1]["kernel"][0], settings[-1]["stride"][0]
    return Draft(
        ask=_(
            "How many input pixels wide is the **receptive field** of one unit of {layer} in "
            "{network}? (The picture's border set aside.)"
        ).format(layer=f"`{layer.operation.name}`", network=title(name)),
        right=layer.ungated.size[1],
        wrong={
            kernel: _("That is its own window, on the map before it."),
            1 + sum(each["kernel"][0] - 1 for each in settings): _(
                "That leaves out the strides before it."
            ),
            layer.before.size[1]: _("That is what the layer before it sees."),
            layer.before.size[1] + int((kernel - 1) * layer.before.x.jump * stride): _(
                "Its own stride comes too early: it counts for the next layer."
            ),
            layer.before.size[1] + int(kernel * layer.before.x.jump): _(
                "k − 1 steps, not k: the first cell is there already."
            ),
            side: _("That is the whole picture."),
        },
        table=layer_table(layers, outputs=False),
        reason=lines(layer, "field"),
        note=_("Field before + (kernel − 1) × distance between neighbours, in pixels."),
        see=layers_page(name, InputSize(1, side, side), layer.operation.name),
        facts={"network": name, "layer": layer.operation.name},
    )


def farthest(rng: Random, level: int) -> Draft:
    """Which of these stacks of convolutions sees farthest?"""
    stacks = [_stack(rng, level) for _number in range(4)]
    sizes = [_sight(stack) for stack in stacks]
    best = max(sizes)
    if sizes.count(best) > 1 or len({_words(stack) for stack in stacks}) < len(stacks):
        return farthest(rng, level)
    sentence = _("Its units see {n} × {n} pixels.")
    right = stacks[sizes.index(best)]
    spelled = field_stack.spell([field_stack.Layer("conv", c.k, c.s, dilation=c.d) for c in right])
    return Draft(
        ask=_("Which stack of convolutions sees farthest: has the largest receptive field?"),
        right=_words(right),
        wrong={
            _words(stack): sentence.format(n=size)
            for stack, size in zip(stacks, sizes, strict=True)
            if size < best
        },
        reason=tuple(line for layer in _layers(right) for line in lines(layer, "field")),
        note=sentence.format(n=best),
        see=See.page("receptive-field", "field", stack=spelled, side=64),
        facts={"stacks": tuple((_words(s), tuple((c.k, c.s, c.d) for c in s)) for s in stacks)},
    )


def _stack(rng: Random, level: int) -> tuple[Conv, ...]:
    dilations = (1, 1, 2) if level > 1 else (1,)
    return tuple(
        Conv(1, 1, 64, k, s=rng.choice((1, 2)), d=rng.choice(dilations) if k > 1 else 1)
        for k in rng.choices((1, 3, 3, 5), k=rng.choice((2, 3)))
    )


def _words(stack: Sequence[Conv]) -> str:
    def one(c: Conv) -> str:
        words = [f"{c.k}×{c.k}"]
        words += [_("stride {n}").format(n=c.s)] * (c.s > 1)
        words += [_("dilation {n}").format(n=c.d)] * (c.d > 1)
        return " ".join(words)

    return " → ".join(map(one, stack))


def _layers(stack: Sequence[Conv]) -> tuple[Layer, ...]:
    modules = nn.Sequential(*[c.module() for c in stack]).eval()
    return summary.dissect(modules, (1, 1, 64, 64))[1]


def _sight(stack: Sequence[Conv]) -> int:
    last = _layers(stack)[-1].ungated
    assert last is not None
    return last.size[1]


# -- where the costs sit ----------------------------------------------------------------------


def heaviest(rng: Random, level: int) -> Draft:
    """Which layer holds most parameters, or takes most multiply-adds?"""
    name = rng.choice(CHAINS[:3] if level < 2 else (*CHAINS, "resnet18"))
    side = rng.choice(SIDES.get(name, (96, 224)))
    summary = measure(name, side)
    macs = rng.random() < 0.5

    def cost(layer: Layer) -> int:
        return layer.macs if macs else layer.operation.parameters

    ranked = sorted((each for each in summary.layers if cost(each)), key=cost, reverse=True)
    if cost(ranked[0]) == cost(ranked[1]):
        return heaviest(rng, level)
    column = "macs" if macs else "parameters"
    sentence = _("It takes {n} MACs.") if macs else _("It has {n} parameters.")
    ask = (
        _("{network} gets a picture of {shape}. Which layer takes most **multiply-adds**?")
        if macs
        else _("{network} gets a picture of {shape}. Where do most **parameters** sit?")
    )
    return Draft(
        ask=ask.format(network=title(name), shape=times(summary.input[1:])),
        right=short(ranked[0]),
        wrong={short(each): sentence.format(n=count(cost(each))) for each in ranked[1:6]},
        table=layer_table(summary.layers),
        reason=(*lines(ranked[0], column)[:1], sentence.format(n=exact(cost(ranked[0])))),
        see=layers_page(name, InputSize(1, side, side), ranked[0].operation.name),
        facts={"network": name, "side": side, "macs": macs, "layer": ranked[0].operation.name},
    )


def joined(rng: Random, level: int) -> Draft:
    """How many channels has what several branches are joined to?"""
    name = rng.choice(("googlenet", "densenet"))
    side = rng.choice(SIDES[name])
    summary = measure(name, side)
    layer = rng.choice([each for each in summary.layers if each.operation.type == "cat"])
    arrive = [each[1] for each in layer.operation.input_shapes]
    right = layer.operation.output_shape
    assert right is not None
    shapes = ", ".join(times(each[1:]) for each in layer.operation.input_shapes)
    return Draft(
        ask=_(
            "In {network} maps of {shapes} are laid side by side, channel after channel. How many "
            "channels has the result?"
        ).format(network=title(name), shapes=shapes),
        code=f"{layer.operation.name}: torch.cat(…, dim=1)",
        right=right[1],
        wrong={
            max(arrive): _("That would be adding; cat lays channels side by side."),
            arrive[-1]: _("Those are the last branch's alone: the others are kept too."),
            sum(arrive) // len(arrive): _("No mean is taken: every channel is kept."),
            sum(arrive[:-1]): _("The last branch is missing."),
            2 * sum(arrive): _("Each channel is kept once."),
        },
        reason=lines(layer, "output"),
        note=_("Channels are laid side by side; height and width stay."),
        see=layers_page(name, InputSize(1, side, side), layer.operation.name),
        facts={"network": name, "side": side, "layer": layer.operation.name},
    )  # fmt: skip
