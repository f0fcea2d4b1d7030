// A tile for each channel of a layer, in the order asked for: its map, or what it answers to most. A
// click or the arrow keys choose one.

import { mount, placeOn, saveButton } from "./board.js"
import { LEGEND, line, numbers, penFor, spell } from "./canvas_board.js"
import { NONE, css } from "./colours.js"
import { clamp, fill } from "./shared.js"
import { BOX, HIGH, TileMosaic } from "./tile_mosaic.js"

class Mosaic extends TileMosaic {
  static early = true
  what = "channel"

  constructor(root, component) {
    super(root, component.data.legend ? WITH_LEGEND : PLAIN)
  }

  update(before) {
    const { stats, silent, labels, legend, note, png } = this.data
    if (before?.stats !== stats) this.stats = numbers(stats)
    this.silent = new Set(silent)
    this.sort()
    this.title(labels.mosaic)
    this.find(".note").textContent = note
    if (legend) this.legend(legend)
    this.load(png)
  }

  // By number, or the largest of a statistic first.
  sort() {
    const { count, sort } = this.data
    const channels = Array.from({ length: count }, (_, n) => n)
    const key = channel => this.stat(sort, channel)
    this.put(sort === "index" ? channels : channels.sort((a, b) => key(b) - key(a) || a - b))
  }

  stat(name, channel) {
    return this.stats[this.data.names.indexOf(name) * this.data.count + channel]
  }

  words(channel) {
    const { classes, count, names, labels, titles } = this.data
    const figures = Object.fromEntries(names.map(name => [name, spell(this.stat(name, channel), 3)]))
    const words = this.silent.has(channel) ? labels.silent : labels.channel
    const text = fill(words, { number: channel + 1, count, title: titles[channel], ...figures })
    return classes.length ? `${classes[channel]} · ${text}` : text
  }

  painted() {
    this.root.dataset.mosaicPainted = `${this.data.state} ${this.chosen}`
  }

  // -- where tiles stand, and how they are drawn ----------------------------------------------------

  arrange() {
    const room = this.box.clientWidth - 6
    if (!this.data || this.loading || room < 40) return
    const { count, tile: [high, wide], sizes: [gap, least, most] } = this.data
    const longer = Math.max(high, wide)
    const size = side => [(side * high) / longer, (side * wide) / longer]
    const columns = (w, gap) => Math.floor((room - gap) / (w + gap))
    let side = most
    for (; side > least; side--) {
      const [h, w] = size(side)
      if (columns(w, gap) && Math.ceil(count / columns(w, gap)) * (h + gap) + gap <= HIGH) break
    }
    this.tile = size(side)
    this.gap = side < 12 ? 1 : gap
    this.columns = clamp(columns(this.tile[1], this.gap), 1, count)
    this.paint(this.canvas)
    this.show()
  }

  origin(place) {
    return [Math.floor(place / this.columns), place % this.columns].map((n, axis) => this.gap + n * (this.tile[axis] + this.gap))
  }

  under(event) {
    const [x, y] = placeOn(this.canvas, event)
    const [column, row] = [[x, 1], [y, 0]].map(([at, axis]) => Math.floor((at - this.gap / 2) / (this.tile[axis] + this.gap)))
    return column >= 0 && column < this.columns && row >= 0 ? this.order[row * this.columns + column] : undefined
  }

  // Every tile in its place on `canvas`.
  paint(canvas, ground) {
    const { count, columns, tile: [sourceHigh, sourceWide], see_through } = this.data
    const [h, w] = this.tile
    const room = (tiles, length) => this.gap + tiles * (length + this.gap)
    const pen = penFor(canvas, room(this.columns, w), room(Math.ceil(count / this.columns), h), ground)
    pen.imageSmoothingEnabled = Boolean(see_through) && sourceWide > w
    this.order.forEach((tile, place) => {
      const [y, x] = this.origin(place)
      if (see_through) hatch(pen, x, y, w, h)
      pen.drawImage(this.sprite, (tile % columns) * sourceWide, Math.floor(tile / columns) * sourceHigh, sourceWide, sourceHigh, x, y, w, h)
      if (this.silent.has(tile)) strike(pen, x, y, w, h)
    })
  }
}

// Where a unit looks beyond the picture's edge, nothing is.
function hatch(pen, x, y, w, h) {
  pen.save()
  pen.beginPath()
  pen.rect(x, y, w, h)
  pen.clip()
  pen.fillStyle = css(NONE)
  pen.fillRect(x, y, w, h)
  pen.strokeStyle = "rgba(60, 66, 74, 0.45)"
  pen.lineWidth = 1
  for (let at = -h; at < w; at += 6) line(pen, x + at, y + h, x + at + h, y)
  pen.restore()
}

// The same number everywhere: struck through, whatever the colours.
function strike(pen, x, y, w, h) {
  for (const [color, thick] of w < 12 ? [["#ffffff", 1]] : [["#ffffff", 3.4], ["#d55e00", 1.8]]) {
    pen.strokeStyle = color
    pen.lineWidth = thick
    line(pen, x + 1, y + h - 1, x + w - 1, y + 1)
  }
}

export default mount(Mosaic, ".channel-mosaic")

const PLAIN = `${BOX}
<div class="foot"><span><span class="words" aria-hidden="true"></span> <span class="note"></span></span>${saveButton("png")}</div>`
const WITH_LEGEND = `${BOX}
<div class="legend">${LEGEND}${saveButton("png")}</div>
<div class="words" aria-hidden="true"></div><div class="note"></div>`
