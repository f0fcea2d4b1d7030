// First kernels and a handful of predictions, drawn in place as they change.

import * as math from "./curves_math.js"

const GAP = 5 // pixels between kernels
const WHITE = [255, 255, 255]

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name in made) made[name] = value
    else made.setAttribute(name, value)
  }
  made.append(...children)
  return made
}

export function readColours(root) {
  const style = getComputedStyle(root)
  const list = (name, otherwise) => (style.getPropertyValue(name).trim() || otherwise).split(",").map(each => each.trim())
  const category = list("--st-chart-categorical-colors", "#0072b2,#d55e00,#009e73,#cc79a7,#c98600,#3797d3,#6a3d9a,#8c564b,#5f6b7a,#8f8300")
  const signed = list("--st-chart-diverging-colors", "#0b4f8a,#2a78b8,#62a4d6,#a3cbea,#e3eff8,#fcebdd,#f6be8f,#e98e4a,#c9641a,#8f3f07")
  const upward = list("--st-chart-sequential-colors", "#440154,#31688e,#35b779,#fde725")
  return { category, signed: signed.map(rgb), upward: upward.map(rgb), quiet: style.getPropertyValue("--st-gray-color").trim() || "#7d8794" }
}

export function rgb(colour) {
  const found = /^#(..)(..)(..)/.exec(colour)
  return found ? found.slice(1).map(each => parseInt(each, 16)) : colour.match(/[\d.]+/g).slice(0, 3).map(Number)
}

export function between(stops, share) {
  const at = Math.min(Math.max(share, 0), 1) * (stops.length - 1)
  const low = Math.min(Math.floor(at), stops.length - 2)
  return stops[low].map((part, i) => Math.round(part + (at - low) * (stops[low + 1][i] - part)))
}

// −1 … 1 → blue, white, orange: white at zero exactly.
function signedColour(stops, value) {
  const half = stops.length / 2
  const side = value < 0 ? [WHITE, ...stops.slice(0, half).reverse()] : [WHITE, ...stops.slice(half)]
  return between(side, Math.abs(value))
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
    this.canvas.onpointermove = event => this.point(event)
    this.canvas.onpointerleave = () => (this.read.textContent = this.about ?? "")
    this.watch = new ResizeObserver(() => this.wide !== this.host.clientWidth && this.draw())
    this.watch.observe(host)
  }

  leave() {
    this.watch.disconnect()
  }

  show(kernels, high = 210) {
    this.kernels = kernels
    this.high = high
    if (!kernels) {
      this.canvas.hidden = this.scale.hidden = true
      this.read.textContent = this.about = this.labels.no_kernels
      return
    }
    this.canvas.hidden = this.scale.hidden = false
    this.cells = Int8Array.from(atob(kernels.cells), letter => letter.charCodeAt(0))
    const [count, channels, height, width] = kernels.shape
    const words = { n: count, total: kernels.total, c: channels, h: height, w: width }
    this.about = math.fill(count < kernels.total ? this.labels.some_kernels : this.labels.all_kernels, words)
    this.read.textContent = this.about
    this.canvas.ariaLabel = `${this.labels.kernels}: ${this.about}`
    const [left, , right] = this.scale.children
    left.textContent = math.brief(-kernels.scale)
    right.textContent = math.brief(kernels.scale)
    this.scale.title = this.labels.kernel_colours
    this.draw()
  }

  // Columns such that the cells become as large as they can.
  layout() {
    const [count, channels, height, width] = this.kernels.shape
    const tiles = count * channels
    const ratio = Math.min(window.devicePixelRatio || 1, 2)
    const wide = (this.wide = this.host.clientWidth) * ratio
    const high = this.high * ratio
    let best = { size: 0 }
    for (let columns = channels; columns <= tiles; columns += channels) {
      const rows = Math.ceil(tiles / columns)
      const size = Math.floor(Math.min((wide - columns * GAP) / (columns * width), (high - rows * GAP) / (rows * height), 16 * ratio))
      if (size > best.size) best = { size, columns, rows }
    }
    return best.size ? { ...best, ratio } : { size: 1, columns: Math.max(1, Math.floor(wide / (width + GAP))), rows: 0, ratio }
  }

  draw() {
    if (!this.kernels || !this.host.clientWidth) return
    const { signed } = readColours(this.host)
    const [count, channels, height, width] = this.kernels.shape
    const { size, columns, ratio } = (this.grid = this.layout())
    const rows = Math.ceil((count * channels) / columns)
    const paint = this.canvas.getContext("2d")
    this.canvas.width = columns * (width * size + GAP)
    this.canvas.height = rows * (height * size + GAP)
    this.canvas.style.width = `${this.canvas.width / ratio}px`
    const colour = Array.from({ length: 255 }, (_, i) => `rgb(${signedColour(signed, (i - 127) / 127)})`)
    this.scale.style.setProperty("--signed", [-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1].map(at => `rgb(${signedColour(signed, at)})`).join(","))
    paint.strokeStyle = getComputedStyle(this.host).color
    paint.globalAlpha = 0.55
    for (let tile = 0; tile < count * channels; tile++) {
      const [x, y] = [(tile % columns) * (width * size + GAP), Math.floor(tile / columns) * (height * size + GAP)]
      paint.strokeRect(x + 0.5, y + 0.5, width * size + 1, height * size + 1)
    }
    paint.globalAlpha = 1
    this.cells.forEach((value, i) => {
      const tile = Math.floor(i / (height * width))
      const [row, column] = [Math.floor(i / width) % height, i % width]
      const x = (tile % columns) * (width * size + GAP) + column * size + 1
      const y = Math.floor(tile / columns) * (height * size + GAP) + row * size + 1
      paint.fillStyle = colour[value + 127]
      paint.fillRect(x, y, size, size)
    })
  }

  point(event) {
    const [count, channels, height, width] = this.kernels.shape
    const { size, columns, ratio } = this.grid
    const box = this.canvas.getBoundingClientRect()
    const [x, y] = [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio]
    const [tileX, tileY] = [Math.floor(x / (width * size + GAP)), Math.floor(y / (height * size + GAP))]
    const tile = tileY * columns + tileX
    const column = Math.min(width - 1, Math.floor((x - tileX * (width * size + GAP)) / size))
    const row = Math.min(height - 1, Math.floor((y - tileY * (height * size + GAP)) / size))
    if (tile >= count * channels || tileX >= columns) return
    const value = (this.cells[(tile * height + row) * width + column] / 127) * this.kernels.scale
    const words = { k: Math.floor(tile / channels), c: tile % channels, row, column, value: math.brief(value) }
    this.read.textContent = math.fill(channels > 1 ? this.labels.weight_of_channel : this.labels.weight, words)
  }
}

