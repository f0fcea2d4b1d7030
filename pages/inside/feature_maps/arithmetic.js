// One number's arithmetic: for each input channel the patch, the kernel, their products and the sum,
// then the bias and what comes after. Numbers with a dotted line lead to where they come from.

import { Board, mount } from "../../../explorer/ui/boards/board.js"
import { numbers, spell } from "../../../explorer/ui/boards/canvas_board.js"
import { Ramp } from "../../../explorer/ui/boards/colours.js"
import { NumberGrid } from "../../../explorer/ui/boards/number_grid.js"
import { clamp, escape, fill, make } from "../../../explorer/ui/boards/shared.js"

const AT_FIRST = 6, MORE = 8 // cards
const GRID = 126 // pixels of a grid's longer side
const WRITTEN = 22 // of a cell from which on its number stands in it

class Sum extends Board {
  constructor(root) {
    super(root, SKELETON)
    root.addEventListener("click", event => {
      const goal = event.target.closest("[data-go]")?.dataset.go
      if (goal) this.tell("go", { of: this.data.of, to: JSON.parse(goal) }, 0)
      if (event.target.closest(".more")) this.more()
    })
  }

  update() {
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
    for (const part of ["patches", "kernels", "subtotals"]) this[part] = numbers(weighted[part])
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
    const { size, inside } = weighted
    const sign = text => make("span", "sign", row, text)
    const grids = [this.grid(row, { size, inside, values: patch, most: mostPatch, signed: weighted.signed, caption: labels.patch })]
    sign("·")
    grids.push(this.grid(row, { size, values: kernel, most: mostKernel, signed: true, caption: labels.kernel }))
    sign("=")
    grids.push(this.grid(row, { size, inside, values: products, most: mostProduct, signed: true, caption: labels.products }))
    sign("Σ")
    make("b", "sum", row, spell(this.subtotals[n]))
    const words = make("div", "cell", card, "\u00a0")
    this.hover(grids, weighted, words, at => fill(weighted.inside[at] ? labels.cell : labels.padding, {
      ...this.at(weighted, at), x: spell(patch[at]), w: signed(kernel[at]), product: spell(products[at]),
    }))
  }

  windowCard(window) {
    const { labels } = this.data
    const card = make("section", "card", this.find(".cards"))
    make("div", "title", card, fill(labels.window, { name: window.name, n: window.channel + 1 }))
    const row = make("div", "row", card)
    const values = numbers(window.patch)
    const grid = this.grid(row, { ...window, values, room: 210 })
    const words = make("div", "cell", card, "\u00a0")
    this.hover([grid], window, words, at => fill(window.inside[at] ? labels.reads : labels.padding, { ...this.at(window, at), x: spell(values[at]) }))
  }

  at({ rows, columns, size }, at) {
    return { row: rows[Math.floor(at / size[1])] + 1, column: columns[at % size[1]] + 1 }
  }

  // -- grids --------------------------------------------------------------------------------------

  grid(parent, { caption = "", room, size, values, most, signed, inside, winner }) {
    const figure = make("figure", "grid", parent)
    const grid = new NumberGrid(make("canvas", "", figure), { over: at => grid.light(at) })
    if (caption) make("figcaption", "", figure, caption)
    const cell = clamp((room ?? this.share(size)) / Math.max(...size), 1, 46)
    const ramp = Ramp.upTo(most, this.root, signed)
    grid.show({ values, size, cell: cell > 3 ? Math.floor(cell) : cell, rgb: value => ramp.rgb(value), written: WRITTEN, most, inside })
    grid.winner = winner ? [[...winner, 1, 1, { thick: 2.5 }]] : []
    grid.draw(grid.winner)
    return grid
  }

  // Pixels of a grid's longer side: three stand in a row, or two where that makes its numbers fit.
  share(size) {
    const [three, two] = [[100, 3], [50, 2]].map(([signs, n]) => Math.min(GRID, (this.root.clientWidth - signs) / n))
    const written = WRITTEN * Math.max(...size)
    return three < written && two >= written ? two : three
  }

  // The same cell in all `grids` of a card, and what it says.
  hover(grids, { size }, words, said) {
    for (const grid of grids)
      grid.light = at => {
        for (const each of grids) each.draw([...each.winner, ...(at ? [[...at, 1, 1, { color: "#333333", thick: 2.5 }]] : [])])
        words.textContent = at ? said(at[0] * size[1] + at[1]) : "\u00a0"
      }
  }
}

const signed = value => (value < 0 ? `(${spell(value)})` : spell(value))

export default mount(Sum, ".maps-sum")

const SKELETON = `
<div class="head"></div><div class="steps" aria-live="polite"></div>
<div class="cards"></div><div class="foot"><button type="button" class="more button" hidden></button><span class="note"></span></div><div class="check"></div>`
