"""The questions of Check yourself: every right answer computed again by another route."""

import math
from collections import Counter
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
def asked() -> tuple[Question, ...]:
    """Questions 1 … 210 of one seed, the three levels in turn."""
    return tuple(quiz.question(11, k + 1, level=level) for k, level in enumerate(LEVELS))


# -- the right answers, by plain torch --------------------------------------------------------


@cache
def network(name: str) -> nn.Module:
    """The network itself, without memory for its weights; nothing of the engine is used here."""
    architecture = networks.get(name)
    with torch.device("meta"):
        return architecture.build(**architecture.resolve()).eval()


class Watched:
    """One forward pass in plain torch: what each leaf module was given, and what broke."""

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


def by_hand_field(facts) -> int:
    """The recursion of the textbooks over the windows of a chain, up to the layer asked for."""
    size = jump = 1
    for name, part in network(facts["network"]).named_modules():
        if isinstance(part, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
            kernel, stride = (
                each if isinstance(each, int) else each[0]
                for each in (part.kernel_size, part.stride)
            )
            size, jump = size + (kernel - 1) * jump, jump * stride
        if name == facts["layer"]:
            return size
    raise AssertionError(facts)


def seen_by_gradient(stack) -> int:
    """How many input pixels in a row the gradient of one output unit reaches, at most."""
    x = torch.zeros(1, 1, 1, 160, requires_grad=True)
    out = x
    for k, s, d in stack:
        out = nn.functional.conv2d(out, torch.ones(1, 1, 1, k), stride=(1, s), dilation=(1, d))
    out[..., out.shape[-1] // 2].sum().backward()
    reached = x.grad.flatten().nonzero().flatten()
    return int(reached.max() - reached.min()) + 1


def cost(watched: Watched, *, macs: bool) -> dict[str, int]:
    costs = {}
    for name, part, _given in watched.calls:
        if not macs:
            costs[name] = weights(part)
        elif isinstance(part, nn.Conv2d | nn.Linear):
            out = watched.outputs[name][1:]
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
    told = f"output {out.shape[2]} × {out.shape[3]}, {weights(layer)} parameters"
    assert str(q.right).replace("\u202f", "") == told


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
    shown = float(str(q.right).removesuffix("\u202f%"))
    assert 100 * float(layer.running_mean) == pytest.approx(shown, rel=6e-3)


def field(q: Question, facts) -> None:
    assert q.right == by_hand_field(facts)


def farthest(q: Question, facts) -> None:
    sizes = {words: seen_by_gradient(stack) for words, stack in facts["stacks"]}
    best = max(sizes.values())
    assert [words for words, size in sizes.items() if size == best] == [q.right]


def breaks(q: Question, facts) -> None:
    watched = Watched(facts["network"], facts["picture"])
    assert watched.error
    assert watched.calls[-1][0] == facts["layer"] == str(q.right).split(" ")[0]


def accepts(q: Question, facts) -> None:
    for choice in q.choices:
        side = int(str(choice).split(" ")[0])
        fits = not Watched(facts["network"], (1, side, side)).error
        assert fits == (choice == q.right)


def heaviest(q: Question, facts) -> None:
    watched = Watched(facts["network"], (1, facts["side"], facts["side"]))
    costs = cost(watched, macs=facts["macs"])
    assert max(costs, key=costs.__getitem__) == facts["layer"] == str(q.right).split(" ")[0]


def joined(q: Question, facts) -> None:
    watched = Watched(facts["network"], (1, facts["side"], facts["side"]))
    assert q.right == channels_after_cat(watched, facts["layer"])


def reason(q: Question, facts) -> None:
    right = str(q.right)
    watched = Watched(facts["network"], facts["picture"])
    name, part, given = watched.calls[-1]
    assert name == facts["layer"]
    match facts["reason"]:
        case "features":
            assert (given[-1], part.in_features) == (facts["got"], facts["needs"])
        case "channels":
            assert (given[1], part.in_channels) == (facts["got"], facts["needs"])
        case "window":
            kernel, padding = (
                each if isinstance(each, int) else each[0]
                for each in (part.kernel_size, part.padding)
            )
            assert (given[2] + 2 * padding, kernel) == (facts["got"], facts["needs"])
            assert kernel > given[2] + 2 * padding
        case other:
            raise AssertionError(other)
    assert name in right
    assert str(facts["needs"]) in right.replace("\u202f", "")


def channels_after_cat(watched: Watched, layer: str) -> int:
    """What comes out of the block that ends in this `cat`, or into the layer behind it."""
    block = layer.rsplit(".", 1)[0]
    if "inception" in layer:
        return watched.outputs[block][1]
    # A dense block joins after each of its layers: the next layer, or what follows the block.
    index = int(layer.split("_")[1]) if "_" in layer.rsplit(".", 1)[1] else 1
    norms = [
        shape[1]
        for name, part, shape in watched.calls
        if isinstance(part, nn.BatchNorm2d) and name.startswith(f"{block}.")
    ]
    return norms[index] if index < len(norms) else watched.outputs[block][1]


@pytest.mark.parametrize("kind", quiz.KINDS)
def test_right_answers_are_right_by_plain_torch(kind: str):
    of_kind = [each for each in asked() if each.kind == kind]
    assert len(of_kind) >= HOW_MANY // len(quiz.KINDS) - 1
    for each in of_kind:
        globals()[kind](each, each.draft.facts)


# -- what every question keeps ----------------------------------------------------------------


def test_all_kinds_come_before_any_comes_again():
    kinds = [each.kind for each in asked()]
    length = len(quiz.KINDS)
    for start in range(0, HOW_MANY - length + 1, length):
        assert sorted(kinds[start : start + length]) == sorted(quiz.KINDS)


def test_no_two_choices_are_equal_and_one_alone_is_right():
    for each in asked():
        shown = [spell(choice) for choice in each.choices]
        assert len(set(shown)) == len(shown)
        if each.choices:
            assert 3 <= len(shown) <= 4
            assert Counter(map(each.is_right, each.choices))[True] == 1


def test_every_wrong_choice_says_which_mistake_it_is():
    for each in asked():
        for choice in each.choices:
            assert bool(each.mistake(choice)) != each.is_right(choice)
        assert each.draft.reason


@pytest.mark.parametrize("topic", [quiz.ALL, *quiz.TOPICS])
@pytest.mark.parametrize("level", quiz.LEVELS)
def test_the_same_seed_asks_the_same(topic: str, level: int):
    first = [quiz.question(5, number, topic, level) for number in range(1, 4)]
    again = [quiz.question(5, number, topic, level) for number in range(1, 4)]
    assert first == again
    assert {each.topic for each in first} <= ({topic} if topic != quiz.ALL else set(quiz.TOPICS))
    other = [quiz.question(6, number, topic, level) for number in range(1, 4)]
    assert [each.draft for each in first] != [each.draft for each in other]


def test_a_known_question_never_changes():
    # Another machine, another day: what a class was given stays what it was.
    question = quiz.question(2024, 1, "sizes", 1)
    assert question.kind == "output_side"
    assert question.draft.code == "nn.Conv2d(32, 4, kernel_size=5)"
    assert (question.right, question.choices) == (8, (7, 8, 12))


def test_easy_questions_have_choices_and_hard_ones_ask_for_numbers():
    for each in asked():
        if each.level == 1:
            assert not each.typed
        if each.level == 3 and isinstance(each.right, int):
            assert each.typed


def test_every_question_can_be_seen_on_a_page_that_exists():
    assert {each.draft.see.url for each in asked()} <= {page.url for page in PAGES}


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
        ("5 x 5", 25),
    ],
)  # fmt: skip
def test_numbers_and_arithmetic_are_read(text: str, value: int):
    assert read_answer(text) == value


@pytest.mark.parametrize(
    "text",
    ["", "   ", "abc", "1.5", "NaN", "2**99", "1/0", "1//0", "9" * 40, "__import__('os')", "(" * 70,
     "True", "1, 2", "10**9**9", "1+" * 60, "+".join(["11"] * 40)],
)  # fmt: skip
def test_anything_else_gets_a_sentence(text: str):
    with pytest.raises(ValueError, match="whole number"):
        read_answer(text)
