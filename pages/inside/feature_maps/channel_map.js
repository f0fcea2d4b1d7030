// One channel, large: its numbers under the pointer, and beside it what one of its units sees of
// the picture. A click or the arrow keys choose a unit, whose sum is then written out.

import * as shared from "../../../explorer/ui/boards/shared.js"
import * as paint from "../../../explorer/ui/boards/maps_paint.js"
const { clamp, fill, mount, name } = shared

const MAP = 300, PICTURE = 224 // pixels of their longer sides, where there is room
const WRITTEN = 26 // pixels of a cell from which on its number stands in it

class Channel {
  constructor(root) {
    this.root = root
    this.root.innerHTML = SKELETON
    this.map = this.find(".map canvas")
    this.picture = this.find(".seen canvas")
    this.later = new paint.Later(at => this.component.setStateValue("at", { of: this.data.of, at }))
    this.watch = new ResizeObserver(() => this.arrange())
    this.watch.observe(this.root)
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
    const text = JSON.stringify(data)
    if (text === this.text) return
    this.text = text
    const before = this.data
    this.data = data
    this.at = data.at
    if (before?.values !== data.values) this.values = paint.numbers(data.values)
    this.ramp = new paint.Ramp(this.root, data.low, data.high, data.signed)
    this.legend()
    this.kernels()
    if (before?.picture === data.picture && this.sprite) return this.arrange()
    paint.loaded(data.picture).then(sprite => {
      if (this.data.picture !== data.picture) return
      this.sprite = sprite
      this.arrange()
    })
  }

  // -- layout -------------------------------------------------------------------------------------

  arrange() {
    const room = this.root.clientWidth
    if (!this.data || room < 60) return
    const beside = room >= 440
    const share = beside ? Math.min(MAP, (room - 20) * 0.56) : Math.min(MAP, room)
    const seen = beside ? Math.min(PICTURE, room - 20 - share) : Math.min(PICTURE, room)
    this.cell = fitted(this.data.size, share)
    this.pixel = fitted(this.data.picture_size, seen)
    this.find(".one").style.width = beside ? `${Math.max(share, 160)}px` : ""
    this.drawMap()
    this.drawPicture()
    this.root.dataset.channelPainted = `${this.data.of} ${this.data.channel} ${this.data.at.join(".")}`
  }

  // -- the map ------------------------------------------------------------------------------------

  value([y, x]) {
    return this.values[y * this.data.size[1] + x]
  }

  // Its cells as one small picture, drawn once for each set of numbers.
  cells() {
    if (this.drawn?.values === this.values && this.drawn.key === this.text) return this.drawn.sheet
    const [high, wide] = this.data.size
    const sheet = Object.assign(document.createElement("canvas"), { width: wide, height: high })
    const pen = sheet.getContext("2d")
    const bytes = pen.createImageData(wide, high)
    this.values.forEach((value, n) => bytes.data.set([...this.ramp.rgb(value), 255], 4 * n))
    pen.putImageData(bytes, 0, 0)
    this.drawn = { values: this.values, key: this.text, sheet }
    return sheet
  }

  drawMap() {
    const [high, wide] = this.data.size.map(n => n * this.cell)
    const pen = paint.penFor(this.map, wide, high)
    pen.drawImage(this.cells(), 0, 0, wide, high)
    if (this.cell >= WRITTEN) this.write(pen)
    const box = ([y, x], options) => {
      const least = Math.max(this.cell, 5) // a cell of one pixel would not be seen
      const inset = 1.5
      paint.frame(pen, x * this.cell + inset, y * this.cell + inset, least - 2 * inset, least - 2 * inset, options)
    }
    if (this.over) box(this.over, { color: "#333333", thick: 1.5 })
    box(this.at, { thick: this.cell < 10 ? 1.5 : 3 })
    this.say()
  }

  write(pen) {
    const [, wide] = this.data.size
    pen.textAlign = "center"
    pen.textBaseline = "middle"
    pen.font = `${Math.min(14, this.cell * 0.32)}px ${getComputedStyle(this.root).fontFamily}`
    const most = this.values.reduce((found, value) => Math.max(found, Math.abs(value)), 0)
    this.values.forEach((value, n) => {
      pen.fillStyle = paint.ink(this.ramp.rgb(value))
      const [x, y] = [((n % wide) + 0.5) * this.cell, (Math.floor(n / wide) + 0.5) * this.cell]
      paint.fitted(pen, paint.cellText(value, most), x, y, this.cell - 3)
    })
  }

  say() {
    const { labels } = this.data
    const [y, x] = this.over ?? this.at
    const told = fill(labels.value, { row: y + 1, column: x + 1, value: paint.spell(this.value([y, x]), 6) })
    this.find(".words").textContent = told
    this.find(".spoken").textContent = fill(labels.value, {
      row: this.at[0] + 1, column: this.at[1] + 1, value: paint.spell(this.value(this.at), 4),
    })
  }

  // -- the picture --------------------------------------------------------------------------------

