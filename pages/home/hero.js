// One convolution, drawn from its numbers. Data: picture, kernel, found, pooled (grids), names
// (four words), hint, meaning. The window follows the pointer and the arrow keys.

import { Board, MOVES, follow, mount } from "../../explorer/ui/boards/board.js"
import { Ramp, css, grey } from "../../explorer/ui/boards/colours.js"
import { add, clamp, make, set } from "../../explorer/ui/boards/shared.js"

const CELL = 10 // one pixel of the picture, in the drawing's units
const PLACES = { picture: [0, 0, 10], kernel: [202, 40, 20], found: [324, 10, 10], pooled: [506, 28, 14] }
const SIGNS = [["⋆", 171], ["=", 293], ["→", 475]]
const FIRST = { row: 7, column: 2 }

function grid(svg, rows, [x, y, cell], colour) {
  rows.forEach((row, i) =>
    row.forEach((value, j) =>
      add(svg, "rect", {
        x: x + j * cell, y: y + i * cell, width: cell - 0.6, height: cell - 0.6, fill: colour(value),
      })))
}

function draw(svg, data) {
  const [weights, found] = [data.kernel, data.found].map(rows => Ramp.of(rows, svg, true))
  const paint = ramp => value => ramp.css(value)
  grid(svg, data.picture, PLACES.picture, value => css(grey(value)))
  grid(svg, data.kernel, PLACES.kernel, paint(weights))
  grid(svg, data.found, PLACES.found, paint(found))
  grid(svg, data.pooled, PLACES.pooled, paint(found))
  for (const [sign, x] of SIGNS)
    add(svg, "text", { x, y: 78, "text-anchor": "middle", "font-size": 24, class: "quiet" }, sign)
  Object.entries(PLACES).forEach(([name, [x, y, cell]], index) => {
    const side = data[name].length
    const middle = x + (side * cell) / 2
    add(svg, "rect", { x: x - 1, y: y - 1, width: side * cell + 1.4, height: side * cell + 1.4, class: "edge" })
    const label = { x: middle, "text-anchor": "middle", "font-size": 13 }
    add(svg, "text", { ...label, y: 159 }, data.names[index])
    add(svg, "text", { ...label, y: 178, class: "quiet" }, `${side} × ${side}`)
  })
}

const number = value => value.toFixed(2).replace("-", "−")

function why(data, { row, column }) {
  const sum = offset => [0, 1, 2].reduce((all, i) => all + data.picture[row + i][column + offset], 0)
  const [left, right] = [sum(0), sum(2)]
  return `${number(left)} − ${number(right)} = ${number(left - right)}`
}

class Hero extends Board {
  update() {
    this.draw()
    this.move(FIRST, this.data.hint)
    this.root.dataset.heroPainted = ""
  }

  draw() {
    const { root, data } = this
    root.replaceChildren()
    const svg = add(root, "svg", { viewBox: "-3 -3 602 188", tabindex: 0, role: "application", "aria-label": data.meaning })
    draw(svg, data)
    const over = (x, y, side) => add(svg, "rect", { x, y, width: side, height: side, rx: 1.5, class: "window" })
    this.windows = [over(0, 0, 3 * CELL), over(0, 0, CELL)]
    over(PLACES.kernel[0], PLACES.kernel[1], 60)
    const note = make("p", "", root)
    note.setAttribute("aria-live", "polite")
    this.sum = make("b", "", note)
    this.hint = make("span", "", note)
    follow(svg, event => this.under(svg, event), at => at && this.move(at))
    svg.onkeydown = event => this.key(event)
  }

  move({ row, column }, hint = "") {
    const last = this.data.found.length - 1
    this.at = { row: clamp(row, 0, last), column: clamp(column, 0, last) }
    this.windows.forEach((rect, index) => {
      const [x, y] = index ? PLACES.found : PLACES.picture
      set(rect, { x: x + this.at.column * CELL, y: y + this.at.row * CELL })
    })
    this.sum.textContent = why(this.data, this.at)
    this.hint.textContent = hint && ` · ${hint}`
  }

  // Where the kernel is to stand, so that it is under the pointer.
  under(svg, event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse())
    const cells = ([x, y]) => [Math.floor((point.y - y) / CELL), Math.floor((point.x - x) / CELL)]
    const inside = ([row, column], side) => Math.min(row, column) >= 0 && Math.max(row, column) < side
    const [found, picture] = [cells(PLACES.found), cells(PLACES.picture)]
    if (inside(found, this.data.found.length)) return { row: found[0], column: found[1] }
    return inside(picture, this.data.picture.length) ? { row: picture[0] - 1, column: picture[1] - 1 } : undefined
  }

  key(event) {
    const step = MOVES[event.key]
    if (!step) return
    event.preventDefault()
    this.move({ row: this.at.row + step[0], column: this.at.column + step[1] })
  }
}

export default mount(Hero, ".hero")
