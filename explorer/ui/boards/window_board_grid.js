// One grid of numbers: its cells as elements, their colours, and what is lit; and how the grids of a
// board stand: in a row; the input beside the kernel and the output; or all below each other, as on a
// phone.

import { Ramp } from "./colours.js"
import { clamp } from "./shared.js"
import { spell } from "./window_board_math.js"

// 12.75 in steps of 1 → "13"; what is not 0 does not become 0.
function spellRounded(value, step) {
  const whole = Math.sign(value) * Math.round(Math.abs(value) / step)
  return whole || !value ? spell(whole * step, 3) : "≈0"
}

// About, in em: figures are half an em wide, points half of that.
const width = words => [...words].reduce((sum, sign) => sum + (sign === "." ? 0.26 : 0.51), 0)

// Of a cell: its panel, row and column.
export const placeOf = cell => [cell.closest("[data-panel]").dataset.panel, Number(cell.dataset.r), Number(cell.dataset.c)]

export class Grid {
  // `margin` rows and columns of padding on each side; `name` is the letter of its cells: X[0, 1].
  constructor(host, letter) {
    this.host = host
    this.letter = letter
    this.body = host.querySelector(".cells")
    this.lit = []
    this.body.innerHTML = ""
  }

  build(size, margin, label, cellLabel) {
    const shape = JSON.stringify([size, margin])
    this.body.setAttribute("aria-label", label)
    this.cellLabel = cellLabel
    if (shape === this.shape) return
    this.shape = shape
    this.size = size
    this.margin = margin
    this.lit = []
    const [height, width] = size
    const [top, left] = margin
    const rows = []
    for (let r = -top; r < height + top; r++) {
      const cells = []
      for (let c = -left; c < width + left; c++) {
        const outside = r < 0 || c < 0 || r >= height || c >= width
        cells.push(`<div role="gridcell" class="cell${outside ? " pad" : ""}" tabindex="-1" data-r="${r}" data-c="${c}"></div>`)
      }
      rows.push(`<div role="row">${cells.join("")}</div>`)
    }
    this.body.innerHTML = rows.join("")
    this.body.style.setProperty("--columns", width + 2 * left)
    this.cells = [...this.body.querySelectorAll(".cell")]
    this.stop = this.at(0, 0)
    if (this.stop) this.stop.tabIndex = 0
  }

  at(r, c) {
    const [top, left] = this.margin
    const columns = this.size[1] + 2 * left
    if (c < -left || c >= this.size[1] + left || r < -top) return undefined
    return this.cells[(r + top) * columns + c + left]
  }

  name(r, c) {
    return `${this.letter}[${r}, ${c}]`.replaceAll("-", "−")
  }

  // Fill in colours; `text(value)` spells a number, `fill` is what padding holds.
  paint(values, shade, text, fill = 0) {
    Object.assign(this, { shade, text, values: [] })
    for (const cell of this.cells) {
      const [, r, c] = placeOf(cell)
      const outside = cell.classList.contains("pad")
      const value = outside ? fill : values[r][c]
      this.values.push(value)
      const style = outside || shade === null ? "" : shade.style(value)
      if (cell.dataset.style !== style) cell.style.cssText = cell.dataset.style = style
      cell.ariaLabel = `${this.cellLabel(r, c, outside)}: ${spell(value)}`
    }
  }

  // Fill in the numbers; `longest` is then the width of the longest, in em.
  write(rounded) {
    const step = rounded && this.shade?.high ? 10 ** (Math.floor(Math.log10(this.shade.high)) - 1) : 0
    this.rounded = false
    this.longest = 0.6
    this.cells.forEach((cell, n) => {
      const value = this.values[n]
      const words = step && Number.isFinite(value) ? spellRounded(value, step) : this.text(value)
      this.rounded ||= words !== this.text(value)
      this.longest = Math.max(this.longest, width(words))
      if (cell.textContent !== words) cell.textContent = words
    })
  }

  clear() {
    for (const cell of this.lit) cell.classList.remove("lit", "strong", "within")
    this.lit = []
  }

  light(r, c, how = "lit") {
    const cell = this.at(r, c)
    if (!cell) return
    cell.classList.add(how)
    this.lit.push(cell)
  }

  // Where Tab arrives.
  rest(cell) {
    if (!cell || cell === this.stop) return
    this.stop.tabIndex = -1
    cell.tabIndex = 0
    this.stop = cell
  }
}

