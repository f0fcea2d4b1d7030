// A chart of curves that grow: redrawn in place, so that nothing flickers and a zoom stays.
// Dragging across it zooms, a double click shows everything again; pointing reads the values.

import { add as node, clamp, mark, ticks } from "../boards/shared.js"
import * as math from "./curves_math.js"
import { element } from "./now.js"

const LEFT = 52
const BOTTOM = 38
const TOP = 8
const RIGHT = 12
const LEAST_DRAG = 8 // pixels; less is a click
const NEAR = 16 // pixels beyond a curve's end from which that end is still read
let made = 0

export function sample(line) {
  const svg = node(null, "svg", { viewBox: "0 0 28 14", width: 28, height: 14, "aria-hidden": "true" })
  paint(node(svg, "path", { d: "M1 7H27" }), line)
  if (line.mark) paint(node(svg, "path", { d: mark(line.mark, 14, 7, 4.5) }), line, true)
  return svg
}

function paint(path, line, isMark = false) {
  const open = line.mark === "cross"
  path.setAttribute("stroke", line.colour)
  path.setAttribute("stroke-width", isMark ? (open ? 2 : 1) : line.width ?? 2.4)
  path.setAttribute("stroke-dasharray", isMark ? "none" : line.dash || "none")
  path.setAttribute("fill", isMark && !open ? line.colour : "none")
  path.setAttribute("stroke-linejoin", "round")
  if (line.pale) path.setAttribute("opacity", 0.55)
}

// What is drawn: `lines` of {key, name, colour, dash, mark, width, xs, ys, noisy, pale}, `x` {word,
// tick, place, span}, and whether `log`; the `band` of a mean is [lowest, highest]. Nothing that was measured lies outside the frame, and
// nothing is told but what was measured. A `silent` line goes with another one of
// the same key; one that is `behind` is drawn first. `change` is told of a zoom, `hidden` is shared between charts.
export class Chart {
  constructor(host, { title, percent, high = 250, words, change, toggled = () => this.draw() }) {
    Object.assign(this, { host, percent, high, words, change, toggled, lines: [], zoom: null, at: null, hidden: new Set() })
    this.id = `curves-${++made}`
    host.classList.add("curves")
    host.innerHTML = SKELETON
    this.find("h3").textContent = title
    this.title = title
    this.svg = this.find("svg.plot")
    this.find(".reset").textContent = words.reset
    this.find(".reset").onclick = () => this.change(null)
    this.listen()
    this.watch = new ResizeObserver(() => this.draw())
    this.watch.observe(host)
  }

  find(selector) {
    return this.host.querySelector(selector)
  }

  leave() {
    this.watch.disconnect()
    cancelAnimationFrame(this.frame)
  }

  show({ lines, x, log, weight = 0 }) {
    Object.assign(this, { lines, x, log, weight })
    this.legend()
    this.draw()
  }

  draw() {
    cancelAnimationFrame(this.frame)
    this.frame = requestAnimationFrame(() => this.x && this.paint())
  }

  get seen() {
    return this.lines.filter(line => !this.hidden.has(line.key))
  }

  legend() {
    const lines = this.lines.filter(line => !line.silent)
    const key = JSON.stringify(lines.map(({ key, name, colour, dash, mark }) => [key, name, colour, dash, mark, this.hidden.has(key)]))
    if (key === this.legendKey) return
    this.legendKey = key
    this.find(".legend").replaceChildren(
      ...lines.map(line => {
        const onclick = () => {
          if (!this.hidden.delete(line.key)) this.hidden.add(line.key)
          this.legend()
          this.toggled()
          this.find(`.legend button:nth-child(${lines.indexOf(line) + 1})`).focus()
        }
        const ariaPressed = String(!this.hidden.has(line.key))
        return element("button", { type: "button", ariaPressed, title: this.words.toggle, onclick }, sample(line), line.name)
      }),
    )
  }

  // -- scales --------------------------------------------------------------------------------

