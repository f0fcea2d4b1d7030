// What each channel answers to most, as one picture. Python sends all tiles as one PNG without gaps;
// here they are laid out as the room allows. A click or the arrow keys choose a channel.

import * as shared from "../../../explorer/ui/boards/shared.js"
import * as paint from "../../../explorer/ui/boards/maps_paint.js"
const { clamp, fill, mount, name } = shared

const GAP = 4
const HIGH = 336 // pixels that the picture may take before it is scrolled
const LEAST = 26, MOST = 110 // pixels of a tile's longer side

class Mosaic {
  constructor(root) {
    this.root = root
    this.root.innerHTML = SKELETON
    this.box = this.find(".box")
    this.canvas = this.find("canvas")
    this.later = new paint.Later(channel => this.component.setStateValue("at", { of: this.data.of, channel }))
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
    const text = JSON.stringify(data)
    if (text === this.text) return
    this.text = text
    const before = this.data
    this.data = data
    this.chosen = data.chosen
    this.values = paint.numbers(data.values)
    this.silent = new Set(data.silent)
    this.sort()
    this.find(".note").textContent = data.note
    name(this.box, data.labels.mosaic)
    this.box.title = ""
    if (before?.png === data.png && this.sprite) return this.arrange()
    const { png } = data
    paint.loaded(png).then(picture => {
      if (this.data.png !== png) return // the old picture stays until the new one is there
      this.sprite = picture
      this.drawn = data
      this.arrange()
    })
  }

  // -- in which order and how large ---------------------------------------------------------------

  sort() {
    this.order = Array.from({ length: this.data.count }, (_, n) => n)
    if (this.data.sort === "value") this.order.sort((a, b) => this.values[b] - this.values[a] || a - b)
    this.place = new Map(this.order.map((channel, n) => [channel, n]))
  }

  arrange() {
    if (!this.drawn || this.drawn.count !== this.data.count) return
    const room = this.box.clientWidth - 2
    if (room < 40) return
    const { count, tile: [high, wide] } = this.data
    const longer = Math.max(high, wide)
    let side = MOST
    for (; side > LEAST; side--) {
      const [h, w] = [(side * high) / longer, (side * wide) / longer]
      const columns = Math.floor((room - GAP) / (w + GAP))
      if (columns && Math.ceil(count / columns) * (h + GAP) + GAP <= HIGH) break
    }
    this.tile = [(side * high) / longer, (side * wide) / longer]
    this.columns = clamp(Math.floor((room - GAP) / (this.tile[1] + GAP)), 1, count)
    this.draw()
    this.see()
  }

  origin(place) {
    const [row, column] = [Math.floor(place / this.columns), place % this.columns]
    return [GAP + column * (this.tile[1] + GAP), GAP + row * (this.tile[0] + GAP)]
  }

  // -- drawing ------------------------------------------------------------------------------------

  draw() {
    const pen = this.tiles(this.canvas)
    const edge = (channel, color, thick) => {
      if (!this.place.has(channel)) return
      const [x, y] = this.origin(this.place.get(channel))
      paint.frame(pen, x, y, this.tile[1], this.tile[0], { color, thick })
    }
    if (this.over !== undefined && this.over !== this.chosen) edge(this.over, "#333333", 1.5)
    edge(this.chosen, "#d55e00", 3)
    this.find(".words").textContent = this.words(this.over ?? this.chosen)
    this.find(".spoken").textContent = this.words(this.chosen)
    this.root.dataset.excitesPainted = `${this.data.of} ${this.data.seen} ${this.chosen}`
  }

  tiles(canvas, ground = "") {
    const [h, w] = this.tile
    const rows = Math.ceil(this.data.count / this.columns)
    const [wide, high] = [GAP + this.columns * (w + GAP), GAP + rows * (h + GAP)]
    const pen = paint.penFor(canvas, wide, high)
    pen.fillStyle = ground
    if (ground) pen.fillRect(0, 0, wide, high)
    const { columns, tile: [sourceHigh, sourceWide] } = this.drawn
    this.order.forEach((channel, place) => {
      const [x, y] = this.origin(place)
      this.beyond(pen, x, y, w, h)
      pen.imageSmoothingEnabled = sourceWide > w
      pen.drawImage(this.sprite, (channel % columns) * sourceWide, Math.floor(channel / columns) * sourceHigh, sourceWide, sourceHigh, x, y, w, h)
      if (this.silent.has(channel)) this.strike(pen, x, y, w, h)
    })
    return pen
  }

