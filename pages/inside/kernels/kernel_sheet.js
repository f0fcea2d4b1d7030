// Kernels side by side, each a block of slices. Python sends their numbers; here they are laid out
// as the room allows and coloured. The number under the pointer is told without asking anybody; a
// click or the arrow keys choose a kernel.

import { MOVES, mount, placeOn, saveButton } from "../../../explorer/ui/boards/board.js"
import { LEGEND, numbers, penFor, spell } from "../../../explorer/ui/boards/canvas_board.js"
import { NONE, Ramp } from "../../../explorer/ui/boards/colours.js"
import { write } from "../../../explorer/ui/boards/number_grid.js"
import { clamp, fill, make } from "../../../explorer/ui/boards/shared.js"
import { BOX, TileMosaic } from "../../../explorer/ui/boards/tile_mosaic.js"

const HIGH = 284 // pixels that the picture may take before it is scrolled
const MOST = 56 // of a cell, one number
const LEAST = 14 // of a kernel of one slice
const EDGE = 1 // around all, for the lines around kernels
const WRITTEN = 26 // from which on its number stands in it
const MANY = 200 // kernels that stand closer together
const BETWEEN = 7 // between two kernels of several slices
const CAPTION = 18

class Sheet extends TileMosaic {
  what = "kernel"

  constructor(root) {
    super(root, SKELETON)
    this.labels = make("div", "captions", this.box)
  }

  update(before) {
    const { order, labels, values, picks } = this.data
    if (before?.values !== values) this.values = numbers(values)
    this.over = undefined
    this.put(order)
    this.room = 0
    this.scale()
    this.title(labels.sheet)
    this.box.classList.toggle("picks", picks)
    this.box.role = picks ? "listbox" : "group"
    Object.assign(this.find(".spoken"), picks ? { role: "option", ariaSelected: "true" } : { role: "status", ariaSelected: null })
    this.arrange()
  }

  // Of kernels too many to be shown each, `rows` share a tile.
  get tiles() {
    const tile = this.chosen < 0 ? undefined : Math.floor(this.chosen / this.data.rows)
    return [tile, this.data.picks ? this.over?.kernel : undefined]
  }

  // -- how large, and where -------------------------------------------------------------------------

  arrange() {
    const room = this.box.clientWidth - 4 - 2 * EDGE
    if (!this.data || room < 40 || room === this.room) return
    this.room = room
    this.caption = this.data.captions.length ? CAPTION : 0
    const least = this.spaces()
    for (this.cell = MOST; this.cell >= least; this.cell--) {
      this.lay()
      if (this.tile[1] <= room && this.high <= HIGH) break
    }
    this.cell = Math.max(this.cell, least)
    this.lay()
    this.paint(this.canvas)
    this.captions()
    this.show()
  }

  painted() {
    this.root.dataset.sheetPainted = `${this.data.of} ${this.chosen}`
  }

  // The room between slices and between kernels; the least side of a cell, in pixels.
  spaces() {
    const { rgb, stack, shape: [count, slices, high, wide] } = this.data
    const [lone, block] = [count === 1, slices > 1 && !rgb]
    this.gap = high * wide === 1 || rgb ? 0 : !lone ? 1 : slices > 100 ? 3 : BETWEEN
    this.between = stack ? 0 : block ? BETWEEN : count > MANY ? 4 : 10
    if (high * wide === 1) return !stack ? 6 : 2 * slices <= this.room ? 2 : 1
    return block ? 2 : Math.max(2, Math.ceil(LEAST / Math.max(high, wide)))
  }

  lay() {
    const { rgb, stack, across, shape: [count, slices, high, wide] } = this.data
    this.slice = [high, wide].map(length => length * this.cell + this.gap)
    const fitting = Math.max(1, Math.floor((this.room + this.gap) / this.slice[1]))
    this.shown = rgb ? 1 : slices
    this.across = rgb ? 1 : across || clamp(fitting, 1, this.shown)
    this.tile = [Math.ceil(this.shown / this.across), this.across].map((n, axis) => n * this.slice[axis] - this.gap)
    const wanted = Math.max(this.tile[1], this.caption ? 74 : 0)
    this.step = [this.tile[0] + this.caption + this.between, wanted + this.between]
    this.columns = stack ? 1 : clamp(Math.floor((this.room + this.between) / this.step[1]), 1, count)
    this.high = Math.ceil(count / this.columns) * this.step[0] - this.between + 2 * EDGE
    this.wide = this.columns * this.step[1] - this.between + 2 * EDGE
  }

