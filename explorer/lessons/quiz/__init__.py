"""Questions made from live state: question k of seed s is the same one for everybody.

Nothing is stored: what is asked is drawn from the seed, and every right answer is what the engine
computes for it (`summary`, `arithmetic`, `ops`). Wrong choices come from real mistakes, each
computed with that mistake made.
"""

from collections.abc import Callable
from random import Random

from explorer.lessons.quiz import layers, misfits, networks, norms
from explorer.lessons.quiz.record import Draft, Question, See, Value, lay_out, read_answer, spell

TOPICS: dict[str, dict[str, Callable[[Random, int], Draft]]] = {
    "sizes": {"output_side": layers.output_side, "shape": layers.shape, "effect": layers.effect},
    "counts": {
        "parameters": layers.parameters,
        "macs": layers.macs,
        "heaviest": networks.heaviest,
        "joined": networks.joined,
    },
    "misfits": {"breaks": misfits.breaks, "reason": misfits.reason, "accepts": misfits.accepts},
    "field": {"field": networks.field, "farthest": networks.farthest},
    "norm": {"values": norms.values, "learned": norms.learned, "moving": norms.moving},
}
KINDS = {kind: topic for topic, kinds in TOPICS.items() for kind in kinds}
ALL = "all"
LEVELS = (1, 2, 3)
ROUND = 10  # questions, then a summary


def question(seed: int, number: int, topic: str = ALL, level: int = 2) -> Question:
    """Question `number` (from 1) of `seed` on `topic` at `level` (1 easy … 3 hard).

    Kinds of question take turns, in an order of the seed's own: each comes once before any comes
    again. At level 1 every question has choices, at level 3 numbers are to be typed.

    Raises:
        ValueError: no such topic or level, or a number below 1.
    """
    kinds = sorted(kind for kind, its in KINDS.items() if topic in (ALL, its))
    if not kinds or level not in LEVELS or number < 1:
        raise ValueError(f"There is no question {number} on {topic!r} at level {level}.")
    turn, place = divmod(number - 1, len(kinds))
    # Random takes texts through SHA-512: the same on every machine.
    order = Random(f"{seed} {topic} {turn}").sample(kinds, len(kinds))  # noqa: S311 (a class)
    kind = order[place]
    rng = Random(f"{seed} {topic} {level} {number}")  # noqa: S311 (wants the same)
    make = TOPICS[KINDS[kind]][kind]
    while True:
        draft = make(rng, level)
        typed = level == 3 or (level == 2 and rng.random() < 0.5)
        choices = lay_out(draft, rng, typed=typed)
        if choices is not None:
            return Question(number, seed, kind, KINDS[kind], level, draft, choices)
