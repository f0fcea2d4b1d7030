// Kernels side by side, each a block of slices. Python sends their numbers; here they are laid out
// as the room allows and coloured. The number under the pointer is told without asking anybody; a
// click or the arrow keys choose a kernel.

import * as shared from "../../../explorer/ui/boards/shared.js"
import * as paint from "../../../explorer/ui/boards/maps_paint.js"
const { clamp, fill, make, mount, name } = shared

const HIGH = 284 // pixels that the picture may take before it is scrolled
const MOST = 56 // of a cell, one number
const LEAST = 14 // of a kernel of one slice
const EDGE = 1 // around all, for the lines around kernels
const WRITTEN = 26 // from which on its number stands in it
const MANY = 200 // kernels that stand closer together
const BETWEEN = 7 // between two kernels of several slices
const CAPTION = 18

class Sheet {
  constructor(root) {
    this.root = root
    this.root.innerHTML = SKELETON
    this.box = this.find(".box")
    this.canvas = this.find("canvas")
    this.later = new paint.Later(kernel => this.component.setStateValue("at", { of: this.data.of, kernel }))
    this.watch = new ResizeObserver(() => this.arrange())
    this.watch.observe(this.box)
    this.listen()
  }

  find(selector) {
    return this.root.querySelector(selector)
  }

  leave() {
    this.later.stop()
    this.watch.disconnect()
  }

  receive(component) {
    this.component = component
    const { data } = component
    const text = JSON.stringify({ ...data, values: "", chosen: 0 })
    const same = text === this.text && data.values === this.data.values
    if (same && data.chosen === this.chosen) return
    this.text = text
    if (this.data?.values !== data.values) this.values = paint.numbers(data.values)
    this.data = data
    this.chosen = data.chosen
    if (same && this.room) return this.show()
    this.over = undefined
    this.place = new Map(data.order.map((kernel, place) => [kernel, place]))
    this.room = 0
    this.legend()
    this.arrange()
  }

  // -- how large, and where -------------------------------------------------------------------------

  arrange() {
    const room = this.box.clientWidth - 4 - 2 * EDGE
    if (!this.data || room < 40 || room === this.room) return
    this.room = room
    const [count, slices, high, wide] = this.data.shape
    const { stack } = this.data
    this.caption = this.data.captions.length ? CAPTION : 0
    const least = this.spaces(room, count, slices, high, wide)
    for (this.cell = MOST; this.cell >= least; this.cell--) {
      this.lay(room, slices, high, wide, count, stack)
      if (this.block[1] <= room && this.high <= HIGH) break
    }
    this.cell = Math.max(this.cell, least)
    this.lay(room, slices, high, wide, count, stack)
    this.draw()
    this.show()
  }

  // What is chosen, on a picture that stays.
  show() {
    this.mark()
    this.see()
    this.root.dataset.sheetPainted = `${this.data.of} ${this.chosen}`
  }

  // The room between slices and between kernels; the least side of a cell, in pixels.
  spaces(room, count, slices, high, wide) {
    const { rgb, stack } = this.data
    const [lone, block] = [count === 1, slices > 1 && !rgb]
    this.gap = high * wide === 1 || rgb ? 0 : !lone ? 1 : slices > 100 ? 3 : BETWEEN
    this.between = stack ? 0 : block ? BETWEEN : count > MANY ? 4 : 10
    if (high * wide === 1) return !stack ? 6 : 2 * slices <= room ? 2 : 1
    return block ? 2 : Math.max(2, Math.ceil(LEAST / Math.max(high, wide)))
  }