  origin(place) {
    return [Math.floor(place / this.columns), place % this.columns].map((n, axis) => EDGE + n * this.step[axis])
  }

  // The corners of every slice: [kernel, slice, y, x].
  *slices() {
    for (const [place, kernel] of this.order.entries()) {
      const [top, left] = this.origin(place)
      for (let slice = 0; slice < this.shown; slice++)
        yield [kernel, slice, top + Math.floor(slice / this.across) * this.slice[0], left + (slice % this.across) * this.slice[1]]
    }
  }

  // Calls `tell` for every number that has a square: which it is, and the pixels of its corner.
  each(tell) {
    const [, , high, wide] = this.data.shape
    for (const [kernel, slice, y, x] of this.slices())
      for (let row = 0; row < high; row++)
        for (let column = 0; column < wide; column++)
          tell(kernel, (slice * high + row) * wide + column, y + row * this.cell, x + column * this.cell)
  }

  // -- drawing --------------------------------------------------------------------------------------

  get size() {
    const [, slices, high, wide] = this.data.shape
    return slices * high * wide
  }

  most(kernel) {
    const { most } = this.data
    return most[most.length > 1 ? kernel : 0]
  }

  paint(canvas, ground) {
    const pen = penFor(canvas, this.wide, this.high, ground)
    pen.drawImage(this.cells(), 0, 0, this.wide, this.high)
    if (this.cell >= WRITTEN && !this.data.rgb) this.write(pen)
    this.edges(pen)
  }

  // Every number as a square of its colour, one pixel of the page each.
  cells() {
    const sheet = Object.assign(document.createElement("canvas"), { width: this.wide, height: this.high })
    const pen = sheet.getContext("2d")
    const image = pen.createImageData(this.wide, this.high)
    const pixels = new Uint32Array(image.data.buffer)
    const color = this.data.rgb ? this.mixed() : this.mapped()
    this.each((kernel, at, y, x) => {
      const paint = color(kernel, at)
      for (let line = y; line < y + this.cell; line++) pixels.fill(paint, line * this.wide + x, line * this.wide + x + this.cell)
    })
    pen.putImageData(image, 0, 0)
    return sheet
  }

  mapped() {
    const { signed } = this.data
    const ramp = Ramp.upTo(1, this.root, signed)
    const table = Uint32Array.from({ length: 256 }, (_, n) => packed(ramp.rgb(signed ? (2 * n) / 254 - 1 : n / 254)))
    const none = packed(NONE)
    return (kernel, at) => {
      const value = this.values[kernel * this.size + at]
      const most = this.most(kernel)
      const share = most > 0 ? value / most : 0
      return Number.isFinite(value) ? table[Math.round(clamp(signed ? (share + 1) / 2 : share, 0, 1) * 254)] : none
    }
  }

  // Red, green and blue are the weights for those channels: grey is 0.
  mixed() {
    const [, , high, wide] = this.data.shape
    return (kernel, at) => {
      const most = this.most(kernel) || 1
      const parts = [0, 1, 2].map(n => this.values[kernel * this.size + n * high * wide + at] / most)
      return packed(parts.map(part => clamp(Math.round(127.5 * (1 + part)), 0, 255)))
    }
  }

  write(pen) {
    const ramp = Ramp.upTo(1, this.root, this.data.signed)
    const [values, corners, kernels] = [[], [], []]
    this.each((kernel, at, y, x) => {
      values.push(this.values[kernel * this.size + at])
      corners.push([x, y])
      kernels.push(kernel)
    })
    const most = n => this.most(kernels[n])
    write(pen, { canvas: this.canvas, cell: this.cell, values, most, place: n => corners[n], rgb: (value, n) => ramp.rgb(value / (most(n) || 1)) })
  }

  // A line around each slice: many a weight is as white as the page.
  edges(pen) {
    const [, , rows, columns] = this.data.shape
    if (rows * columns === 1) return
    pen.strokeStyle = "rgb(138 143 152 / 0.65)"
    pen.lineWidth = 1
    for (const [, , y, x] of this.slices()) pen.strokeRect(x - 0.5, y - 0.5, columns * this.cell + 1, rows * this.cell + 1)
  }