  // Where a unit looks beyond the picture's edge, nothing is: hatched.
  beyond(pen, x, y, w, h) {
    pen.save()
    pen.beginPath()
    pen.rect(x, y, w, h)
    pen.clip()
    pen.fillStyle = css(paint.NONE)
    pen.fillRect(x, y, w, h)
    pen.strokeStyle = "rgba(60, 66, 74, 0.45)"
    pen.lineWidth = 1
    pen.beginPath()
    for (let at = -h; at < w; at += 6) {
      pen.moveTo(x + at, y + h)
      pen.lineTo(x + at + h, y)
    }
    pen.stroke()
    pen.restore()
  }

  strike(pen, x, y, w, h) {
    for (const [color, width] of [["#ffffff", 3.4], ["#d55e00", 1.8]]) {
      pen.strokeStyle = color
      pen.lineWidth = width
      pen.beginPath()
      pen.moveTo(x + 1, y + h - 1)
      pen.lineTo(x + w - 1, y + 1)
      pen.stroke()
    }
  }

  // The chosen tile into sight, within the box alone.
  see() {
    const [, y] = this.origin(this.place.get(this.chosen) ?? 0)
    const { scrollTop, clientHeight } = this.box
    if (y < scrollTop || y + this.tile[0] > scrollTop + clientHeight) this.box.scrollTop = y - clientHeight / 2
  }

  words(channel) {
    const { classes, count, labels, titles } = this.data
    const told = { number: channel + 1, count, value: paint.spell(this.values[channel], 3), title: titles[channel] }
    const class_ = classes.length ? `${classes[channel]} · ` : ""
    return class_ + fill(this.silent.has(channel) ? labels.silent : labels.channel, told)
  }

  // -- choosing -----------------------------------------------------------------------------------

  under(event) {
    const [x, y] = paint.placeOn(this.canvas, event)
    const [column, row] = [Math.floor((x - GAP / 2) / (this.tile[1] + GAP)), Math.floor((y - GAP / 2) / (this.tile[0] + GAP))]
    return column >= 0 && column < this.columns && row >= 0 ? this.order[row * this.columns + column] : undefined
  }

  choose(channel, when) {
    if (channel === undefined) return
    this.chosen = channel
    this.draw()
    this.see()
    this.later[when](channel)
  }

  listen() {
    this.canvas.addEventListener("pointermove", event => {
      const over = this.tile && this.under(event)
      if (over === this.over) return
      this.over = over
      this.draw()
    })
    this.canvas.addEventListener("pointerleave", () => {
      this.over = undefined
      if (this.tile) this.draw()
    })
    this.canvas.addEventListener("click", event => this.tile && this.choose(this.under(event), "now"))
    this.box.addEventListener("keydown", event => {
      const move = paint.MOVES[event.key]
      const goals = { Home: 0, End: this.data.count - 1 }
      if (!this.tile || !(move || event.key in goals)) return
      event.preventDefault()
      const place = this.place.get(this.chosen)
      const goal = move ? place + move[0] * this.columns + move[1] : goals[event.key]
      if (goal >= 0 && goal < this.data.count) this.choose(this.order[goal], "soon")
    })
  }

  // To take along, on the page's ground, without what is chosen.
  picture() {
    const canvas = document.createElement("canvas")
    this.tiles(canvas, getComputedStyle(this.root).getPropertyValue("--st-background-color").trim() || "#ffffff")
    return { canvas, file: this.data.file }
  }
}

const css = rgb => `rgb(${rgb.join(",")})`

export default mount(Mosaic, ".excites-mosaic")

const SKELETON = `
<div class="box" tabindex="0" role="listbox" aria-activedescendant="chosen-patch"><canvas></canvas>
  <span class="spoken" id="chosen-patch" role="option" aria-selected="true"></span></div>
<div class="foot"><span><span class="words" aria-hidden="true"></span> <span class="note"></span></span>${shared.saveButton("png")}</div>`