  lay(room, slices, high, wide, count, stack) {
    const tile = [high * this.cell + this.gap, wide * this.cell + this.gap]
    const fitting = Math.max(1, Math.floor((room + this.gap) / tile[1]))
    this.shown = this.data.rgb ? 1 : slices
    this.across = this.data.across || clamp(fitting, 1, this.shown)
    if (this.data.rgb) this.across = 1
    this.tile = tile
    this.block = [Math.ceil(this.shown / this.across) * tile[0] - this.gap, this.across * tile[1] - this.gap]
    const wanted = Math.max(this.block[1], this.caption ? 74 : 0)
    this.step = [this.block[0] + this.caption + this.between, wanted + this.between]
    this.columns = stack ? 1 : clamp(Math.floor((room + this.between) / this.step[1]), 1, count)
    this.lines = Math.ceil(count / this.columns)
    this.high = this.lines * this.step[0] - this.between + 2 * EDGE
    this.wide = this.columns * this.step[1] - this.between + 2 * EDGE
  }

  origin(place) {
    return [EDGE + Math.floor(place / this.columns) * this.step[0], EDGE + (place % this.columns) * this.step[1]]
  }

  // -- drawing --------------------------------------------------------------------------------------

  most(kernel) {
    const { most } = this.data
    return most[most.length > 1 ? kernel : 0]
  }

  draw() {
    const pen = paint.penFor(this.canvas, this.wide, this.high)
    pen.drawImage(this.cells(), 0, 0, this.wide, this.high)
    if (this.cell >= WRITTEN && !this.data.rgb) this.write(pen)
    this.edges(pen)
    this.captions()
  }

  // Every number as a square of its colour, one pixel of the page each.
  cells() {
    const sheet = Object.assign(document.createElement("canvas"), { width: this.wide, height: this.high })
    const pen = sheet.getContext("2d")
    const image = pen.createImageData(this.wide, this.high)
    const pixels = new Uint32Array(image.data.buffer)
    const color = this.data.rgb ? this.mixed() : this.mapped()
    this.each((kernel, slice, row, column, y, x) => {
      const [, , high, wide] = this.data.shape
      const paintOf = color(kernel, (slice * high + row) * wide + column)
      for (let line = y; line < y + this.cell; line++) pixels.fill(paintOf, line * this.wide + x, line * this.wide + x + this.cell)
    })
    pen.putImageData(image, 0, 0)
    return sheet
  }

  // Calls `tell` for every square: which number it is, and the pixels of its corner.
  each(tell) {
    const [, , high, wide] = this.data.shape
    this.data.order.forEach((kernel, place) => {
      const [top, left] = this.origin(place)
      for (let slice = 0; slice < this.shown; slice++) {
        const y = top + Math.floor(slice / this.across) * this.tile[0]
        const x = left + (slice % this.across) * this.tile[1]
        for (let row = 0; row < high; row++)
          for (let column = 0; column < wide; column++)
            tell(kernel, slice, row, column, y + row * this.cell, x + column * this.cell)
      }
    })
  }

  get size() {
    const [, slices, high, wide] = this.data.shape
    return slices * high * wide
  }

  mapped() {
    const { signed } = this.data
    const ramp = new paint.Ramp(this.root, signed ? -1 : 0, 1, signed)
    const table = Uint32Array.from({ length: 256 }, (_, n) => packed(ramp.rgb(signed ? (2 * n) / 254 - 1 : n / 254)))
    const none = packed(paint.NONE)
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
    const { signed } = this.data
    pen.textAlign = "center"
    pen.textBaseline = "middle"
    pen.font = `${Math.min(14, this.cell * 0.34)}px ${getComputedStyle(this.root).fontFamily}`
    const ramps = new Map()
    const [, , high, wide] = this.data.shape
    this.each((kernel, slice, row, column, y, x) => {
      const most = this.most(kernel)
      if (!ramps.has(most)) ramps.set(most, new paint.Ramp(this.root, signed ? -most : 0, most, signed))
      const value = this.values[kernel * this.size + (slice * high + row) * wide + column]
      pen.fillStyle = paint.ink(ramps.get(most).rgb(value))
      paint.fitted(pen, paint.cellText(value, most), x + this.cell / 2, y + this.cell / 2, this.cell - 3)
    })
  }