// One picture, one map: where there are weights 0 is white in all of it. Pooling passes numbers on as
// they are: there each has the same colour on both sides.
export function ramps({ operation, input, weights, output }, root) {
  const ramp = rows => Ramp.of(rows, root, true)
  if (operation === "correlate") return { input: ramp(input), kernel: ramp(weights), output: ramp(output) }
  const both = Ramp.of([...input, ...output], root)
  return { input: both, kernel: null, output: both }
}

// The window's first cell, in rows and columns of the padded input.
export function moveFrame(board, [top, left]) {
  const { cell, plan } = board
  const [height, width] = plan.span.map(cells => `${cells * cell}px`)
  Object.assign(board.find(".frame").style, { transform: `translate(${left * cell}px, ${top * cell}px)`, width, height })
}

// A window that has no place sticks out of the input.
export function showMisfit(board) {
  moveFrame(board, [0, 0])
  board.sum.textContent = ""
}

// -- how large grids are, and how they stand ------------------------------------------------------

const [LEAST, ENOUGH, SMALL, LARGEST] = [14, 20, 26, 64] // px of a cell's side
const TALLEST = 384 // px of a whole grid
const PHONE = 560 // px of the board below which its grids stand below each other
const READABLE = 11 // px of text
const [SIGN, WORD] = [34, 64] // px of ⋆ or =, and of a word in their place

// A cell's side that fits, never made unreadable for the height's sake.
const fit = (width, ...heights) => Math.min(width, Math.max(ENOUGH, Math.min(...heights)))

// The largest cells that leave all of it above the fold.
export function layOut(board) {
  const wide = board.root.clientWidth
  const { plan } = board
  if (!plan || !wide) return
  const [rows, columns] = [0, 1].map(axis => [plan.drawn[axis], plan.out[axis]])
  const kernelCell = clamp(Math.floor(132 / plan.window[1]), 30, 46)
  const signs = SIGN + (plan.operation === "correlate" ? SIGN : WORD)
  const across = (wide - signs) / (columns[0] + columns[1])
  const row = fit(across - (Math.max(kernelCell * plan.window[1], 96) + 4) / (columns[0] + columns[1]), TALLEST / Math.max(...rows))
  const two = fit(across, TALLEST / rows[0], (TALLEST - plan.window[0] * SMALL) / rows[1])
  const column = fit((wide - 4) / Math.max(...columns), (TALLEST - 100) / (rows[0] + rows[1]))
  if (wide < PHONE) arrange(board, "column", Math.max(column, Math.min((wide - 4) / Math.max(...columns), 40)), kernelCell)
  else if (column > 1.4 * Math.max(row, two)) arrange(board, "column", column, kernelCell)
  else if (row >= Math.min(SMALL, two)) arrange(board, "row", row, kernelCell)
  else arrange(board, "two", two, SMALL)
}

function arrange(board, way, size, most) {
  const cell = clamp(Math.floor(size), LEAST, LARGEST)
  const kernelCell = way === "two" ? SMALL : Math.min(most, Math.max(cell, 46))
  const laid = [cell, kernelCell, way].join()
  if (laid === board.laid) return
  Object.assign(board, { cell, laid })
  board.root.dataset.way = way
  const [height, width] = board.plan.drawn.map(cells => `${cells * cell}px`)
  Object.assign(board.find('[data-panel="input"] .field').style, { minHeight: height, minWidth: width })
  const lengths = { "--cell": cell, "--kernel-cell": kernelCell, "--ring": clamp(cell * 0.08, 1.5, 4) }
  for (const [name, length] of Object.entries(lengths)) board.root.style.setProperty(name, `${length}px`)
  textSizes(board, kernelCell)
  if (board.view?.kind === "output" && board.view.n <= board.plan.places) board.show(board.view)
}

// Three digits of every number if they can be read, else all rounded to two digits of the largest.
function textSizes(board, kernelCell) {
  for (const [panel, own] of Object.entries(board.grids)) {
    const side = panel === "kernel" ? kernelCell : board.cell
    const usual = clamp(Math.round(side * 0.4), 13, 22)
    const size = () => clamp(Math.floor((side - 2) / own.longest), 8, usual)
    own.write(false)
    const exact = own.longest
    if (size() < READABLE) own.write(true)
    if (own.longest === exact) own.write(false) // rounding has not helped
    own.body.style.setProperty("--cell-text", `${size()}px`)
    board.find(`[data-panel="${panel}"] .rounded`).hidden = !own.rounded
  }
}
