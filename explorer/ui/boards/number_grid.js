// Numbers in cells with their colours, on a canvas: a photograph or a feature map has too many for
// one element each. Where a cell is large enough, its number stands in it.

import { MOVES, follow, placeOn } from "./board.js"
import { fitted, frame, line, penFor, pixels } from "./canvas_board.js"
import { ink } from "./colours.js"
import { clamp } from "./shared.js"

const LARGEST = 14 // pixels of a number's font
const LINES = "#aab2bc"

export class NumberGrid {
  // `over` hears of the cell [row, column] under the pointer or reached by keys (undefined: none),
  // `choose` of one that is clicked.
  constructor(canvas, { over, choose, keys = false }) {
    Object.assign(this, { canvas, over, choose })
    follow(canvas, event => this.under(event), at => this.point(at), choose)
    if (keys) canvas.onkeydown = event => this.key(event)
    canvas.onblur = () => this.point(undefined)
  }

  // `values` row by row, `size` [high, wide] in cells, `cell` in pixels, `rgb(value)` their colours;
  // `written` is the least cell with a number in it, `text(value)` its spelling; `inside` says of
  // each cell whether it belongs to the picture; `lined` parts the cells; `letters` is the share of a
  // cell's height that its number takes.
  show(given) {
    Object.assign(this, { written: Infinity, inside: null, lined: false, letters: 0.36 }, given)
    const [high, wide] = this.size
    this.sheet = pixels(this.values, wide, high, value => [...this.rgb(value), 255])
  }

  // All numbers, and `frames` around some: [row, column, rows, columns, options].
  draw(frames = []) {
    const { cell } = this
    const [high, wide] = this.size.map(n => n * cell)
    const pen = penFor(this.canvas, wide, high)
    pen.drawImage(this.sheet, 0, 0, wide, high)
    this.values.forEach((value, n) => this.mark(pen, value, n))
    pen.strokeStyle = LINES
    pen.lineWidth = 1
    for (let at = cell; this.lined && at <= wide; at += cell) line(pen, at - 0.5, 0, at - 0.5, high)
    for (let at = cell; this.lined && at <= high; at += cell) line(pen, 0, at - 0.5, wide, at - 0.5)
    if (cell >= this.written) write(pen, this)
    const least = Math.max(cell, 5) // a cell of one pixel would not be seen
    for (const [row, column, rows, columns, options] of frames)
      frame(pen, column * cell + 1.5, row * cell + 1.5, columns * cell - cell + least - 3, rows * cell - cell + least - 3, options)
  }

  // The padding is no number of the picture: hatched. What is no number at all: crossed.
  mark(pen, value, n) {
    const padding = this.inside && !this.inside[n]
    if (!padding && Number.isFinite(value)) return
    const { cell } = this
    const [x, y] = [(n % this.size[1]) * cell, Math.floor(n / this.size[1]) * cell]
    pen.fillStyle = "#e8ebef"
    if (padding) pen.fillRect(x, y, cell, cell)
    pen.strokeStyle = padding ? "#9aa4b1" : "#000000"
    pen.lineWidth = 1
    if (padding || cell < this.written) line(pen, x, y + cell, x + cell, y)
    if (!padding && cell < this.written) line(pen, x, y, x + cell, y + cell)
  }

  under(event) {
    if (!this.size) return undefined
    const [x, y] = placeOn(this.canvas, event)
    return [y, x].map((at, axis) => clamp(Math.floor(at / this.cell), 0, this.size[axis] - 1))
  }

  point(at) {
    this.at = at
    this.over(at)
  }

  key(event) {
    const step = MOVES[event.key]
    if (step) this.point(this.at ? this.at.map((n, axis) => clamp(n + step[axis], 0, this.size[axis] - 1)) : [0, 0])
    else if (this.choose && this.at && (event.key === "Enter" || event.key === " ")) this.choose(this.at)
    else return
    event.preventDefault()
  }
}

// The numbers of a grid, in ink that can be read on their colours. `place(n)` is the corner of the
// nth, where it is not in rows of `size`.
export function write(pen, { canvas, values, size, cell, rgb, most, inside, place, letters = 0.36 }) {
  const corner = place ?? (n => [(n % size[1]) * cell, Math.floor(n / size[1]) * cell])
  pen.textAlign = "center"
  pen.textBaseline = "middle"
  pen.font = `${Math.min(LARGEST, cell * letters)}px ${getComputedStyle(canvas).fontFamily}`
  values.forEach((value, n) => {
    const [x, y] = corner(n)
    pen.fillStyle = inside && !inside[n] ? "#000000" : ink(rgb(value, n))
    fitted(pen, cellText(value, typeof most === "function" ? most(n) : most), x + cell / 2, y + cell / 2, cell - 3)
  })
}

// For the cells of one grid: decimals as its largest number needs them.
function cellText(value, most) {
  if (!Number.isFinite(value)) return String(value)
  const decimals = most > 0 ? Math.min(12, Math.max(0, 1 - Math.floor(Math.log10(most)))) : 0
  const text = value.toFixed(decimals)
  return Number(text) === 0 ? "0" : text.replace("-", "−")
}
