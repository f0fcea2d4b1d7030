// Tiles side by side, as the room allows: channels, patches or kernels. A click or the arrow keys
// choose one; what is chosen and what is under the pointer is framed.

import { MOVES, follow } from "./board.js"
import { CanvasBoard } from "./canvas_board.js"
import { name } from "./shared.js"

const PAUSE = 120 // ms after the last arrow key before Python hears of the choice
export const HIGH = 336 // pixels that tiles may take before they are scrolled

export const BOX = `
<div class="box" tabindex="0" role="listbox" aria-activedescendant="chosen-tile"><canvas></canvas>
  <i class="over" hidden></i><i class="chosen" hidden></i>
  <span class="spoken" id="chosen-tile" role="option" aria-selected="true"></span></div>`

// Who draws says where a tile stands (`origin(place)`, top and left) and its size (`tile`), how many
// are in a row (`columns`), what is under a pointer (`under(event)`), the `words` on a tile, and that
// all is `painted`; `order` are the tiles by place.
export class TileMosaic extends CanvasBoard {
  constructor(root, skeleton) {
    super(root, skeleton)
    this.box = this.find(".box")
    this.canvas = this.find("canvas")
    this.resized(() => this.arrange(), this.box)
    const under = event => (this.columns ? this.under(event) : undefined)
    follow(this.canvas, under, over => this.point(over), found => this.choose(found, 0))
    this.box.addEventListener("keydown", event => this.key(event))
  }

  // A choice alone repaints no tile.
  content({ chosen, ...data }) {
    this.chosen = this.latest(chosen, this.chosen, this.data?.of !== data.of)
    return data
  }

  receive(component) {
    const before = this.chosen
    super.receive(component)
    if (this.chosen !== before && this.columns && !this.loading) this.show()
  }

  // What is chosen, on a picture that stays.
  show() {
    this.mark()
    this.see()
    this.painted()
  }

  // The chosen tile, and the one under the pointer.
  get tiles() {
    return [this.chosen, this.over]
  }

  put(order) {
    this.order = order
    this.place = new Map(order.map((tile, place) => [tile, place]))
  }

  title(words) {
    name(this.box, words)
    this.box.title = ""
  }

  point(over) {
    this.over = over
    if (this.columns) this.mark()
  }

  mark() {
    const [chosen, over] = this.tiles
    this.outline(".chosen", chosen)
    this.outline(".over", over === chosen ? undefined : over)
    this.say()
  }

  outline(selector, tile) {
    const frame = this.find(selector)
    frame.hidden = !this.place.has(tile)
    if (frame.hidden) return
    const lengths = [...this.origin(this.place.get(tile)), ...this.tile]
    const [top, left, height, width] = lengths.map(length => `${length}px`)
    Object.assign(frame.style, { top, left, height, width })
    frame.classList.toggle("thin", this.tile[1] < 12)
  }

  say() {
    this.find(".words").textContent = this.words(this.over ?? this.chosen)
    this.find(".spoken").textContent = this.words(this.chosen)
  }

  // The chosen tile into sight, within the box alone.
  see() {
    const [y] = this.origin(this.place.get(this.tiles[0]) ?? 0)
    const { scrollTop, clientHeight } = this.box
    if (y < scrollTop || y + this.tile[0] > scrollTop + clientHeight) this.box.scrollTop = y - clientHeight / 2
  }

  choose(tile, pause = PAUSE) {
    this.trail.add(String(this.chosen))
    this.chosen = tile
    this.show()
    this.tell("at", { of: this.data.of, [this.what]: this.chosen }, pause)
  }

  key(event) {
    const move = MOVES[event.key]
    const last = this.order.length - 1
    const goals = { Home: 0, End: last }
    if (!this.columns || !(move || event.key in goals)) return
    event.preventDefault()
    const place = this.place.get(this.tiles[0]) ?? 0
    const goal = move ? place + move[0] * this.columns + move[1] : goals[event.key]
    if (goal >= 0 && goal <= last) this.choose(this.order[goal])
  }

  // The mosaic to take along, without what is chosen.
  picture() {
    return this.drawn((canvas, ground) => this.paint(canvas, ground))
  }
}
