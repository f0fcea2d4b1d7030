// One number's arithmetic: for each input channel the patch, the kernel, their products and the sum,
// then the bias and what comes after. Numbers with a dotted line lead to where they come from.

import * as shared from "../../../explorer/ui/boards/shared.js"
import * as paint from "../../../explorer/ui/boards/maps_paint.js"
const { clamp, escape, fill, make, mount } = shared

const AT_FIRST = 6, MORE = 8 // cards
const GRID = 126 // pixels of a grid's longer side
const WRITTEN = 22 // of a cell from which on its number stands in it

class Sum {
  constructor(root) {
    this.root = root
    this.root.innerHTML = SKELETON
    this.root.addEventListener("click", event => {
      const goal = event.target.closest("[data-go]")?.dataset.go
      if (goal) this.component.setStateValue("go", { of: this.data.of, to: JSON.parse(goal) })
      if (event.target.closest(".more")) this.more()
    })
  }

  find(selector) {
    return this.root.querySelector(selector)
  }

  receive(component) {
    this.component = component
    const text = JSON.stringify(component.data)
    if (text === this.text) return
    this.text = text
    this.data = component.data
    const { head, steps, check, labels } = this.data
    this.find(".head").textContent = fill(labels.head, { place: head })
    this.find(".steps").innerHTML = steps.map(({ chosen, lines }) =>
      `<div class="step${chosen ? " chosen" : ""}">${lines.map(line => this.line(line)).join("")}</div>`).join("")
    this.find(".check").textContent = check
    this.cards()
    this.root.dataset.sumPainted = this.data.of
  }

  line(tokens) {
    const parts = tokens.map(([text, role, goal]) => goal
      ? `<button type="button" class="t-${role} go" data-go="${escape(JSON.stringify(goal))}" title="${escape(this.data.labels.go)}">${escape(text)}</button>`
      : `<span class="t-${role || "plain"}">${escape(text)}</span>`)
    return `<div class="line">${parts.join("")}</div>`
  }

  // -- the cards ----------------------------------------------------------------------------------

  cards() {
    const { weighted, window, labels } = this.data
    this.find(".cards").replaceChildren()
    this.shown = 0
    this.find(".note").textContent = ""
    this.find(".more").hidden = true
    this.find(".more").textContent = labels.more
    if (window) return this.windowCard(window)
    if (!weighted) return
    Object.assign(this, {
      patches: paint.numbers(weighted.patches), kernels: paint.numbers(weighted.kernels), subtotals: paint.numbers(weighted.subtotals),
    })
    if (weighted.channels.length < weighted.count)
      this.find(".note").textContent = fill(labels.strongest, { shown: weighted.channels.length, count: weighted.count })
    this.more(AT_FIRST)
  }

  more(count = MORE) {
    const { channels } = this.data.weighted
    const until = Math.min(this.shown + count, channels.length)
    for (; this.shown < until; this.shown++) this.channelCard(this.shown)
    this.find(".more").hidden = this.shown >= channels.length
  }

  channelCard(n) {
    const { weighted, labels } = this.data
    const [high, wide] = weighted.size
    const cells = high * wide
    const card = make("section", "card", this.find(".cards"))
    const title = make("button", "go title", card, fill(cells === 1 ? labels.unit : labels.channel, { n: weighted.channels[n] + 1, name: weighted.name }))
    title.type = "button"
    title.title = labels.go
    title.dataset.go = JSON.stringify(weighted.goals[n])
    const row = make("div", "row", card)
    const patch = this.patches.subarray(n * cells, (n + 1) * cells)
    const kernel = this.kernels.subarray(n * cells, (n + 1) * cells)
    const products = patch.map((value, at) => value * kernel[at])
    const [mostPatch, mostKernel, mostProduct] = weighted.most
    const shared_ = { size: weighted.size, inside: weighted.inside }
    const grids = [
      this.grid(row, { ...shared_, values: patch, most: mostPatch, signed: weighted.signed, caption: labels.patch }),
      (make("span", "sign", row, "·"), this.grid(row, { ...shared_, inside: null, values: kernel, most: mostKernel, signed: true, caption: labels.kernel })),
      (make("span", "sign", row, "="), this.grid(row, { ...shared_, values: products, most: mostProduct, signed: true, caption: labels.products })),
    ]
    make("span", "sign", row, "Σ")
    make("b", "sum", row, paint.spell(this.subtotals[n]))
    const words = make("div", "cell", card, "\u00a0")
    this.hover(grids, weighted, words, at => fill(weighted.inside[at] ? labels.cell : labels.padding, {
      ...this.told(weighted, at), x: paint.spell(patch[at]), w: signed(kernel[at]), product: paint.spell(products[at]),
    }))
  }