  ranges() {
    const [low, high] = this.zoom ?? this.x.span ?? this.reach()
    const values = []
    for (const line of this.seen) {
      const drawn = [line.ys, this.smoothed(line), ...(line.band ?? [])]
      line.xs.forEach((x, i) => x >= low && x <= high && values.push(...drawn.map(ys => ys[i]).filter(math.isNumber)))
    }
    return [[low, high], this.vertical(values)]
  }

  reach() {
    const ends = this.seen.map(line => line.xs.at(-1)).filter(math.isNumber)
    return math.frame(0, Math.max(...ends, 0) || 1, 8)
  }

  vertical(values) {
    if (!values.length) return this.percent ? [0, 1] : this.log ? [0.1, 1] : [0, 1]
    const [low, high] = math.extent(values)
    if (this.percent) return low === high ? [0, 1] : math.frame(low, high, 5).map(value => clamp(value, 0, 1))
    if (this.log) return [Math.max(low, 1e-8) * 0.85, Math.max(high, 1e-8) * 1.18]
    return math.frame(Math.min(0, low), high, 5)
  }

  smoothed(line) {
    return line.noisy ? math.smooth(line.ys, this.weight) : line.ys
  }

  // -- drawing ---------------------------------------------------------------------------------

  paint() {
    const wide = Math.max(this.host.clientWidth, 200)
    const [[x0, x1], [y0, y1]] = this.ranges()
    const inner = { left: LEFT, top: TOP, right: wide - RIGHT, bottom: this.high - BOTTOM }
    const along = this.log ? Math.log : value => value
    const toX = x => inner.left + ((x - x0) / (x1 - x0 || 1)) * (inner.right - inner.left)
    const toY = y => inner.bottom - ((along(y) - along(y0)) / (along(y1) - along(y0) || 1)) * (inner.bottom - inner.top)
    Object.assign(this, { inner, toX, toY, shown: [x0, x1] })
    this.svg.setAttribute("viewBox", `0 0 ${wide} ${this.high}`)
    this.svg.setAttribute("height", this.high)
    this.svg.replaceChildren()
    this.axes([x0, x1], [y0, y1])
    this.curves()
    const measured = this.seen.filter(line => line.xs.length)
    const empty = measured.length && !measured.some(line => line.ys.some(math.isNumber))
    if (empty) node(this.svg, "text", { class: "word", x: (inner.left + inner.right) / 2, y: this.high / 2, "text-anchor": "middle" }, this.words.no_numbers)
    this.over = node(this.svg, "g")
    this.cursor()
    this.svg.setAttribute("aria-label", this.meaning())
    this.find(".reset").hidden = !this.zoom
    this.host.dataset.zoom = this.zoom ? this.zoom.map(math.brief).join(" ") : ""
    this.host.dataset.points = Math.max(0, ...this.lines.filter(line => line.noisy).map(line => line.xs.length))
  }

  axes([x0, x1], [y0, y1]) {
    const { svg, inner } = this
    const clip = node(node(svg, "defs"), "clipPath", { id: this.id })
    node(clip, "rect", { x: inner.left, y: inner.top - 3, width: inner.right - inner.left, height: inner.bottom - inner.top + 6 })
    const grid = node(svg, "g", { class: "grid" })
    for (const value of this.log ? math.logTicks(y0, y1) : ticks(y0, y1, 5)) {
      const y = this.toY(value)
      node(grid, "path", { d: `M${inner.left} ${y}H${inner.right}` })
      const text = this.percent ? math.percent(value, y1 - y0 < 0.05 ? 1 : 0) : math.brief(value)
      node(grid, "text", { x: inner.left - 7, y: y + 4, "text-anchor": "end" }, text)
    }
    const room = Math.max(3, Math.floor((inner.right - inner.left) / 70))
    for (const value of ticks(x0, x1, room)) {
      if (this.x.whole && !Number.isInteger(Math.round(value * 1e6) / 1e6)) continue
      node(grid, "text", { x: this.toX(value), y: inner.bottom + 17, "text-anchor": "middle" }, this.x.tick(value))
    }
    node(grid, "path", { class: "axis", d: `M${inner.left} ${inner.bottom}H${inner.right}` })
    node(grid, "text", { class: "word", x: (inner.left + inner.right) / 2, y: this.high - 5, "text-anchor": "middle" }, this.x.word)
  }

