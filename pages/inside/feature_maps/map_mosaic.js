// Every channel of a layer as one picture. Python sends all maps as one PNG without gaps; here they
// are laid out as the room allows, in the order asked for. A click or the arrow keys choose one.

import * as shared from "../../../explorer/ui/boards/shared.js"
import * as paint from "../../../explorer/ui/boards/maps_paint.js"
const { clamp, fill, mount, name } = shared

const GAP = 3
const HIGH = 336 // pixels that the picture may take before it is scrolled
const LEAST = 20, MOST = 150 // pixels of a map's longer side
const LEAST_CELL = 7, MOST_CELL = 50 // of a lone number: a unit of a linear layer

class Mosaic {
  constructor(root) {
    this.root = root
    this.root.innerHTML = SKELETON
    this.box = this.find(".box")
    this.canvas = this.find("canvas")
    this.spoken = this.find(".spoken")
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
    if (before?.stats !== data.stats) this.stats = paint.numbers(data.stats)
    this.silent = new Set(data.silent)
    this.sort()
    this.legend()
    if (before?.png === data.png && this.sprite) return this.arrange()
    const png = data.png
    paint.loaded(png).then(picture => {
      if (this.data.png !== png) return
      this.sprite = picture
      this.arrange()
    })
  }

  // -- in which order and how large ---------------------------------------------------------------

  get count() {
    return this.data.count
  }

  stat(kind, channel) {
    return this.stats[["mean", "min", "max", "variance"].indexOf(kind) * this.count + channel]
  }

  sort() {
    const { sort } = this.data
    this.order = Array.from({ length: this.count }, (_, n) => n)
    if (sort !== "index") {
      const key = Array.from(this.order, channel => this.stat(sort, channel))
      this.order.sort((a, b) => key[b] - key[a] || a - b)
    }
    this.place = new Map(this.order.map((channel, n) => [channel, n]))
  }

  arrange() {
    if (!this.data || !this.sprite) return
    const room = this.box.clientWidth - 2
    if (room < 40) return
    const [high, wide] = this.data.tile
    const longer = Math.max(high, wide)
    const least = longer === 1 ? LEAST_CELL : LEAST
    const most = longer === 1 ? MOST_CELL : MOST
    let side = most
    for (; side > least; side--) {
      const [h, w] = [(side * high) / longer, (side * wide) / longer]
      const columns = Math.floor((room - GAP) / (w + GAP))
      if (columns && Math.ceil(this.count / columns) * (h + GAP) + GAP <= HIGH) break
    }
    this.tile = [(side * high) / longer, (side * wide) / longer]
    this.gap = side < 12 ? 1 : GAP
    this.columns = clamp(Math.floor((room - this.gap) / (this.tile[1] + this.gap)), 1, this.count)
    this.rows = Math.ceil(this.count / this.columns)
    this.draw()
    this.see()
  }

  origin(place) {
    const [row, column] = [Math.floor(place / this.columns), place % this.columns]
    return [this.gap + column * (this.tile[1] + this.gap), this.gap + row * (this.tile[0] + this.gap)]
  }

  // -- drawing ------------------------------------------------------------------------------------

  draw() {
    this.outline(this.tiles(this.canvas))
    this.say()
    this.root.dataset.mosaicPainted = `${this.data.of} ${this.chosen}`
  }

  // Every map in its place on `canvas`; the pen, to draw on.
  tiles(canvas, ground = "") {
    const [h, w] = this.tile
    const [wide, high] = [this.gap + this.columns * (w + this.gap), this.gap + this.rows * (h + this.gap)]
    const pen = paint.penFor(canvas, wide, high)
    pen.fillStyle = ground
    if (ground) pen.fillRect(0, 0, wide, high)
    const [sourceHigh, sourceWide] = this.data.tile
    const { columns } = this.data
    this.order.forEach((channel, place) => {
      const [x, y] = this.origin(place)
      pen.drawImage(this.sprite, (channel % columns) * sourceWide, Math.floor(channel / columns) * sourceHigh, sourceWide, sourceHigh, x, y, w, h)
      if (this.silent.has(channel)) this.cross(pen, x, y, w, h)
    })
    return pen
  }