  // Rows and columns that a unit sees: [first, last] each, counted from 0, cut at the border.
  field([y, x]) {
    const { at, axes, field, picture_size } = this.data
    if (y === at[0] && x === at[1] && field) return field
    if (!axes) return null
    return [[axes[0], y, 0], [axes[1], x, 1]].flatMap(([[start, size, jump], unit, side]) => {
      const first = start + unit * jump
      return [clamp(Math.floor(first), 0, picture_size[side] - 1), clamp(Math.ceil(first + size - 1), 0, picture_size[side] - 1)]
    })
  }

  drawPicture() {
    if (!this.sprite) return
    const [high, wide] = this.data.picture_size.map(n => n * this.pixel)
    const pen = paint.penFor(this.picture, wide, high)
    pen.imageSmoothingEnabled = this.pixel < 1
    pen.drawImage(this.sprite, 0, 0, wide, high)
    const field = this.field(this.over ?? this.at)
    const { labels } = this.data
    if (!field) return void (this.find(".sees").textContent = labels.no_field)
    const [top, bottom, left, right] = field
    const [x, y] = [left * this.pixel, top * this.pixel]
    const [w, h] = [(right - left + 1) * this.pixel, (bottom - top + 1) * this.pixel]
    pen.fillStyle = "rgb(0 0 0 / 0.45)"
    pen.beginPath()
    pen.rect(0, 0, wide, high)
    pen.rect(x, y, w, h)
    pen.fill("evenodd")
    paint.frame(pen, x + 1.5, y + 1.5, Math.max(w - 3, 1), Math.max(h - 3, 1))
    this.find(".sees").textContent = fill(labels.sees, {
      high: bottom - top + 1, wide: right - left + 1, top: top + 1, bottom: bottom + 1, left: left + 1, right: right + 1,
    })
  }

  // -- what stands around them --------------------------------------------------------------------

  legend() {
    const { low, high, signed, title, labels, range } = this.data
    const ramp = new paint.Ramp(this.root, low, high, signed)
    this.find(".bar").style.background = ramp.bar()
    this.find(".low").textContent = paint.spell(low, 3)
    this.find(".high").textContent = paint.spell(high, 3)
    this.find(".range").textContent = range
    this.find(".title").textContent = title
    this.find(".seen .caption").textContent = labels.picture
    name(this.find(".map"), labels.map)
    this.find(".map").title = ""
  }

  kernels() {
    const { kernel } = this.data
    this.find(".kernel").hidden = !kernel
    if (!kernel) return
    this.find(".kernel b").textContent = kernel.title
    this.find(".kernel small").textContent = kernel.note
    const picture = this.find(".kernel img")
    picture.src = kernel.png
    picture.alt = kernel.title
    const [high, wide] = kernel.size
    const zoom = clamp(Math.floor(Math.min(240 / wide, 84 / high)), 1, 16)
    Object.assign(picture.style, { width: `${wide * zoom}px`, height: `${high * zoom}px` })
  }

  // -- choosing -----------------------------------------------------------------------------------

  under(event) {
    const [x, y] = paint.placeOn(this.map, event)
    const [high, wide] = this.data.size
    return [clamp(Math.floor(y / this.cell), 0, high - 1), clamp(Math.floor(x / this.cell), 0, wide - 1)]
  }

  point(over) {
    if (String(over) === String(this.over)) return
    this.over = over
    this.drawMap()
    this.drawPicture()
  }

  choose(at, when) {
    this.at = at
    this.over = undefined
    this.drawMap()
    this.drawPicture()
    this.later[when](at)
  }

  listen() {
    this.map.addEventListener("pointermove", event => this.cell && this.point(this.under(event)))
    this.map.addEventListener("pointerleave", () => this.cell && this.point(undefined))
    this.map.addEventListener("click", event => this.cell && this.choose(this.under(event), "now"))
    this.find(".map").addEventListener("keydown", event => {
      const move = paint.MOVES[event.key]
      if (!move || !this.cell) return
      event.preventDefault()
      const goal = this.at.map((n, side) => clamp(n + move[side], 0, this.data.size[side] - 1))
      if (String(goal) !== String(this.at)) this.choose(goal, "soon")
    })
  }
}

// Pixels of a cell, so that the longer side takes `room`: whole ones, where there are few.
function fitted([high, wide], room) {
  const cell = room / Math.max(high, wide)
  return Math.min(cell > 2 ? Math.floor(cell) : cell, 72)
}

export default mount(Channel, ".maps-channel")

const SKELETON = `
<div class="title"></div>
<div class="both">
  <div class="one"><div class="map" tabindex="0" role="listbox" aria-activedescendant="chosen-unit"><canvas></canvas>
    <span class="spoken" id="chosen-unit" role="option" aria-selected="true"></span></div>
    <div class="legend"><span class="low"></span><i class="bar"></i><span class="high"></span><span class="range"></span></div>
    <div class="words" aria-hidden="true"></div></div>
  <div class="seen"><canvas></canvas><div class="caption"></div><div class="sees"></div>
    <div class="kernel" hidden><b></b><img><small></small></div></div>
</div>`
