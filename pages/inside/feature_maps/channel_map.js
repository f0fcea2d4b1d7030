// One channel, large: its numbers under the pointer, and beside it what one of its units sees of
// the picture. A click or the arrow keys choose a unit, whose sum is then written out.

import { MOVES, mount } from "../../../explorer/ui/boards/board.js"
import { CanvasBoard, LEGEND, frame, numbers, penFor, spell } from "../../../explorer/ui/boards/canvas_board.js"
import { Ramp, largest } from "../../../explorer/ui/boards/colours.js"
import { NumberGrid } from "../../../explorer/ui/boards/number_grid.js"
import { clamp, fill, make, nameAll } from "../../../explorer/ui/boards/shared.js"

const MAP = 300, PICTURE = 224 // pixels of their longer sides, where there is room
const WRITTEN = 26 // pixels of a cell from which on its number stands in it
const PAUSE = 120 // ms after the last arrow key before Python hears of the choice

class Channel extends CanvasBoard {
  constructor(root) {
    super(root, SKELETON)
    this.grid = new NumberGrid(this.find(".map canvas"), { over: at => this.point(at), choose: at => this.choose(at, 0) })
    this.find(".map").addEventListener("keydown", event => this.key(event))
    this.resized(() => this.arrange())
  }

  update(before) {
    const { data } = this
    this.at = this.latest(data.at, this.at, before?.of !== data.of || before.channel !== data.channel)
    if (before?.values !== data.values) this.values = numbers(data.values)
    this.legend(data)
    this.find(".title").textContent = data.title
    this.find(".sum").replaceChildren(...data.sum.map(line => make("div", "", null, line)))
    nameAll(this.root, data.labels)
    this.find(".map").title = ""
    this.kernels()
    this.load(data.picture)
  }

  arrange() {
    const room = this.root.clientWidth
    if (!this.data || room < 60) return
    const { size, picture_size, low, high, signed, of, channel, at } = this.data
    const beside = room >= 440
    const share = beside ? Math.min(MAP, (room - 20) * 0.56) : Math.min(MAP, room)
    const seen = beside ? Math.min(PICTURE, room - 20 - share) : Math.min(PICTURE, room)
    const ramp = new Ramp(this.root, low, high, signed)
    this.pixel = fitted(picture_size, seen)
    this.find(".one").style.width = beside ? `${Math.max(share, 160)}px` : ""
    this.grid.show({
      values: this.values, size, cell: fitted(size, share), rgb: value => ramp.rgb(value), written: WRITTEN, most: largest([...this.values]),
    })
    this.draw()
    this.root.dataset.channelPainted = `${of} ${channel} ${at.join(".")}`
  }

  draw() {
    const frames = [[...this.at, 1, 1, { thick: this.grid.cell < 10 ? 1.5 : 3 }]]
    if (this.over) frames.unshift([...this.over, 1, 1, { color: "#333333", thick: 1.5 }])
    this.grid.draw(frames)
    this.find(".words").textContent = this.words(this.over ?? this.at, 6)
    this.find(".spoken").textContent = this.words(this.at, 4)
    this.drawPicture()
  }

  words([row, column], digits) {
    const value = this.values[row * this.data.size[1] + column]
    return fill(this.data.labels.value, { row: row + 1, column: column + 1, value: spell(value, digits) })
  }

  // -- the picture --------------------------------------------------------------------------------

  // Rows and columns that a unit sees: [first, last] each, counted from 0, cut at the border.
  field([y, x]) {
    const { at, axes, field, picture_size } = this.data
    if (y === at[0] && x === at[1] && field) return field
    if (!axes) return null
    return [[axes[0], y, 0], [axes[1], x, 1]].flatMap(([[start, size, jump], unit, side]) => {
      const first = start + unit * jump
      return [Math.floor(first), Math.ceil(first + size - 1)].map(end => clamp(end, 0, picture_size[side] - 1))
    })
  }

  drawPicture() {
    if (!this.sprite) return
    const [high, wide] = this.data.picture_size.map(n => n * this.pixel)
    const pen = penFor(this.find(".seen canvas"), wide, high)
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
    frame(pen, x + 1.5, y + 1.5, Math.max(w - 3, 1), Math.max(h - 3, 1))
    this.find(".sees").textContent = fill(labels.sees, {
      high: bottom - top + 1, wide: right - left + 1, top: top + 1, bottom: bottom + 1, left: left + 1, right: right + 1,
    })
  }

  // -- what stands around them --------------------------------------------------------------------

  kernels() {
    const { kernel } = this.data
    this.find(".kernel").hidden = !kernel
    if (!kernel) return
    this.find(".kernel b").textContent = kernel.title
    this.find(".kernel small").textContent = kernel.note
    const [high, wide] = kernel.size
    const zoom = clamp(Math.floor(Math.min(240 / wide, 84 / high)), 1, 16)
    const picture = Object.assign(this.find(".kernel img"), { src: kernel.png, alt: kernel.title })
    Object.assign(picture.style, { width: `${wide * zoom}px`, height: `${high * zoom}px` })
  }

  // -- choosing -----------------------------------------------------------------------------------

  point(over) {
    this.over = over
    if (this.grid.size) this.draw()
  }

  choose(at, pause) {
    this.trail.add(String(this.at))
    this.at = at
    this.point(undefined)
    this.tell("at", { of: this.data.of, at }, pause)
  }

  key(event) {
    const move = MOVES[event.key]
    if (!move || !this.grid.size) return
    event.preventDefault()
    const goal = this.at.map((n, side) => clamp(n + move[side], 0, this.data.size[side] - 1))
    if (String(goal) !== String(this.at)) this.choose(goal, PAUSE)
  }
}

// Pixels of a cell, so that the longer side takes `room`: whole ones, where there are few.
function fitted([high, wide], room) {
  const cell = room / Math.max(high, wide)
  return Math.min(cell > 2 ? Math.floor(cell) : cell, 72)
}

export default mount(Channel, ".maps-channel")

const SKELETON = `
<div class="title"></div><div class="sum"></div>
<div class="both">
  <div class="one"><div class="map" data-name="map" tabindex="0" role="listbox" aria-activedescendant="chosen-unit"><canvas></canvas>
    <span class="spoken" id="chosen-unit" role="option" aria-selected="true"></span></div>
    <div class="legend">${LEGEND}</div>
    <div class="words" aria-hidden="true"></div></div>
  <div class="seen"><canvas></canvas><div class="caption" data-word="picture"></div><div class="sees"></div>
    <div class="kernel" hidden><b></b><img><small></small></div></div>
</div>`
