// What each channel answers to most, as one picture. A click or the arrow keys choose a channel.

import { mount, saveButton } from "../../../explorer/ui/boards/board.js"
import { line, numbers, spell } from "../../../explorer/ui/boards/canvas_board.js"
import { NONE, css } from "../../../explorer/ui/boards/colours.js"
import { fill } from "../../../explorer/ui/boards/shared.js"
import { BOX, SpriteMosaic } from "../../../explorer/ui/boards/tile_mosaic.js"

class Mosaic extends SpriteMosaic {
  constructor(root) {
    super(root, SKELETON)
  }

  update() {
    this.values = numbers(this.data.values)
    this.sort(this.data.sort === "value" ? this.values : null)
    this.find(".note").textContent = this.data.note
    super.update()
  }

  sizes() {
    return { gap: 4, least: 26, most: 110 }
  }

  painted() {
    this.root.dataset.excitesPainted = `${this.data.of} ${this.data.seen} ${this.chosen}`
  }

  // Where a unit looks beyond the picture's edge, nothing is: hatched.
  ground(pen, x, y, w, h) {
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
    pen.imageSmoothingEnabled = this.data.tile[1] > w
  }

  told(channel, place) {
    const { labels, titles } = this.data
    const words = this.silent.has(channel) ? labels.silent : labels.channel
    return fill(words, { ...place, value: spell(this.values[channel], 3), title: titles[channel] })
  }
}

export default mount(Mosaic, ".excites-mosaic")

const SKELETON = `${BOX}
<div class="foot"><span><span class="words" aria-hidden="true"></span> <span class="note"></span></span>${saveButton("png")}</div>`