  // A line around each slice: many a weight is as white as the page.
  edges(pen) {
    const [, , rows, columns] = this.data.shape
    if (rows * columns === 1) return
    const [high, wide] = [rows * this.cell + 1, columns * this.cell + 1]
    pen.strokeStyle = "rgb(138 143 152 / 0.65)"
    pen.lineWidth = 1
    this.data.order.forEach((_kernel, place) => {
      const [top, left] = this.origin(place)
      for (let slice = 0; slice < this.shown; slice++) {
        const [y, x] = [top + Math.floor(slice / this.across) * this.tile[0], left + (slice % this.across) * this.tile[1]]
        pen.strokeRect(x - 0.5, y - 0.5, wide, high)
      }
    })
  }

  captions() {
    const place = this.find(".captions")
    place.replaceChildren()
    this.data.captions.forEach((text, n) => {
      const [top, left] = this.origin(n)
      const label = make("span", "", place, text)
      Object.assign(label.style, { top: `${top + this.block[0]}px`, left: `${left}px`, width: `${this.step[1] - this.between}px` })
    })
  }

  // The frames of what is chosen and what is under the pointer.
  mark() {
    const { rows } = this.data
    const place = this.place.get(Math.floor(this.chosen / rows))
    this.frame(".chosen", this.chosen < 0 || place === undefined ? null : [...this.origin(place), ...this.block])
    const over = this.over && this.data.picks ? this.place.get(this.over.kernel) : undefined
    this.frame(".over", over === undefined ? null : [...this.origin(over), ...this.block])
    this.say()
  }

  frame(selector, box) {
    const frame = this.find(selector)
    frame.hidden = !box
    if (!box) return
    const [top, left, high, wide] = box.map(length => `${length}px`)
    Object.assign(frame.style, { top, left, height: high, width: wide })
  }

  // The chosen kernel into sight, within the box alone.
  see() {
    const place = this.place.get(Math.floor(this.chosen / this.data.rows))
    if (place === undefined) return
    const [y] = this.origin(place)
    const { scrollTop, clientHeight } = this.box
    if (y < scrollTop || y + this.block[0] > scrollTop + clientHeight) this.box.scrollTop = y - clientHeight / 2
  }

  legend() {
    const { most, signed, rgb, title, range, note, labels } = this.data
    const ramp = new paint.Ramp(this.root, 0, 1, signed)
    const shared = most.length === 1
    this.find(".bar").style.background = ramp.bar()
    this.find(".bar").hidden = rgb
    this.find(".high").hidden = rgb
    this.find(".low").textContent = rgb ? fill(labels.full, { value: shared ? paint.spell(most[0], 3) : labels.most }) : signed ? (shared ? paint.spell(-most[0], 3) : "−") : "0"
    this.find(".high").textContent = rgb ? "" : shared ? paint.spell(most[0], 3) : labels.most
    this.find(".range").textContent = range
    this.find(".title").textContent = title
    this.find(".note").textContent = note
    name(this.box, labels.sheet)
    this.box.title = ""
    this.box.classList.toggle("picks", this.data.picks)
    this.box.role = this.data.picks ? "listbox" : "group"
  }

  // -- words ----------------------------------------------------------------------------------------

  words({ kernel, slice, row, column }) {
    const { labels, rows, columns, first, reads, total, captions } = this.data
    const [, , high, wide] = this.data.shape
    const value = n => paint.spell(this.values[kernel * this.size + (n * high + row) * wide + column], 4)
    const start = reads[reads.length > 1 ? kernel : 0]
    const told = {
      kernel: captions[kernel] ?? several(kernel + first, rows, total[0]), channel: several(slice, columns, total[1], start),
      row: row + 1, column: column + 1, value: value(slice),
    }
    if (this.data.rgb) Object.assign(told, { red: value(0), green: value(1), blue: value(2) })
    return fill(labels.cell, told)
  }

  say() {
    const words = this.find(".words")
    words.textContent = this.over ? this.words(this.over) : this.data.labels.rest
    words.classList.toggle("quiet", !this.over)
    const { picks, labels } = this.data
    this.find(".spoken").textContent = picks ? fill(labels.chosen, { kernel: this.chosen + 1 }) : words.textContent
  }

