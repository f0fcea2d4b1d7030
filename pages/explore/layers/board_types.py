"""The layer board's data: the contract between Python, which has every word, and the browser."""

from typing import Literal, NotRequired, TypedDict

from explorer.analysis.operations import Family


class Column(TypedDict):
    """One column of the table. `name`, `type`, `settings`, `input`, `output` read the row's field
    of that name; any other key reads `row["cells"][key]`."""

    key: str
    label: str
    help: NotRequired[str]
    numeric: NotRequired[bool]  # right-aligned, tabular figures
    bars: NotRequired[bool]  # a bar under the number: the row's share of the total


class Cell(TypedDict):
    text: str  # as read: "11.7 k"
    exact: NotRequired[str]  # on hover: "11 712"
    share: NotRequired[float]  # 0…1


class Formula(TypedDict):
    """One number explained."""

    title: str
    lines: list[str]  # "54 = ⌊(224 − 11 + 2·1) / 4⌋ + 1"
    note: NotRequired[str]
    column: NotRequired[str]  # pointing at that column's cell lights this formula up, and back


class Row(TypedDict):
    """One layer or block. Rows come in pre-order: a block, then its members in running order."""

    id: int
    parent: int | None
    depth: int
    group: bool
    name: str  # the last part of the dotted name
    full_name: str
    type: str
    family: Family
    symbol: str  # what a merge shows in the picture: "+", "cat", "×"; otherwise ""
    settings: str
    input: str
    output: str
    shape: list[int]  # of the output, without the batch: [C, H, W], [tokens, C] or [features]
    cells: dict[str, Cell | None]  # missing or None reads "–"
    why: list[Formula]
    status: Literal["ok", "failed", "unused"]
    note: str


Open = Literal["none", "all"] | list[int]  # the unfolded blocks


class View(TypedDict):
    selected: int | None
    open: Open


class Content(TypedDict):
    """A network on the board."""

    title: str
    columns: list[Column]
    rows: list[Row]
    edges: list[tuple[int, int]]  # between rows that are no blocks; the input image is a row too


class Board(TypedDict):
    """All that the board is given. `key` names what it shows: a new key starts from `view` anew.

    `content` is a `Content` as JSON: one text is kept for all visitors and sent as it is.
    """

    key: str
    file: str  # what a saved picture is called, without its ending
    labels: dict[str, str]  # the board's own words
    view: View
    content: str
