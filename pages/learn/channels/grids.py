"""The page on channels: its number grids, and the arithmetic of every number on them."""

import itertools
from collections.abc import Iterator
from functools import partial

from torch import Tensor

from explorer.base.language import _
from explorer.figures.grids import (
    Grid,
    Line,
    Lit,
    Sign,
    Story,
    factor,
    grid,
    line,
    most,
    sign,
    spell,
    total,
)
from explorer.lessons.channels import Mixture

TERMS = 9  # up to so many products are written out in one line

# -- several channels in, several out ---------------------------------------------------------


def mixture_grids(mixture: Mixture) -> tuple[list[Grid], list[Sign]]:
    """Channels down, kernels across; the sum on the right, or below where kernels are several."""
    outs, ins = mixture.kernels.shape[:2]
    x_grid = partial(grid, scale=most(mixture.x), edits=True)
    k_grid = partial(grid, scale=most(mixture.kernels), edits=True)
    y_grid = partial(grid, scale=most(mixture.partial, mixture.outputs))
    k_label = _("kernel {o}, slice {c}") if outs == 1 else _("kernel {o}")
    m_label = _("map of channel {c}") if outs == 1 else _("map {c}")
    y_label = _("output, channel {o}") if outs == 1 else _("output {o}")
    grids, signs = [], []
    for c, x in enumerate(mixture.x):
        label, row = _("input, channel {c}").format(c=c + 1), c + 1
        grids.append(x_grid(f"x{c}", label, x, (row, 1), tone=row))
        for o in range(outs):
            names, left = {"o": o + 1, "c": row}, 2 + 4 * o  # of the layout: sign, kernel, sign,
            below = o * (ins + 1) + row  # map; on a phone, one output below the other
            signs += [sign("⋆", (row, left), narrow=(below, 2)),
                      sign("=", (row, left + 2), narrow=(below, 4))]  # fmt: skip
            grids += [
                k_grid(f"k{o}{c}", k_label.format(**names), mixture.kernels[o, c], (row, left + 1),
                       tone=row, narrow=(below, 3)),
                y_grid(f"m{o}{c}", m_label.format(**names), mixture.partial[o, c], (row, left + 3),
                       tone=row, narrow=(below, 5)),
            ]  # fmt: skip
    for o, y in enumerate(mixture.outputs):
        output_grid = partial(y_grid, f"y{o}", y_label.format(o=o + 1), y)
        below, left = (o + 1) * (ins + 1), 2 + 4 * o
        if outs == 1:
            signs.append(sign(_("sum"), (1, 6), rows=ins, brace=True, narrow=(below, 3)))
            grids.append(output_grid((1, 7), rows=ins, narrow=(below, 5)))
        else:
            signs.append(sign(_("sum"), (ins + 1, left + 1), narrow=(below, 3)))
            signs.append(sign("=", (ins + 1, left + 2), narrow=(below, 4)))
            grids.append(output_grid((ins + 1, left + 3), narrow=(below, 5)))
    return grids, signs


def mixture_stories(mixture: Mixture) -> Iterator[Story]:
    """What every number of the board is made of, or goes into."""
    for o, c in _cells(*mixture.kernels.shape[:2]):
        for i, j in _cells(*mixture.kernels.shape[2:]):
            yield _weight_story(mixture, o, c, i, j)
        for i, j in _cells(*mixture.outputs.shape[1:]):
            yield _map_story(mixture, o, c, i, j)
    for o in range(len(mixture.outputs)):
        for i, j in _cells(*mixture.outputs.shape[1:]):
            yield _output_story(mixture, o, i, j)
    for c in range(len(mixture.x)):
        for i, j in _cells(*mixture.x.shape[1:]):
            yield _input_story(mixture, c, i, j)


def _cells(rows: int, columns: int) -> Iterator[tuple[int, int]]:
    return itertools.product(range(rows), range(columns))


def _map_story(mixture: Mixture, o: int, c: int, i: int, j: int) -> Story:
    lit: list[Lit] = [(f"y{o}", i, j, i, j, 0), *_window(mixture, o, c, i, j)]
    return Story(at=[(f"m{o}{c}", i, j)], lit=lit, lines=[_products(mixture, o, c, i, j)])


def _window(mixture: Mixture, o: int, c: int, i: int, j: int) -> list[Lit]:
    h, w = mixture.kernels.shape[2:]
    return [
        (f"x{c}", i, j, i + h - 1, j + w - 1, c + 1),
        (f"k{o}{c}", 0, 0, h - 1, w - 1, c + 1),
    ]


def _products(mixture: Mixture, o: int, c: int, i: int, j: int) -> Line:
    h, w = mixture.kernels.shape[2:]
    window = mixture.x[c, i : i + h, j : j + w].flatten().tolist()
    weights = mixture.kernels[o, c].flatten().tolist()
    pairs = [f"{factor(a)}·{factor(b)}" for a, b in zip(window, weights, strict=True)]
    terms = " + ".join(pairs[:TERMS]) + (" + …" if len(pairs) > TERMS else "")
    words = _("channel {c}:").format(c=c + 1)
    return line(f"{words} {terms} = {spell(float(mixture.partial[o, c, i, j]))}", c + 1)


