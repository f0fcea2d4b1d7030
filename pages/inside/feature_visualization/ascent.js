// A picture that grows by gradient ascent, and the curve of the channel's answers beside it. Both are
// redrawn in place when Python sends news.

import { follow, mount, saveButton } from "../../../explorer/ui/boards/board.js"
import { CanvasBoard, frame, numbers, penFor, spell } from "../../../explorer/ui/boards/canvas_board.js"
import { add, fill, name, set, ticks } from "../../../explorer/ui/boards/shared.js"

const SIDE = 196 // pixels of the picture's longer side, at most
const HIGH = 128 // of the chart
const [LEFT, RIGHT, TOP, BOTTOM] = [46, 8, 8, 30]

class Ascent extends CanvasBoard {
  constructor(root) {
    super(root, SKELETON)
    this.canvas = this.find("canvas")
    this.svg = this.find("svg")
    this.resized(() => this.arrange())
    follow(this.svg, event => this.toStep?.(event.clientX - this.svg.getBoundingClientRect().left), over => {
      this.over = over
      this.chart()
    })
  }

  update() {
    const { data } = this
    this.values = numbers(data.values)
    name(this.canvas, data.labels.picture)
    this.find(".note").textContent = data.note
    this.load(data.png)
  }

  arrange() {
    if (!this.sprite || this.loading) return
    const room = this.root.clientWidth
    if (room < 40) return
    const [high, wide] = this.data.size
    const longer = Math.max(high, wide)
    const most = Math.min(SIDE, room)
    const scale = longer <= most ? Math.floor(most / longer) : most / longer
    const pen = penFor(this.canvas, wide * scale, high * scale)
    pen.imageSmoothingEnabled = scale < 1
    pen.drawImage(this.sprite, 0, 0, wide * scale, high * scale)
    if (this.data.frame) {
      const [top, bottom, left, right] = this.data.frame.map(end => end * scale)
      frame(pen, left + 1.5, top + 1.5, right - left + scale - 3, bottom - top + scale - 3, { thick: 2 })
    }
    this.wide = Math.max(160, room)
    this.chart()
    this.root.dataset.ascentPainted = `${this.data.of} ${this.values.length - 1}`
  }

  // -- the curve ----------------------------------------------------------------------------------

  chart() {
    const { svg, values, data } = this
    const { best, total, labels } = data
    svg.replaceChildren()
    const wide = this.wide
    set(svg, { width: wide, height: HIGH, viewBox: `0 0 ${wide} ${HIGH}` })
    const all = [...values, ...(best === null ? [] : [best])].filter(Number.isFinite)
    let [low, high] = [Math.min(...all, 0), Math.max(...all, 0)]
    if (low === high) high = low + 1
    const x = step => LEFT + (step / total) * (wide - LEFT - RIGHT)
    const y = value => HIGH - BOTTOM - ((value - low) / (high - low)) * (HIGH - BOTTOM - TOP)
    this.toStep = at => Math.min(values.length - 1, Math.max(0, Math.round(((at - LEFT) / (wide - LEFT - RIGHT)) * total)))
    for (const tick of ticks(low, high, 6)) {
      add(svg, "path", { class: "grid", d: `M${LEFT} ${y(tick)}H${wide - RIGHT}` })
      add(svg, "text", { x: LEFT - 5, y: y(tick) + 4, "text-anchor": "end" }, spell(tick, 3))
    }
    for (const tick of ticks(0, total, 4))
      add(svg, "text", { x: x(tick), y: HIGH - BOTTOM + 14, "text-anchor": tick === total ? "end" : "middle" }, tick)
    add(svg, "text", { x: (LEFT + wide) / 2, y: HIGH - 3, "text-anchor": "middle" }, labels.steps)
    if (best !== null) add(svg, "path", { class: "best", d: `M${LEFT} ${y(best)}H${wide - RIGHT}` })
    const path = Array.from(values, (value, step) => `${step ? "L" : "M"}${x(step).toFixed(1)} ${y(value).toFixed(1)}`)
    add(svg, "path", { class: "curve", d: path.join("") })
    const at = this.over ?? values.length - 1
    if (values.length) add(svg, "circle", { class: "now", cx: x(at), cy: y(values[at]), r: 4 })
    const told = fill(labels.value, { step: at, value: spell(values[at], 4) })
    this.find(".words").textContent = told
    const line = this.find(".line")
    line.hidden = best === null
    line.textContent = best === null ? "" : fill(labels.best, { value: spell(best, 4) })
    svg.setAttribute("aria-label", `${told}. ${line.textContent}`)
  }
}

export default mount(Ascent, ".excites-ascent")

const SKELETON = `
<canvas role="img"></canvas>
<div class="words"></div>
<div class="line"></div>
<svg role="img"></svg>
<div class="foot"><span class="note"></span>${saveButton("png")}</div>`