  // Nothing but zeros: struck through, whatever the colours.
  cross(pen, x, y, w, h) {
    pen.strokeStyle = "#ffffff"
    pen.lineWidth = w < 12 ? 1 : 2.6
    const line = () => {
      pen.beginPath()
      pen.moveTo(x + 1, y + h - 1)
      pen.lineTo(x + w - 1, y + 1)
      pen.stroke()
    }
    line()
    if (w < 12) return
    pen.strokeStyle = "#d55e00"
    pen.lineWidth = 1.4
    line()
  }

  outline(pen) {
    const edge = (channel, color, thick) => {
      if (!this.place.has(channel)) return
      const [x, y] = this.origin(this.place.get(channel))
      paint.frame(pen, x, y, this.tile[1], this.tile[0], { color, thick })
    }
    const thick = this.tile[1] < 12 ? 1.5 : 3
    if (this.over !== undefined && this.over !== this.chosen) edge(this.over, "#333333", thick / 2)
    edge(this.chosen, "#d55e00", thick)
  }

  // The chosen map into sight, within the box alone.
  see() {
    const [, y] = this.origin(this.place.get(this.chosen) ?? 0)
    const { scrollTop, clientHeight } = this.box
    if (y < scrollTop || y + this.tile[0] > scrollTop + clientHeight) this.box.scrollTop = y - clientHeight / 2
  }

  legend() {
    const { low, high, signed, range, note, labels } = this.data
    const ramp = new paint.Ramp(this.root, low ?? 0, high ?? 1, signed)
    const below = Array.from({ length: this.count }, (_, n) => this.stat("min", n)).some(value => value < 0)
    const ends = low === null ? [signed ? "−" : below ? labels.least : "0", labels.most] : [paint.spell(low, 3), paint.spell(high, 3)]
    this.find(".bar").style.background = ramp.bar()
    this.find(".low").textContent = ends[0]
    this.find(".high").textContent = ends[1]
    this.find(".range").textContent = range
    this.find(".note").textContent = note
    name(this.box, labels.mosaic)
    this.box.title = ""
  }

  // -- words --------------------------------------------------------------------------------------

  words(channel) {
    const { labels, classes } = this.data
    const told = { number: channel + 1, count: this.count }
    for (const kind of ["mean", "min", "max", "variance"]) told[kind] = paint.spell(this.stat(kind, channel), 3)
    const class_ = classes.length ? `${classes[channel]} · ` : ""
    return class_ + fill(this.data.lone ? labels.number : labels.channel, told) + (this.silent.has(channel) ? ` · ${labels.silent}` : "")
  }

  say() {
    this.find(".words").textContent = this.words(this.over ?? this.chosen)
    this.spoken.textContent = this.words(this.chosen)
  }

  // -- choosing -----------------------------------------------------------------------------------

  under(event) {
    const [x, y] = paint.placeOn(this.canvas, event)
    const [column, row] = [Math.floor((x - this.gap / 2) / (this.tile[1] + this.gap)), Math.floor((y - this.gap / 2) / (this.tile[0] + this.gap))]
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
      const goals = { Home: 0, End: this.count - 1 }
      if (!this.tile || !(move || event.key in goals)) return
      event.preventDefault()
      const place = this.place.get(this.chosen)
      const goal = move ? place + move[0] * this.columns + move[1] : goals[event.key]
      if (goal >= 0 && goal < this.count) this.choose(this.order[goal], "soon")
    })
  }

  // The mosaic to take along, on the page's ground, without what is chosen.
  picture() {
    const canvas = document.createElement("canvas")
    this.tiles(canvas, getComputedStyle(this.root).getPropertyValue("--st-background-color").trim() || "#ffffff")
    return { canvas, file: this.data.file }
  }
}

export default mount(Mosaic, ".maps-mosaic")

const SKELETON = `
<div class="box" tabindex="0" role="listbox" aria-activedescendant="chosen-map"><canvas></canvas>
  <span class="spoken" id="chosen-map" role="option" aria-selected="true"></span></div>
<div class="legend"><span class="low"></span><i class="bar"></i><span class="high"></span><span class="range"></span>${shared.saveButton("png")}</div>
<div class="words" aria-hidden="true"></div><div class="note"></div>`