def _output_story(mixture: Mixture, o: int, i: int, j: int) -> Story:
    ins = mixture.kernels.shape[1]
    lit: list[Lit] = []
    lines = []
    for c in range(ins):
        lit += [*_window(mixture, o, c, i, j), (f"m{o}{c}", i, j, i, j, c + 1)]
        lines.append(_products(mixture, o, c, i, j))
    parts, result = total(mixture.partial[o, :, i, j].tolist()), float(mixture.outputs[o, i, j])
    words = _("output {o}:").format(o=o + 1)
    lines.append(line(f"{words} {parts} = {spell(result)}", strong=True))
    return Story(at=[(f"y{o}", i, j)], lit=lit, lines=lines)


def _weight_story(mixture: Mixture, o: int, c: int, i: int, j: int) -> Story:
    rows, columns = mixture.outputs.shape[1:]
    text = _(
        "This weight multiplies {n} cells of channel {c}, one for each cell of its map; "
        "it is used by output {o} alone."
    ).format(n=rows * columns, c=c + 1, o=o + 1)
    lit: list[Lit] = [
        (f"x{c}", i, j, i + rows - 1, j + columns - 1, c + 1),
        (f"m{o}{c}", 0, 0, rows - 1, columns - 1, c + 1),
        (f"y{o}", 0, 0, rows - 1, columns - 1, 0),
    ]
    return Story(at=[(f"k{o}{c}", i, j)], lit=lit, lines=[line(text)])


def _input_story(mixture: Mixture, c: int, i: int, j: int) -> Story:
    outs, _ins, h, w = mixture.kernels.shape
    rows, columns = mixture.outputs.shape[1:]
    top, bottom = max(0, i - h + 1), min(rows - 1, i)  # of the output cells that read it
    left, right = max(0, j - w + 1), min(columns - 1, j)
    lit: list[Lit] = []
    for o in range(outs):
        lit += [
            (f"k{o}{c}", i - bottom, j - right, i - top, j - left, c + 1),
            (f"m{o}{c}", top, left, bottom, right, c + 1),
            (f"y{o}", top, left, bottom, right, 0),
        ]
    text = _(
        "This number meets {n} weights of each kernel, in slice {c}, and goes into as many cells "
        "of each output."
    ).format(n=(bottom - top + 1) * (right - left + 1), c=c + 1)
    return Story(at=[(f"x{c}", i, j)], lit=lit, lines=[line(text)])


# -- 1 × 1: a layer at every pixel ------------------------------------------------------------


def pixel_grids(x: Tensor, weights: Tensor, y: Tensor) -> tuple[list[Grid], list[Sign]]:
    """The maps above; below them the same numbers as one product of matrices, W·X = Y."""
    ins = len(x)
    x_grid, y_grid = (partial(grid, scale=most(each), digits=2) for each in (x, y))
    grids = []
    for c in range(ins):
        label = _("input, channel {c}").format(c=c + 1)
        place = (1, c + 1)
        grids.append(x_grid(f"x{c}", label, x[c], place, tone=c + 1, edits=True, narrow=place))
    for o in range(len(y)):
        label = _("output, channel {o}").format(o=o + 1)
        grids.append(y_grid(f"y{o}", label, y[o], (1, ins + 2 + o), narrow=(2, 1 + o)))
    names = _("W: a row for each output"), _("X: a column for each pixel"), _("Y = W·X")
    grids += [
        grid("w", names[0], weights, (1, 1), digits=2, edits=True, narrow=(1, 1), section=1),
        x_grid("xs", names[1], x.flatten(1), (1, 3), narrow=(2, 1), section=1),
        y_grid("ys", names[2], y.flatten(1), (1, 5), narrow=(3, 1), section=1),
    ]
    signs = [sign(text, (1, 2 * n), section=1, wide=True) for n, text in ((1, "·"), (2, "="))]
    return grids, [sign("→", (1, ins + 1), wide=True), *signs]


def pixel_stories(x: Tensor, weights: Tensor, y: Tensor) -> Iterator[Story]:
    """Every number of a pixel tells the pixel's whole product, its own line in bold."""
    (ins, height, width), outs = x.shape, len(y)
    for i, j in _cells(height, width):
        p = i * width + j
        lit: list[Lit] = [(f"x{c}", i, j, i, j, c + 1) for c in range(ins)]
        lit += [("xs", c, p, c, p, c + 1) for c in range(ins)]
        products = [_pixel_line(x, weights, y, o, i, j) for o in range(outs)]
        for o in range(outs):
            weights_lit: list[Lit] = [("w", o, c, o, c, c + 1) for c in range(ins)]
            lines = [line(each["text"], strong=n == o) for n, each in enumerate(products)]
            yield Story(at=[(f"y{o}", i, j), ("ys", o, p)], lit=[*lit, *weights_lit], lines=lines)
        all_weights: list[Lit] = [("w", 0, c, outs - 1, c, c + 1) for c in range(ins)]
        results: list[Lit] = [("ys", 0, p, outs - 1, p, 0)]
        results += [(f"y{o}", i, j, i, j, 0) for o in range(outs)]
        cells = [("xs", c, p) for c in range(ins)] + [(f"x{c}", i, j) for c in range(ins)]
        yield Story(at=cells, lit=[*lit, *all_weights, *results], lines=products)


def _pixel_line(x: Tensor, weights: Tensor, y: Tensor, o: int, i: int, j: int) -> Line:
    pairs = [
        f"{factor(w, 2)}·{factor(v, 2)}"
        for w, v in zip(weights[o].tolist(), x[:, i, j].tolist(), strict=True)
    ]
    words = _("output {o} at row {i}, column {j}:").format(o=o + 1, i=i + 1, j=j + 1)
    return line(f"{words} {' + '.join(pairs)} = {spell(float(y[o, i, j]), 2)}")
