// A grid to draw in: as many cells as the networks' pictures have, bright on dark as those are.
// The pointer draws; with the keyboard a cursor moves, the space bar draws under it.

import { Board, MOVES, mount, placeOn } from "../boards/board.js"
import { frame, penFor } from "../boards/canvas_board.js"
import { clamp, nameAll } from "../boards/shared.js"

const WIDE = 280 // pixels on the page
const RADIUS = 1.15 // of the brush, in cells
const PAUSE = 350 // ms after the last stroke before Python hears of it

class Drawing extends Board {
  constructor(root) {
    super(root, SKELETON)
    this.canvas = this.find("canvas")
    this.cursor = null
    this.listen()
  }

  update() {
    const { side, cells, labels } = this.data
    const begun = !this.cells || this.side !== side
    this.side = side
    // What was drawn since is newer than what comes back; only another picture replaces it.
    if (begun || (cells !== this.given && cells !== this.told)) this.cells = decoded(cells, side)
    this.given = cells
    nameAll(this.root, labels)
    this.canvas.title = ""
    this.draw()
    this.root.dataset.drawingPainted = "yes"
  }

  draw() {
    const cell = WIDE / this.side
    const pen = penFor(this.canvas, WIDE, WIDE)
    this.cells.forEach((value, at) => {
      pen.fillStyle = `rgb(${value} ${value} ${value})`
      pen.fillRect((at % this.side) * cell, Math.floor(at / this.side) * cell, cell + 0.5, cell + 0.5)
    })
    pen.strokeStyle = "rgb(255 255 255 / 0.09)"
    pen.lineWidth = 1
    for (let n = 1; n < this.side; n++) {
      pen.strokeRect(n * cell, -1, 0, WIDE + 2)
      pen.strokeRect(-1, n * cell, WIDE + 2, 0)
    }
    if (this.cursor) frame(pen, this.cursor[0] * cell + 1, this.cursor[1] * cell + 1, cell - 2, cell - 2, { thick: 2 })
  }

  // A round brush with a soft edge around a point, in cells.
  brush(x, y) {
    const reach = Math.ceil(RADIUS) + 1
    for (let row = Math.floor(y) - reach; row <= y + reach; row++)
      for (let column = Math.floor(x) - reach; column <= x + reach; column++) {
        if (row < 0 || column < 0 || row >= this.side || column >= this.side) continue
        const away = Math.hypot(column + 0.5 - x, row + 0.5 - y)
        const light = Math.round(255 * clamp(RADIUS + 0.5 - away, 0, 1))
        const at = row * this.side + column
        this.cells[at] = this.erases ? Math.min(this.cells[at], 255 - light) : Math.max(this.cells[at], light)
      }
  }

  stroke(event) {
    const [x, y] = placeOn(this.canvas, event).map(place => (place / WIDE) * this.side)
    const [fromX, fromY] = this.last ?? [x, y]
    const steps = Math.max(1, Math.ceil(Math.hypot(x - fromX, y - fromY) * 2))
    for (let n = 1; n <= steps; n++) this.brush(fromX + ((x - fromX) * n) / steps, fromY + ((y - fromY) * n) / steps)
    this.last = [x, y]
    this.draw()
  }

  send(pause) {
    this.told = btoa(String.fromCharCode(...this.cells))
    this.tell("drawn", { cells: this.told }, pause)
  }

  listen() {
    const { canvas } = this
    canvas.addEventListener("pointerdown", event => {
      canvas.setPointerCapture(event.pointerId)
      this.drawing = true
      this.last = this.cursor = null
      this.stroke(event)
    })
    canvas.addEventListener("pointermove", event => this.drawing && this.stroke(event))
    const end = () => {
      if (!this.drawing) return
      this.drawing = false
      this.send(PAUSE)
    }
    canvas.addEventListener("pointerup", end)
    canvas.addEventListener("pointercancel", end)
    canvas.addEventListener("keydown", event => this.key(event))
    this.root.addEventListener("click", event => {
      const act = event.target.closest("button")?.dataset.act
      if (act === "clear") {
        this.cells.fill(0)
        this.draw()
        this.send(0)
      }
      if (act === "erase") {
        this.erases = !this.erases
        event.target.ariaPressed = String(this.erases)
      }
    })
  }

  key(event) {
    const move = MOVES[event.key]
    if (!move && event.key !== " ") return
    event.preventDefault()
    this.cursor ??= [this.side / 2, this.side / 2].map(Math.floor)
    if (move) this.cursor = [clamp(this.cursor[0] + move[1], 0, this.side - 1), clamp(this.cursor[1] + move[0], 0, this.side - 1)]
    else {
      this.brush(this.cursor[0] + 0.5, this.cursor[1] + 0.5)
      this.send(PAUSE)
    }
    this.draw()
  }
}

function decoded(text, side) {
  const cells = new Uint8Array(side * side)
  if (text) cells.set(Uint8Array.from(atob(text), sign => sign.charCodeAt(0)).subarray(0, cells.length))
  return cells
}

export default mount(Drawing, ".drawing")

const SKELETON = `
<canvas tabindex="0" role="application" data-name="grid"></canvas>
<div class="tools keys"><button type="button" data-act="erase" data-word="erase" aria-pressed="false"></button><button type="button" data-act="clear" data-word="clear"></button></div>
<div class="hint" data-word="hint"></div>`