  curves() {
    const group = node(this.svg, "g", { "clip-path": `url(#${this.id})` })
    const whole = node(this.svg, "g") // marks at the frame are not cut in two
    for (const line of [...this.seen].sort((a, b) => Boolean(b.behind) - Boolean(a.behind))) {
      const ys = this.smoothed(line)
      if (line.band) {
        const [low, high] = line.band.map(values => this.smoothed({ ...line, ys: values }))
        const back = this.path(line.xs.toReversed(), low.toReversed()).replace("M", "L")
        node(group, "path", { d: this.path(line.xs, high) + back, fill: line.colour, opacity: 0.2, "data-band": line.key })
      }
      if (ys !== line.ys) {
        const raw = node(group, "path", { d: this.path(line.xs, line.ys) })
        paint(raw, { ...line, dash: "", width: 1.2 })
        raw.setAttribute("opacity", 0.28)
      }
      const bold = node(group, "path", { d: this.path(line.xs, ys), "data-line": line.key })
      paint(bold, line)
      const few = line.xs.length <= 60
      const alone = ys.filter(math.isNumber).length === 1 // no line leads there
      if (alone || (line.mark && (few || !line.noisy))) paint(node(whole, "path", { d: this.marks(line, ys) }), line, true)
    }
  }

  path(xs, ys) {
    let pen = "M"
    const parts = []
    xs.forEach((x, i) => {
      if (!math.isNumber(ys[i])) return void (pen = "M")
      parts.push(`${pen}${this.toX(x).toFixed(1)} ${this.limit(this.toY(ys[i])).toFixed(1)}`)
      pen = "L"
    })
    return parts.join("")
  }

  // Far outside the frame a curve is cut off: browsers draw nothing at all at 10⁹ pixels.
  limit(y) {
    return clamp(y, -2000, 2000 + this.high)
  }

  marks(line, ys) {
    const { top, bottom } = this.inner
    return line.xs
      .map((x, i) => [x, math.isNumber(ys[i]) ? this.toY(ys[i]) : NaN])
      .filter(([x, y]) => this.inView(x) && y > top - 1 && y < bottom + 1)
      .map(([x, y]) => [this.toX(x), y])
      .map(([x, y]) => mark(line.mark || "circle", x, y, 4))
      .join("")
  }

  meaning() {
    const value = line => `${line.name} ${this.text(line.ys.filter(math.isNumber).at(-1))}`
    return [this.title, ...this.seen.filter(line => line.ys.some(math.isNumber)).map(value)].join(", ")
  }

  text(value) {
    if (!math.isNumber(value)) return "–"
    return this.percent ? math.percent(value) : math.brief(value)
  }

  // -- pointing --------------------------------------------------------------------------------

  listen() {
    const { svg } = this
    svg.onpointerdown = event => {
      if (event.button || !this.inner) return
      this.from = this.atPixel(event)
      svg.setPointerCapture(event.pointerId)
    }
    svg.onpointermove = event => {
      if (!this.inner) return
      const pixel = this.atPixel(event)
      this.at = this.toValue(pixel)
      if (this.from !== undefined) this.to = pixel
      this.cursor()
    }
    svg.onpointerup = event => {
      const [from, to] = [this.from, this.atPixel(event)]
      this.from = this.to = undefined
      if (from === undefined) return
      if (Math.abs(to - from) >= LEAST_DRAG) this.change([from, to].sort((a, b) => a - b).map(pixel => this.toValue(pixel)))
      else {
        this.at = this.toValue(to) // a finger has not moved before
        this.cursor()
      }
    }
    svg.onpointercancel = () => (this.from = this.to = undefined)
    svg.onpointerleave = event => {
      if (this.from !== undefined || event.pointerType === "touch") return // what a tap reads stays
      this.at = null
      this.cursor()
    }
    svg.ondblclick = () => this.change(null)
    svg.onblur = svg.onpointerleave
    svg.onkeydown = event => this.key(event)
  }

