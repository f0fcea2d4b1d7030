"""The questions of Check yourself: every right answer computed again by another route."""

import math
from functools import cache

import pytest
import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.utils.flop_counter import FlopCounterMode

from explorer import networks
from explorer.lessons import quiz
from explorer.lessons.quiz import Question, spell
from explorer.lessons.quiz.record import read_answer
from explorer.ui.entries import PAGES

HOW_MANY = 210
LEVELS = [quiz.LEVELS[k % 3] for k in range(HOW_MANY)]


@cache
def questions() -> tuple[Question, ...]:
    """Questions 1 … 210 of one seed, the three levels in turn."""
    return tuple(quiz.question(11, k + 1, level=level) for k, level in enumerate(LEVELS))


# -- the right answers, by plain torch --------------------------------------------------------


@cache
def network(name: str) -> nn.Module:
    """The network itself, without memory for its weights; nothing of the engine is used here."""
    architecture = networks.get(name)
    with torch.device("meta"):
        return architecture.build(**architecture.resolve()).eval()


class Forward:
    """One forward pass in plain torch: the inputs of each leaf module, and what broke."""

    def __init__(self, name: str, picture: tuple[int, ...]) -> None:
        self.calls: list[tuple[str, nn.Module, tuple[int, ...]]] = []
        self.outputs: dict[str, tuple[int, ...]] = {}
        self.error = ""
        module = network(name)
        names = {part: layer for layer, part in module.named_modules()}

        def before(part: nn.Module, arriving: tuple[Tensor, ...]) -> None:
            if not list(part.children()):
                self.calls.append((names[part], part, tuple(arriving[0].shape)))

        def after(part: nn.Module, _arriving: object, out: Tensor) -> None:
            self.outputs[names[part]] = tuple(out.shape)

        hooks = register_module_forward_pre_hook(before), register_module_forward_hook(after)
        try:
            with torch.no_grad():
                module(torch.empty(1, *picture, device="meta"))
        except (RuntimeError, ValueError) as error:
            self.error = str(error)
        finally:
            for hook in hooks:
                hook.remove()


def conv_of(facts) -> tuple[nn.Conv2d, Tensor]:
    names = ("channels", "out", "k", "s", "p", "d", "groups", "bias")
    layer = nn.Conv2d(*map(facts.get, names))
    return layer, layer(torch.zeros(1, facts["channels"], facts["n"], facts["n"]))


def weights(module: nn.Module) -> int:
    return sum(each.numel() for each in module.parameters())


def down(pair: int | tuple[int, ...]) -> int:
    """The first of a layer's numbers down and across, or the one for both."""
    return pair if isinstance(pair, int) else pair[0]


