// First kernels and a handful of predictions, drawn in place as they change.

import { follow, placeOn } from "../boards/board.js"
import { penFor, pixels } from "../boards/canvas_board.js"
import { Ramp } from "../boards/colours.js"
import { clamp, fill } from "../boards/shared.js"
import * as math from "./curves_math.js"

const GAP = 5 // pixels between kernels

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name in made) made[name] = value
    else made.setAttribute(name, value)
  }
  made.append(...children)
  return made
}

// The theme's colours for curves, and the one for what stands behind them.
export function readColours(root) {
  const style = getComputedStyle(root)
  const list = style.getPropertyValue("--st-chart-categorical-colors").trim() || "#0072b2,#d55e00,#009e73,#cc79a7,#c98600,#3797d3,#6a3d9a,#8c564b,#5f6b7a,#8f8300"
  return { category: list.split(",").map(each => each.trim()), quiet: style.getPropertyValue("--st-gray-color").trim() || "#7d8794" }
}

// -- kernels ------------------------------------------------------------------------------------

export class Kernels {
  constructor(host, labels) {
    Object.assign(this, { host, labels })
    host.classList.add("kernels")
    this.title = element("h3", {}, labels.kernels)
    this.canvas = element("canvas", { role: "img" })
    this.scale = element("div", { className: "scale" }, element("span"), element("i"), element("span"))
    this.read = element("p", { className: "quiet read" })
    host.replaceChildren(this.title, this.canvas, this.scale, this.read)
    this.canvas.hidden = this.scale.hidden = true
    this.pointer = follow(this.canvas, event => this.under(event), found => this.point(found))
    this.watch = new ResizeObserver(() => this.wide !== this.host.clientWidth && this.draw())
    this.watch.observe(host)
  }

  leave() {
    this.watch.disconnect()
  }

  // What is under the pointer stays told, with its new number. The colours end at `most`, the largest
  // weight of all epochs; while that is not known, at a round number above the largest so far.
  show(kernels, high = 210, most = 0) {
    if (String(kernels?.shape) !== String(this.kernels?.shape)) {
      this.pointer.forget()
      this.found = undefined
    }
    Object.assign(this, { kernels, high })
    this.canvas.hidden = this.scale.hidden = !kernels
    if (!kernels) return void (this.read.textContent = this.about = this.labels.no_kernels)
    this.cells = Int8Array.from(atob(kernels.cells), letter => letter.charCodeAt(0))
    this.most = Math.max(most || roundedUp(kernels.scale), kernels.scale, this.most ?? 0)
    const [count, channels, height, width] = kernels.shape
    const words = { n: count, total: kernels.total, c: channels, h: height, w: width }
    const sentence = fill(count < kernels.total ? this.labels.some_kernels : this.labels.all_kernels, words)
    this.about = most ? `${sentence} · ${this.labels.one_scale}` : sentence
    this.point(this.found)
    this.canvas.ariaLabel = `${this.labels.kernels}: ${this.about}`
    const [left, , right] = this.scale.children
    left.textContent = math.brief(-this.most)
    right.textContent = math.brief(this.most)
    this.scale.title = this.labels.kernel_colours
    this.draw()
  }

  // Columns such that the cells become as large as they can.
  layout() {
    const [count, channels, height, width] = this.kernels.shape
    const tiles = count * channels
    const wide = (this.wide = this.host.clientWidth)
    let best = { size: 0 }
    for (let columns = channels; columns <= tiles; columns += channels) {
      const rows = Math.ceil(tiles / columns)
      const size = Math.floor(Math.min((wide - columns * GAP) / (columns * width), (this.high - rows * GAP) / (rows * height), 16))
      if (size > best.size) best = { size, columns }
    }
    const { size, columns } = best.size ? best : { size: 1, columns: Math.max(1, Math.floor(wide / (width + GAP))) }
    return { tiles, size, columns, step: [height * size + GAP, width * size + GAP] }
  }