  key(event) {
    const every = this.seen.find(line => line.noisy)?.xs ?? this.seen[0]?.xs ?? []
    const all = this.shown ? every.filter(x => this.inView(x)) : every
    const moves = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -all.length, End: all.length }
    if (event.key === "Escape") return this.change(null)
    if (!(event.key in moves) || !all.length) return
    event.preventDefault()
    const move = moves[event.key]
    const last = all.length - 1
    // The first key shows the last point, but Home the first one.
    const now = this.at !== null ? math.nearest(all, this.at) : event.key === "Home" ? 0 : last - move
    this.at = all[clamp(now + move, 0, last)]
    this.cursor()
  }

  atPixel(event) {
    const box = this.svg.getBoundingClientRect()
    return clamp(event.clientX - box.left, this.inner.left, this.inner.right)
  }

  toValue(pixel) {
    const [low, high] = this.shown
    return low + ((pixel - this.inner.left) / (this.inner.right - this.inner.left)) * (high - low)
  }

  // Whether a place on the horizontal axis is inside the frame; a mark on its edge is.
  inView(x) {
    const pixel = this.toX(x)
    return pixel > this.inner.left - 1 && pixel < this.inner.right + 1
  }

  cursor() {
    if (!this.over) return
    this.over.replaceChildren()
    const tip = this.find(".tip")
    if (this.at !== null && !this.inView(this.at)) this.at = null // another zoom
    const at = this.at === null ? null : this.measured(this.at)
    tip.hidden = at === null
    if (this.to !== undefined) {
      const [low, high] = [this.from, this.to].sort((a, b) => a - b)
      node(this.over, "rect", { class: "drag", x: low, y: this.inner.top, width: high - low, height: this.inner.bottom - this.inner.top })
    }
    if (at === null) return tip.replaceChildren()
    const x = this.toX(at)
    node(this.over, "path", { class: "cursor", d: `M${x} ${this.inner.top}V${this.inner.bottom}` })
    const heading = element("b", {}, this.x.place(at))
    tip.replaceChildren(heading, ...this.seen.flatMap(line => this.reading(line, at)))
    const right = x > (this.inner.left + this.inner.right) / 2
    tip.style.left = right ? "auto" : `${x + 12}px`
    tip.style.right = right ? `${this.svg.clientWidth - x + 12}px` : "auto"
  }

  // The place nearest to `at` at which some curve was measured; null beyond the end of all.
  measured(at) {
    const places = this.seen.map(line => line.xs[this.point(line, at)]).filter(math.isNumber)
    return places.length ? places.reduce((best, x) => (Math.abs(x - at) < Math.abs(best - at) ? x : best)) : null
  }

  // Which of a line's points is read at `at`: the nearest one in view; -1 before the first and after the last.
  point(line, at, near = NEAR) {
    const i = line.silent ? -1 : math.nearest(line.xs, at, x => this.inView(x))
    if (i < 0 || (at > line.xs[0] && at < line.xs.at(-1))) return i
    return Math.abs(this.toX(line.xs[i]) - this.toX(at)) <= near ? i : -1
  }

  // A value with its own place, where that is another one.
  reading(line, at) {
    const i = this.point(line, at, 1)
    if (i < 0 || !math.isNumber(line.ys[i])) return []
    const [place, y] = [line.xs[i], this.smoothed(line)[i]]
    paint(node(this.over, "path", { d: mark("circle", this.toX(place), this.limit(this.toY(y)), 4) }), { colour: line.colour }, true)
    const elsewhere = Math.abs(this.toX(place) - this.toX(at)) > 1 ? ` (${this.x.place(place)})` : ""
    const range = line.band ? `, ${line.band.map(values => this.text(this.smoothed({ ...line, ys: values })[i])).join(" … ")}` : ""
    return [element("span", {}, sample(line), line.name, element("i", {}, this.text(y) + range + elsewhere))]
  }
}

const SKELETON = `
<header><h3></h3><button type="button" class="reset button" hidden></button></header>
<div class="legend"></div>
<div class="paper"><svg class="plot" role="img" tabindex="0"></svg><div class="tip" role="status" hidden></div></div>`