def field_by_gradient(stack) -> int:
    """How many input pixels in a row the gradient of one output unit reaches, at most."""
    x = torch.zeros(1, 1, 1, 160, requires_grad=True)
    out = x
    for k, s, d in stack:
        out = nn.functional.conv2d(out, torch.ones(1, 1, 1, k), stride=(1, s), dilation=(1, d))
    out[..., out.shape[-1] // 2].sum().backward()
    reached = x.grad.flatten().nonzero().flatten()
    return int(reached.max() - reached.min()) + 1


def cost(forward: Forward, *, macs: bool) -> dict[str, int]:
    costs = {}
    for name, part, _shape in forward.calls:
        if not macs:
            costs[name] = weights(part)
        elif isinstance(part, nn.Conv2d | nn.Linear):
            out = forward.outputs[name][1:]
            costs[name] = math.prod(out) * part.weight.numel() // part.weight.shape[0]
    return costs


def output_side(q: Question, facts) -> None:
    assert q.right == conv_of(facts)[1].shape[3]


def shape(q: Question, facts) -> None:
    if "pool" in facts:
        x = torch.zeros(1, facts["channels"], facts["n"], facts["n"])
        out = nn.MaxPool2d(facts["pool"], facts["stride"])(x)
    else:
        out = conv_of(facts)[1]
    assert q.right == " × ".join(map(str, out.shape[1:]))


def effect(q: Question, facts) -> None:
    layer, out = conv_of(facts)
    expected = f"output {out.shape[2]} × {out.shape[3]}, {weights(layer)} parameters"
    assert str(q.right).replace("\u202f", "") == expected


def parameters(q: Question, facts) -> None:
    linear = "inputs" in facts
    layer = nn.Linear(facts["inputs"], facts["outputs"]) if linear else conv_of(facts)[0]
    assert q.right == weights(layer)


def macs(q: Question, facts) -> None:
    layer, out = conv_of(facts)
    with FlopCounterMode(display=False) as counter:
        layer(torch.zeros(1, facts["channels"], facts["n"], facts["n"]))
    assert q.right == counter.get_total_flops() // 2 == out.numel() * layer.weight[0].numel()


def values(q: Question, facts) -> None:
    x = torch.randn(facts["n"], facts["c"], facts["side"], facts["side"], dtype=torch.float64)
    layer = nn.BatchNorm2d(facts["c"], momentum=1.0, dtype=torch.float64)
    layer(x)
    # The unbiased variance is the biased one times m / (m − 1): m is what was counted.
    factor = float((layer.running_var / x.var(dim=(0, 2, 3), correction=0)).mean())
    assert q.right == round(factor / (factor - 1))


def learned(q: Question, facts) -> None:
    assert q.right == weights(nn.BatchNorm2d(facts["c"]))


def moving(q: Question, facts) -> None:
    layer = nn.BatchNorm1d(1, momentum=1 - facts["old"])
    for _batch in range(facts["k"]):
        layer(torch.ones(4, 1))
    percent = float(str(q.right).removesuffix("\u202f%"))
    assert 100 * float(layer.running_mean) == pytest.approx(percent, rel=6e-3)


def field(q: Question, facts) -> None:
    """By the recursion of the textbooks over the windows of a chain, up to the layer asked for."""
    size = jump = 1
    for name, part in network(facts["network"]).named_modules():
        if isinstance(part, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
            size += (down(part.kernel_size) - 1) * jump
            jump *= down(part.stride)
        if name == facts["layer"]:
            break
    assert q.right == size


def farthest(q: Question, facts) -> None:
    sizes = {words: field_by_gradient(stack) for words, stack in facts["stacks"]}
    best = max(sizes.values())
    assert [words for words, size in sizes.items() if size == best] == [q.right]


def breaks(q: Question, facts) -> None:
    forward = Forward(facts["network"], facts["picture"])
    assert forward.error
    assert forward.calls[-1][0] == facts["layer"] == str(q.right).split(" ")[0]


def accepts(q: Question, facts) -> None:
    for choice in q.choices:
        side = int(str(choice).split(" ")[0])
        fits = not Forward(facts["network"], (1, side, side)).error
        assert fits == (choice == q.right)


def heaviest(q: Question, facts) -> None:
    forward = Forward(facts["network"], (1, facts["side"], facts["side"]))
    costs = cost(forward, macs=facts["macs"])
    assert max(costs, key=costs.__getitem__) == facts["layer"] == str(q.right).split(" ")[0]


def joined(q: Question, facts) -> None:
    forward = Forward(facts["network"], (1, facts["side"], facts["side"]))
    assert q.right == channels_after_cat(forward, facts["layer"])


def reason(q: Question, facts) -> None:
    right = str(q.right)
    forward = Forward(facts["network"], facts["picture"])
    name, part, shape = forward.calls[-1]
    assert name == facts["layer"]
    match facts["reason"]:
        case "features":
            sizes = shape[-1], part.in_features
        case "channels":
            sizes = shape[1], part.in_channels
        case "window":
            sizes = shape[2] + 2 * down(part.padding), down(part.kernel_size)
            assert sizes[0] < sizes[1]
    assert sizes == (facts["got"], facts["needs"])
    assert name in right
    assert str(facts["needs"]) in right.replace("\u202f", "")


def channels_after_cat(forward: Forward, layer: str) -> int:
    """What comes out of the block that ends in this `cat`, or into the layer behind it."""
    block = layer.rsplit(".", 1)[0]
    if "inception" in layer:
        return forward.outputs[block][1]
    # A dense block joins after each of its layers: the next layer, or what follows the block.
    index = int(layer.split("_")[1]) if "_" in layer.rsplit(".", 1)[1] else 1
    norms = [
        shape[1]
        for name, part, shape in forward.calls
        if isinstance(part, nn.BatchNorm2d) and name.startswith(f"{block}.")
    ]
    return norms[index] if index < len(norms) else forward.outputs[block][1]


@pytest.mark.parametrize("kind", quiz.KINDS)
def test_right_answers_are_right_by_plain_torch(kind: str):
    of_kind = [each for each in questions() if each.kind == kind]
    assert len(of_kind) >= HOW_MANY // len(quiz.KINDS) - 1
    for each in of_kind:
        globals()[kind](each, each.draft.facts)


# -- what every question keeps ----------------------------------------------------------------


def test_all_kinds_come_before_any_comes_again():
    kinds = [each.kind for each in questions()]
    length = len(quiz.KINDS)
    for start in range(0, HOW_MANY - length + 1, length):
        assert sorted(kinds[start : start + length]) == sorted(quiz.KINDS)


def test_choices_differ_one_alone_is_right_and_every_wrong_one_says_its_mistake():
    for each in questions():
        words = [spell(choice) for choice in each.choices]
        assert len(set(words)) == len(words)
        right = list(map(each.is_right, each.choices))
        assert (len(words), sum(right)) in {(0, 0), (3, 1), (4, 1)}
        assert [not each.mistake(choice) for choice in each.choices] == right
        assert each.draft.reason


@pytest.mark.parametrize("topic", [quiz.ALL, *quiz.TOPICS])
@pytest.mark.parametrize("level", quiz.LEVELS)
def test_the_same_seed_asks_the_same(topic: str, level: int):
    first, again, other = (
        [quiz.question(seed, number, topic, level) for number in range(1, 4)] for seed in (5, 5, 6)
    )
    assert first == again
    assert {each.topic for each in first} <= ({topic} if topic != quiz.ALL else set(quiz.TOPICS))
    assert [each.draft for each in first] != [each.draft for each in other]


def test_a_known_question_never_changes():
    # Another machine, another day: what a class was given stays what it was.
    question = quiz.question(2024, 1, "sizes", 1)
    assert question.kind == "output_side"
    assert question.draft.code == "nn.Conv2d(32, 4, kernel_size=5)"
    assert (question.right, question.choices) == (8, (7, 8, 12))


def test_easy_questions_have_choices_and_hard_ones_ask_for_numbers():
    assert not any(each.typed for each in questions() if each.level == 1)
    hard = [each for each in questions() if each.level == 3 and isinstance(each.right, int)]
    assert all(each.typed for each in hard)


def test_every_question_can_be_seen_on_a_page_that_exists():
    assert {each.draft.see.url for each in questions()} <= {page.url for page in PAGES}


@pytest.mark.parametrize(
    ("number", "topic", "level"), [(0, "all", 1), (1, "nothing", 1), (1, "all", 4)]
)
def test_a_question_that_does_not_exist(number: int, topic: str, level: int):
    with pytest.raises(ValueError, match="There is no question"):
        quiz.question(1, number, topic, level)


# -- typed answers ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("156", 156), (" 46 764 746 ", 46_764_746), ("46'764'746", 46_764_746), ("-3", -3),
        ("6 * (5*5*1 + 1)", 156), ("6 × (5·5·1 + 1)", 156), ("(224 + 2*1 - 11)//4 + 1", 54),
        ("5 x 5", 25), ("960,000", 960_000), ("1.234.567", 1_234_567), ("6*20**2*400", 960_000),
        ("6*20^2*400", 960_000), ("6·20²·400", 960_000), ("960000/2", 480_000), ("2**10", 1024),
    ],
)  # fmt: skip
def test_numbers_and_arithmetic_are_read(text: str, value: int):
    assert read_answer(text) == value


@pytest.mark.parametrize(
    "text",
    ["", "   ", "abc", "1.5", "NaN", "2**99", "1/0", "1//0", "9" * 40, "__import__('os')", "(" * 70,
     "True", "1, 2", "10**9**9", "2**-1", "1,00", "7/2", "1+" * 60, "+".join(["11"] * 40)],
)  # fmt: skip
def test_anything_else_gets_a_sentence(text: str):
    with pytest.raises(ValueError, match="whole number"):
        read_answer(text)