  // -- choosing -------------------------------------------------------------------------------------

  // The number under the pointer; where two kernels or slices meet, undefined.
  under(event) {
    const [x, y] = paint.placeOn(this.canvas, event).map(length => length - EDGE)
    const [line, across] = [Math.floor(y / this.step[0]), Math.floor(x / this.step[1])]
    if (line < 0 || across < 0 || across >= this.columns) return undefined
    const kernel = this.data.order[line * this.columns + across]
    const [dy, dx] = [y - line * this.step[0], x - across * this.step[1]]
    if (kernel === undefined || dy >= this.block[0] || dx >= this.block[1]) return undefined
    const slice = Math.floor(dy / this.tile[0]) * this.across + Math.floor(dx / this.tile[1])
    const [row, column] = [Math.floor((dy % this.tile[0]) / this.cell), Math.floor((dx % this.tile[1]) / this.cell)]
    const [, , high, wide] = this.data.shape
    return slice < this.shown && row < high && column < wide ? { kernel, slice, row, column } : undefined
  }

  point(over) {
    if (JSON.stringify(over) === JSON.stringify(this.over)) return
    this.over = over
    this.mark()
  }

  // From one number to the next, by the arrow keys.
  walk([down, right]) {
    const [count, slices, high, wide] = this.data.shape
    const { kernel, slice, row, column } = this.over ?? { kernel: 0, slice: 0, row: 0, column: -right }
    const at = clamp(kernel * this.size + (slice * high + row + down) * wide + column + right, 0, count * slices * high * wide - 1)
    const within = Math.floor(at / wide)
    this.point({ kernel: Math.floor(at / this.size), slice: Math.floor(within / high) % slices, row: within % high, column: at % wide })
  }

  choose(kernel, when) {
    this.chosen = kernel * this.data.rows
    this.mark()
    this.see()
    this.later[when](this.chosen)
  }

  listen() {
    this.canvas.addEventListener("pointermove", event => this.room && this.point(this.under(event)))
    this.canvas.addEventListener("pointerleave", () => this.room && this.point(undefined))
    this.canvas.addEventListener("click", event => {
      const at = this.room && this.under(event)
      if (at) this.point(at)
      if (at && this.data.picks) this.choose(at.kernel, "now")
    })
    this.box.addEventListener("keydown", event => {
      const move = paint.MOVES[event.key]
      const goals = { Home: 0, End: this.data.order.length - 1 }
      if (!this.room || !(move || event.key in goals)) return
      event.preventDefault()
      if (!this.data.picks) return move && this.walk(move)
      const place = this.place.get(Math.floor(this.chosen / this.data.rows)) ?? 0
      const goal = move ? place + move[0] * this.columns + move[1] : goals[event.key]
      if (goal >= 0 && goal < this.data.order.length) this.choose(this.data.order[goal], "soon")
    })
  }

  // The sheet to take along, on the page's ground, without frames.
  picture() {
    const canvas = document.createElement("canvas")
    const pen = paint.penFor(canvas, this.wide, this.high)
    pen.fillStyle = getComputedStyle(this.root).getPropertyValue("--st-background-color").trim() || "#ffffff"
    pen.fillRect(0, 0, this.wide, this.high)
    pen.drawImage(this.cells(), 0, 0, this.wide, this.high)
    if (this.cell >= WRITTEN && !this.data.rgb) this.write(pen)
    this.edges(pen)
    return { canvas, file: this.data.file }
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
<div class="title"></div>
<div class="box" tabindex="0" role="listbox" aria-activedescendant="chosen-kernel"><canvas></canvas><div class="captions"></div>
  <i class="over" hidden></i><i class="chosen" hidden></i>
  <span class="spoken" id="chosen-kernel" role="option" aria-selected="true"></span></div>
<div class="words" aria-hidden="true"></div>
<div class="legend"><span class="low"></span><i class="bar"></i><span class="high"></span><span class="range"></span>${shared.saveButton("png")}</div>
<div class="note"></div>`