  windowCard(window) {
    const { labels } = this.data
    const card = make("section", "card", this.find(".cards"))
    make("div", "title", card, fill(labels.window, { name: window.name, n: window.channel + 1 }))
    const row = make("div", "row", card)
    const values = paint.numbers(window.patch)
    const grid = this.grid(row, { size: window.size, inside: window.inside, values, most: window.most, signed: window.signed, caption: "", room: 210, winner: window.winner })
    const words = make("div", "cell", card, "\u00a0")
    this.hover([grid], window, words, at => fill(window.inside[at] ? labels.reads : labels.padding, { ...this.told(window, at), x: paint.spell(values[at]) }))
  }

  told({ rows, columns, size }, at) {
    return { row: rows[Math.floor(at / size[1])] + 1, column: columns[at % size[1]] + 1 }
  }

  // -- grids --------------------------------------------------------------------------------------

  grid(parent, given) {
    const figure = make("figure", "grid", parent)
    const canvas = make("canvas", "", figure)
    if (given.caption) make("figcaption", "", figure, given.caption)
    const [high, wide] = given.size
    const room = Math.min(GRID, (this.root.clientWidth - 100) / 3) // three of them stand in a row
    const cell = clamp((given.room ?? room) / Math.max(high, wide), 1, 46)
    const ramp = new paint.Ramp(this.root, given.signed ? -given.most : 0, given.most, given.signed)
    const grid = { ...given, canvas, cell: cell > 3 ? Math.floor(cell) : cell, ramp }
    this.drawGrid(grid)
    return grid
  }

  drawGrid({ canvas, cell, ramp, values, size, inside, winner, most }, lit) {
    const [high, wide] = size
    const pen = paint.penFor(canvas, wide * cell, high * cell)
    pen.textAlign = "center"
    pen.textBaseline = "middle"
    pen.font = `${Math.min(14, cell * 0.38)}px ${getComputedStyle(this.root).fontFamily}`
    values.forEach((value, at) => {
      const [x, y] = [(at % wide) * cell, Math.floor(at / wide) * cell]
      const rgb = ramp.rgb(value)
      pen.fillStyle = `rgb(${rgb})`
      pen.fillRect(x, y, cell, cell)
      const there = !inside || inside[at] // padding has weights, and no numbers
      if (!there) this.hatch(pen, x, y, cell)
      if (cell < WRITTEN) return
      pen.fillStyle = there ? paint.ink(rgb) : "#000000"
      paint.fitted(pen, paint.cellText(value, most), x + cell / 2, y + cell / 2, cell - 3)
    })
    const edge = (at, color) => paint.frame(pen, (at % wide) * cell + 1.5, Math.floor(at / wide) * cell + 1.5, Math.max(cell - 3, 2), Math.max(cell - 3, 2), { color, thick: 2.5 })
    if (winner) edge(winner[0] * wide + winner[1], "#d55e00")
    if (lit !== undefined) edge(lit, "#333333")
  }

  // The padding: no number of the picture.
  hatch(pen, x, y, cell) {
    pen.fillStyle = "#e8ebef"
    pen.fillRect(x, y, cell, cell)
    pen.strokeStyle = "#9aa4b1"
    pen.lineWidth = 1
    pen.beginPath()
    pen.moveTo(x, y + cell)
    pen.lineTo(x + cell, y)
    pen.stroke()
  }

  hover(grids, { size }, words, told) {
    let lit
    const light = at => {
      if (at === lit) return
      lit = at
      for (const grid of grids) this.drawGrid(grid, at)
      words.textContent = at === undefined ? "\u00a0" : told(at)
    }
    for (const grid of grids) {
      grid.canvas.onpointermove = event => {
        const [x, y] = paint.placeOn(grid.canvas, event)
        light(clamp(Math.floor(y / grid.cell), 0, size[0] - 1) * size[1] + clamp(Math.floor(x / grid.cell), 0, size[1] - 1))
      }
      grid.canvas.onpointerleave = () => light(undefined)
    }
  }
}

const signed = value => (value < 0 ? `(${paint.spell(value)})` : paint.spell(value))

export default mount(Sum, ".maps-sum")

const SKELETON = `
<div class="head"></div><div class="steps" aria-live="polite"></div>
<div class="cards"></div><div class="foot"><button type="button" class="more" hidden></button><span class="note"></span></div><div class="check"></div>`
