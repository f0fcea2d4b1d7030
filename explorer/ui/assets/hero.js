// One convolution, drawn from its numbers. Data: picture, kernel, found, pooled (grids), names
// (four words), hint, meaning. The window follows the pointer and the arrow keys.

const CELL = 10 // one pixel of the picture, in the drawing's units
const SVG = "http://www.w3.org/2000/svg"
const NEGATIVE = [42, 120, 184] // as everywhere: blue below zero, white zero, orange above
const POSITIVE = [224, 118, 31]
const WHITE = 250
const PLACES = { picture: [0, 0, 10], kernel: [202, 40, 20], found: [324, 10, 10], pooled: [506, 28, 14] }
const SIGNS = [["⋆", 171], ["=", 293], ["→", 475]]
const FIRST = { row: 7, column: 2 }

const grey = value => `rgb(${Array(3).fill(Math.round(24 + 226 * value))})`

function signed(value, scale) {
  const end = value < 0 ? NEGATIVE : POSITIVE
  const share = Math.abs(value) / scale
  return `rgb(${end.map(part => Math.round(WHITE + (part - WHITE) * share))})`
}

function add(parent, tag, attributes, text = "") {
  const node = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value)
  node.textContent = text
  parent.append(node)
  return node
}

function grid(svg, rows, [x, y, cell], colour) {
  rows.forEach((row, i) =>
    row.forEach((value, j) =>
      add(svg, "rect", {
        x: x + j * cell, y: y + i * cell, width: cell - 0.6, height: cell - 0.6, fill: colour(value),
      })))
}

function draw(svg, data) {
  const scale = Math.max(...data.found.flat().map(Math.abs))
  grid(svg, data.picture, PLACES.picture, grey)
  grid(svg, data.kernel, PLACES.kernel, value => signed(value, 1))
  grid(svg, data.found, PLACES.found, value => signed(value, scale))
  grid(svg, data.pooled, PLACES.pooled, value => signed(value, scale))
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

function bring(root, data) {
  const figure = document.createElement("div")
  figure.className = "hero"
  const svg = add(figure, "svg", {
    viewBox: "-3 -3 602 188", tabindex: 0, role: "application", "aria-label": data.meaning,
  })
  const note = document.createElement("p")
  note.setAttribute("aria-live", "polite")
  const sum = document.createElement("b")
  note.append(sum, document.createTextNode(""))
  figure.append(note)
  draw(svg, data)
  const over = (x, y, side) => add(svg, "rect", { x, y, width: side, height: side, rx: 1.5, class: "window" })
  const windows = [over(0, 0, 3 * CELL), over(0, 0, CELL)]
  over(PLACES.kernel[0], PLACES.kernel[1], 60)

  const last = data.found.length - 1
  let at = { ...FIRST }
  const move = (row, column, hint = "") => {
    const inside = value => Math.min(last, Math.max(0, value))
    at = { row: inside(row), column: inside(column) }
    windows.forEach((rect, index) => {
      const [x, y] = index ? PLACES.found : PLACES.picture
      rect.setAttribute("x", x + at.column * CELL)
      rect.setAttribute("y", y + at.row * CELL)
    })
    sum.textContent = why(data, at)
    note.lastChild.textContent = hint && ` · ${hint}`
  }

  svg.onpointermove = event => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse())
    const cells = ([x, y]) => [Math.floor((point.y - y) / CELL), Math.floor((point.x - x) / CELL)]
    const [row, column] = cells(PLACES.found)
    if (Math.min(row, column) >= 0 && Math.max(row, column) <= last) return move(row, column)
    const [high, wide] = cells(PLACES.picture)
    if (Math.min(high, wide) >= 0 && Math.max(high, wide) < data.picture.length) move(high - 1, wide - 1)
  }
  svg.onkeydown = event => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key]
    if (!step) return
    event.preventDefault()
    move(at.row + step[0], at.column + step[1])
  }
  move(at.row, at.column, data.hint)
  root.replaceChildren(figure)
}

const shown = new WeakMap() // parent element → the data that it shows

export default function ({ parentElement, data }) {
  const asked = JSON.stringify(data)
  if (shown.get(parentElement) === asked) return
  shown.set(parentElement, asked)
  let root = parentElement.querySelector(".hero-root")
  if (!root) {
    root = document.createElement("div")
    root.className = "hero-root"
    parentElement.append(root)
  }
  bring(root, data)
}
