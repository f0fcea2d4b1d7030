// Every channel of a layer as one picture, in the order asked for. A click or the arrow keys choose.

import { mount, saveButton } from "../../../explorer/ui/boards/board.js"
import { LEGEND, numbers, spell } from "../../../explorer/ui/boards/canvas_board.js"
import { Ramp } from "../../../explorer/ui/boards/colours.js"
import { fill } from "../../../explorer/ui/boards/shared.js"
import { BOX, SpriteMosaic } from "../../../explorer/ui/boards/tile_mosaic.js"

const STATS = ["mean", "min", "max", "variance"]

class Mosaic extends SpriteMosaic {
  constructor(root) {
    super(root, SKELETON)
  }

  update(before) {
    const { count, sort, stats, note } = this.data
    if (before?.stats !== stats) this.stats = numbers(stats)
    this.sort(sort === "index" ? null : Array.from({ length: count }, (_, n) => this.stat(sort, n)))
    this.scale()
    this.find(".note").textContent = note
    super.update()
  }

  // A lone number, a unit of a linear layer, takes less room than a map.
  sizes(longer) {
    return longer === 1 ? { gap: 3, least: 7, most: 50 } : { gap: 3, least: 20, most: 150 }
  }

  stat(kind, channel) {
    return this.stats[STATS.indexOf(kind) * this.data.count + channel]
  }

  painted() {
    this.root.dataset.mosaicPainted = `${this.data.of} ${this.chosen}`
  }

  scale() {
    const { low, high, count, signed, range, labels } = this.data
    const below = this.stats.subarray(count, 2 * count).some(value => value < 0)
    const ends = low === null ? [signed ? "−" : below ? labels.least : "0", labels.most] : [spell(low, 3), spell(high, 3)]
    this.legend(new Ramp(this.root, low ?? 0, high ?? 1, signed), ends, range)
  }

  told(channel, place) {
    const { labels, lone } = this.data
    const figures = STATS.map(kind => [kind, spell(this.stat(kind, channel), 3)])
    const words = fill(lone ? labels.number : labels.channel, { ...place, ...Object.fromEntries(figures) })
    return words + (this.silent.has(channel) ? ` · ${labels.silent}` : "")
  }
}

export default mount(Mosaic, ".maps-mosaic")

const SKELETON = `${BOX}
<div class="legend">${LEGEND}${saveButton("png")}</div>
<div class="words" aria-hidden="true"></div><div class="note"></div>`