// -- predictions --------------------------------------------------------------------------------

// `items` are {label, png}; `answers` one per item: the likeliest classes as [class, probability].
export class Predictions {
  constructor(host, labels) {
    Object.assign(this, { host, labels })
    host.classList.add("predictions")
  }

  pictures(classes, items) {
    this.classes = classes
    this.items = items
    this.cards = items.map(item => {
      const picture = element("img", { src: item.png, alt: math.fill(this.labels.picture_of, { what: classes[item.label] }) })
      const says = element("b")
      const bars = element("div", { className: "bars" }, ...Array.from({ length: 3 }, () => element("span", {}, element("i"), element("em"), element("em"))))
      return element("figure", {}, picture, element("figcaption", {}, says, bars))
    })
    this.host.replaceChildren(...this.cards)
  }

  show(answers) {
    if (!this.cards || !answers) return
    this.cards.forEach((card, i) => {
      const best = answers[i]
      card.hidden = !best
      if (!best) return
      const right = best[0][0] === this.items[i].label
      card.dataset.right = right
      const says = card.querySelector("b")
      const truth = this.classes[this.items[i].label]
      says.textContent = right ? `✓ ${truth}` : `✗ ${math.fill(this.labels.not, { what: truth })}`
      says.title = math.fill(right ? this.labels.right : this.labels.wrong, { what: this.classes[this.items[i].label] })
      ;[...card.querySelectorAll(".bars span")].forEach((bar, rank) => {
        const [which, share] = best[rank] ?? [null, 0]
        bar.hidden = which === null
        if (which === null) return
        bar.classList.toggle("true", which === this.items[i].label)
        bar.firstChild.style.width = `${100 * share}%`
        bar.children[1].textContent = this.classes[which]
        bar.children[2].textContent = math.percent(share, 0)
      })
    })
  }
}
