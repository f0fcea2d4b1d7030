// A picture that grows by gradient ascent, and the curve of the channel's answers beside it. Both are
// redrawn in place when Python sends news.

import * as shared from "../../../explorer/ui/boards/shared.js"
import * as paint from "../../../explorer/ui/boards/maps_paint.js"
const { add, fill, mount, name } = shared

const SIDE = 196 // pixels of the picture's longer side, at most
const HIGH = 128 // of the chart
const [LEFT, RIGHT, TOP, BOTTOM] = [46, 8, 8, 30]

class Ascent {
  constructor(root) {
    this.root = root
    this.root.innerHTML = SKELETON
    this.canvas = this.find("canvas")
    this.svg = this.find("svg")
    this.watch = new ResizeObserver(() => this.arrange())
    this.watch.observe(root)
    this.svg.addEventListener("pointermove", event => {
      if (!this.toStep) return
      this.over = this.toStep(event.clientX - this.svg.getBoundingClientRect().left)
      this.chart()
    })
    this.svg.addEventListener("pointerleave", () => {
      this.over = undefined
      if (this.data) this.chart()
    })
  }

  find(selector) {
    return this.root.querySelector(selector)
  }

  leave() {
    this.watch.disconnect()
  }

  receive({ data }) {
    const text = JSON.stringify(data)
    if (text === this.text) return
    this.text = text
    this.data = data
    this.values = paint.numbers(data.values)
    name(this.canvas, data.labels.picture)
    this.find(".note").textContent = data.note
    paint.loaded(data.png).then(picture => {
      if (this.data !== data) return
      this.sprite = picture
      this.arrange()
    })
  }

  arrange() {
    if (!this.sprite) return
    const room = this.root.clientWidth
    if (room < 40) return
    const [high, wide] = this.data.size
    const longer = Math.max(high, wide)
    const most = Math.min(SIDE, room)
    const scale = longer <= most ? Math.floor(most / longer) : most / longer
    const pen = paint.penFor(this.canvas, wide * scale, high * scale)
    pen.imageSmoothingEnabled = scale < 1
    pen.drawImage(this.sprite, 0, 0, wide * scale, high * scale)
    if (this.data.frame) {
      const [top, bottom, left, right] = this.data.frame.map(end => end * scale)
      paint.frame(pen, left + 1.5, top + 1.5, right - left + scale - 3, bottom - top + scale - 3, { thick: 2 })
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
    shared.set(svg, { width: wide, height: HIGH, viewBox: `0 0 ${wide} ${HIGH}` })
    const all = [...values, ...(best === null ? [] : [best])].filter(Number.isFinite)
    let [low, high] = [Math.min(...all, 0), Math.max(...all, 0)]
    if (low === high) high = low + 1
    const x = step => LEFT + (step / total) * (wide - LEFT - RIGHT)
    const y = value => HIGH - BOTTOM - ((value - low) / (high - low)) * (HIGH - BOTTOM - TOP)
    this.toStep = at => Math.min(values.length - 1, Math.max(0, Math.round(((at - LEFT) / (wide - LEFT - RIGHT)) * total)))
    for (const tick of within(low, high, 6)) {
      add(svg, "path", { class: "grid", d: `M${LEFT} ${y(tick)}H${wide - RIGHT}` })
      add(svg, "text", { x: LEFT - 5, y: y(tick) + 4, "text-anchor": "end" }, paint.spell(tick, 3))
    }
    for (const tick of within(0, total, 4))
      add(svg, "text", { x: x(tick), y: HIGH - BOTTOM + 14, "text-anchor": tick === total ? "end" : "middle" }, tick)
    add(svg, "text", { x: (LEFT + wide) / 2, y: HIGH - 3, "text-anchor": "middle" }, labels.steps)
    if (best !== null) {
      add(svg, "path", { class: "best", d: `M${LEFT} ${y(best)}H${wide - RIGHT}` })
    }
    const path = Array.from(values, (value, step) => `${step ? "L" : "M"}${x(step).toFixed(1)} ${y(value).toFixed(1)}`)
    add(svg, "path", { class: "curve", d: path.join("") })
    const at = this.over ?? values.length - 1
    if (values.length) add(svg, "circle", { class: "now", cx: x(at), cy: y(values[at]), r: 4 })
    const told = fill(labels.value, { step: at, value: paint.spell(values[at], 4) })
    this.find(".words").textContent = told
    const line = this.find(".line")
    line.hidden = best === null
    line.textContent = best === null ? "" : fill(labels.best, { value: paint.spell(best, 4) })
    svg.setAttribute("aria-label", `${told}. ${line.textContent}`)
  }

  // To take along: all of it.
  picture() {
    return { element: this.root, file: this.data.file }
  }
}

const within = (low, high, count) => shared.ticks(low, high, count).found

export default mount(Ascent, ".excites-ascent")

const SKELETON = `
<canvas role="img"></canvas>
<div class="words"></div>
<div class="line"></div>
<svg role="img"></svg>
<div class="foot"><span class="note"></span>${shared.saveButton("png")}</div>`