  captions() {
    this.labels.replaceChildren()
    this.data.captions.forEach((text, n) => {
      const [top, left] = this.origin(n)
      const label = make("span", "", this.labels, text)
      Object.assign(label.style, { top: `${top + this.tile[0]}px`, left: `${left}px`, width: `${this.step[1] - this.between}px` })
    })
  }

  scale() {
    const { most, signed, rgb, title, range, note, labels } = this.data
    const high = most.length === 1 ? spell(most[0], 3) : labels.most
    const low = !signed ? "0" : most.length === 1 ? spell(-most[0], 3) : "−"
    this.legend({ low: 0, high: 1, signed, range, ends: rgb ? [fill(labels.full, { value: high }), ""] : [low, high] })
    this.find(".bar").hidden = this.find(".high").hidden = rgb
    this.find(".title").textContent = title
    this.find(".note").textContent = note
  }

  // -- words ----------------------------------------------------------------------------------------

  words({ kernel, slice, row, column }) {
    const { labels, rows, columns, first, reads, total, captions, rgb, shape: [, , high, wide] } = this.data
    const value = n => spell(this.values[kernel * this.size + (n * high + row) * wide + column], 4)
    const start = reads[reads.length > 1 ? kernel : 0]
    const place = {
      kernel: captions[kernel] ?? several(kernel + first, rows, total[0]), channel: several(slice, columns, total[1], start),
      row: row + 1, column: column + 1, value: value(slice),
    }
    return fill(labels.cell, rgb ? { ...place, red: value(0), green: value(1), blue: value(2) } : place)
  }

  say() {
    const words = this.find(".words")
    const { picks, labels } = this.data
    words.textContent = this.over ? this.words(this.over) : labels.rest
    words.classList.toggle("quiet", !this.over)
    this.find(".spoken").textContent = picks ? fill(labels.chosen, { kernel: this.chosen + 1 }) : words.textContent
  }

  // -- choosing -------------------------------------------------------------------------------------

  // The number under the pointer; where two kernels or slices meet, undefined.
  under(event) {
    const [x, y] = placeOn(this.canvas, event).map(length => length - EDGE)
    const [line, across] = [Math.floor(y / this.step[0]), Math.floor(x / this.step[1])]
    if (line < 0 || across < 0 || across >= this.columns) return undefined
    const kernel = this.order[line * this.columns + across]
    const [dy, dx] = [y - line * this.step[0], x - across * this.step[1]]
    if (kernel === undefined || dy >= this.tile[0] || dx >= this.tile[1]) return undefined
    const slice = Math.floor(dy / this.slice[0]) * this.across + Math.floor(dx / this.slice[1])
    const [row, column] = [Math.floor((dy % this.slice[0]) / this.cell), Math.floor((dx % this.slice[1]) / this.cell)]
    const [, , high, wide] = this.data.shape
    return slice < this.shown && row < high && column < wide ? { kernel, slice, row, column } : undefined
  }

  // A tile, by keys; or the number that was clicked.
  choose(found, pause) {
    if (found.kernel !== undefined) this.point(found)
    if (this.data.picks) super.choose((found.kernel ?? found) * this.data.rows, pause)
  }

  key(event) {
    if (this.data.picks) return super.key(event)
    if (!this.room || !MOVES[event.key]) return
    event.preventDefault()
    this.walk(MOVES[event.key])
  }

  // From one number to the next.
  walk([down, right]) {
    const [count, slices, high, wide] = this.data.shape
    const { kernel, slice, row, column } = this.over ?? { kernel: 0, slice: 0, row: 0, column: -right }
    const at = clamp(kernel * this.size + (slice * high + row + down) * wide + column + right, 0, count * this.size - 1)
    const within = Math.floor(at / wide)
    this.point({ kernel: Math.floor(at / this.size), slice: Math.floor(within / high) % slices, row: within % high, column: at % wide })
  }
}

const packed = ([red, green, blue]) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0

// "7", or "9–16" where one number stands for `each`; `start` of them come before the first.
function several(n, each, total, start = 0) {
  const first = start + n * each + 1
  return each === 1 ? String(first) : `${first}–${Math.min(first + each - 1, start + total)}`
}

export default mount(Sheet, ".kernels-sheet")

const SKELETON = `
<div class="title"></div>${BOX}
<div class="words" aria-hidden="true"></div>
<div class="legend">${LEGEND}${saveButton("png")}</div>
<div class="note"></div>`