  draw() {
    if (!this.kernels || !this.host.clientWidth) return
    const [, , height, width] = this.kernels.shape
    const { tiles, size, columns, step } = (this.grid = this.layout())
    const ramp = Ramp.upTo((127 * this.most) / (this.kernels.scale || 1), this.host, true)
    const pen = penFor(this.canvas, columns * step[1], Math.ceil(tiles / columns) * step[0])
    this.scale.children[1].style.background = ramp.bar()
    pen.strokeStyle = getComputedStyle(this.host).color
    for (let tile = 0; tile < tiles; tile++) {
      const [x, y] = [(tile % columns) * step[1], Math.floor(tile / columns) * step[0]]
      const cells = this.cells.subarray(tile * height * width, (tile + 1) * height * width)
      pen.globalAlpha = 0.55
      pen.strokeRect(x + 0.5, y + 0.5, width * size + 1, height * size + 1)
      pen.globalAlpha = 1
      pen.drawImage(pixels(cells, width, height, value => [...ramp.rgb(value), 255]), x + 1, y + 1, width * size, height * size)
    }
  }

  // The weight under the pointer; between kernels, the one before.
  under(event) {
    if (!this.grid) return undefined
    const [, , height, width] = this.kernels.shape
    const { tiles, size, columns, step } = this.grid
    const [x, y] = placeOn(this.canvas, event)
    const [down, across] = [Math.floor(y / step[0]), Math.floor(x / step[1])]
    const tile = down * columns + across
    const cell = (at, place, length, most) => clamp(Math.floor((at - place * length) / size), 0, most - 1)
    return tile < tiles && across < columns ? [tile, cell(y, down, step[0], height), cell(x, across, step[1], width)] : undefined
  }

  point(found) {
    this.found = found
    if (!found) return void (this.read.textContent = this.about ?? "")
    const [, channels, height, width] = this.kernels.shape
    const [tile, row, column] = found
    const value = (this.cells[(tile * height + row) * width + column] / 127) * this.kernels.scale
    const words = { k: Math.floor(tile / channels), c: tile % channels, row, column, value: math.brief(value) }
    this.read.textContent = fill(channels > 1 ? this.labels.weight_of_channel : this.labels.weight, words)
  }
}

// 1, 2 or 5 times a power of ten.
function roundedUp(value) {
  const power = 10 ** Math.floor(Math.log10(value || 1))
  return power * [1, 2, 5, 10].find(step => step * power >= value)
}

// -- predictions --------------------------------------------------------------------------------

// `items` are {label, png}; `answers` one per item: the likeliest classes as [class, probability].
export class Predictions {
  constructor(host, labels) {
    Object.assign(this, { host, labels })
    host.classList.add("predictions")
  }

  pictures(classes, items) {
    Object.assign(this, { classes, items })
    const named = item => ({ src: item.png, alt: fill(this.labels.picture_of, { what: classes[item.label] }) })
    this.cards = items.map(item => element("figure", {}, element("img", named(item)), element("figcaption")))
    this.host.replaceChildren(...this.cards)
  }

  show(answers) {
    if (!this.cards || !answers) return
    const { classes, items, labels } = this
    this.cards.forEach((card, i) => {
      card.hidden = !answers[i]
      if (card.hidden) return
      const { label } = items[i]
      const what = classes[label]
      const answer = answers[i][0][0]
      const right = answer === label
      card.dataset.right = right
      const title = fill(right ? labels.right : labels.wrong, { what })
      const says = element("b", { title }, `${right ? "✓" : "✗"} ${classes[answer]}`)
      const is = element("span", { className: "quiet", title }, right ? "\u00a0" : fill(labels.is, { is: what }))
      const bar = ([which, share]) =>
        element("span", { className: which === label ? "true" : "" }, element("i", { style: `width:${100 * share}%` }), element("em", {}, classes[which]), element("em", {}, math.percent(share, 0)))
      card.lastChild.replaceChildren(says, is, element("div", { className: "bars" }, ...answers[i].slice(0, 3).map(bar)))
    })
  }
}
