// One picture of a data set, large: the number of every cell, which the pointer and the arrow keys
// read out.

import { mount } from "../../../explorer/ui/boards/board.js"
import { CanvasBoard } from "../../../explorer/ui/boards/canvas_board.js"
import { NumberGrid } from "../../../explorer/ui/boards/number_grid.js"
import { fill } from "../../../explorer/ui/boards/shared.js"

const LARGEST = 560 // pixels of the longer side
const WRITTEN = 18 // pixels of a cell from which on its number stands in it

class Numbers extends CanvasBoard {
  constructor(root) {
    super(root, SKELETON)
    this.grid = new NumberGrid(this.find("canvas"), { over: at => this.point(at), keys: true })
    this.resized(() => this.arrange())
  }

  update() {
    this.bytes = Uint8Array.from(atob(this.data.numbers), sign => sign.charCodeAt(0))
    this.find("canvas").ariaLabel = this.data.words.picture
    this.arrange()
  }

  // The numbers of the nth cell: one, or red, green and blue.
  cell(n) {
    const [channels, high, wide] = this.data.shape
    return Array.from({ length: channels }, (_, channel) => this.bytes[channel * high * wide + n])
  }

  arrange() {
    const room = Math.min(this.root.clientWidth, LARGEST)
    if (!this.data || room < 60) return
    const [channels, ...size] = this.data.shape
    const cell = room / Math.max(...size)
    const grey = channels === 1
    this.grid.show({
      values: grey ? [...this.bytes] : [...Array(size[0] * size[1]).keys()],
      size, cell: cell > 2 ? Math.floor(cell) : cell, most: 255, written: grey ? WRITTEN : Infinity, letters: 0.5,
      rgb: grey ? value => [value, value, value] : n => this.cell(n),
    })
    this.point()
    this.root.dataset.numbersPainted = this.data.of
  }

  point(at) {
    this.grid.draw(at ? [[...at, 1, 1]] : [])
    const { words, shape } = this.data
    if (!at) return void (this.find(".words").textContent = words.hint)
    const numbers = this.cell(at[0] * shape[2] + at[1])
    this.find(".words").textContent = fill(words.cell, {
      row: at[0] + 1, column: at[1] + 1, value: numbers.join(" · "), share: numbers.map(each => (each / 255).toFixed(3)).join(" · "),
    })
  }
}

export default mount(Numbers, ".picture-numbers")

const SKELETON = `<p class="words" aria-live="polite"></p><canvas tabindex="0" role="application"></canvas>`
