// The two plots of the descent board: the loss surface and the loss by step. Colours are written
// into the drawing, so that it can be saved as it stands.

import * as math from "./math.js"
import { along, css, mix, parts, readMaps } from "../../../explorer/ui/boards/colours.js"
import { add, clamp, mark as shape, set } from "../../../explorer/ui/boards/shared.js"

const LEVELS = 13 // contours, each twice as high as the one below
const DASH = ["none", "6 4"]
const HIGH = 306 // height of both plots in the drawing's units
const BOTTOM = 40

// The theme's colours as the plots need them.
export function readColours(root) {
  const style = getComputedStyle(root)
  const read = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise
  const [paper, ink] = [read("--st-background-color", "#ffffff"), read("--st-text-color", "#17202b")]
  const onPaper = (colour, share) => css(mix(parts(paper), parts(colour), share))
  const light = parts(paper).reduce((sum, part) => sum + part) > 380
  const { upward } = readMaps(root)
  return {
    paper, ink,
    key: `${paper} ${ink}`,
    mix: onPaper,
    quiet: onPaper(ink, 0.72),
    line: onPaper(ink, 0.16),
    alarm: light ? "#b3261e" : "#ff8a7a",
    runs: light ? ["#0060a0", "#c24e00"] : ["#6fc0f5", "#f79256"],
    font: read("--st-font", "sans-serif"),
    sequential: share => css(along(upward, share)),
  }
}

// A circle for the first run, a diamond for the second.
export const mark = (index, [x, y], size) => shape(index ? "diamond" : "circle", x, y, size)

// A drawing in the page's font and ink, as large as it says.
export function frame(host, width, high, { font, ink }, attributes) {
  const svg = add(null, "svg", { viewBox: `0 0 ${width} ${high}`, "font-family": font, "font-size": 13.5, fill: ink, ...attributes })
  host.replaceChildren(svg)
  return svg
}

export class Surface {
  constructor(host, data, kind, colours, name) {
    Object.assign(this, { data, colours, left: 56, top: 6, side: HIGH - BOTTOM - 6 })
    this.flat = math.plane(data, kind)
    this.view = math.view(data, this.flat)
    this.width = this.left + this.side + 8
    this.svg = frame(host, this.width, HIGH, colours, { role: "img", "aria-label": data.labels.surface_meaning })
    this.clip = `surface-${name}`
    this.axes()
    this.contours()
    this.paths()
  }

  toPixels([x, y]) {
    const { centre, half } = this.view
    const scale = this.side / (2 * half)
    return [this.left + (x - centre[0] + half) * scale, this.top + (half - (y - centre[1])) * scale]
  }

  axes() {
    const { svg, colours, left, top, side, view, data } = this
    const clip = add(add(svg, "defs"), "clipPath", { id: this.clip })
    add(clip, "rect", { x: left, y: top, width: side, height: side })
    for (const axis of [0, 1]) {
      const [low, high] = [view.centre[axis] - view.half, view.centre[axis] + view.half]
      for (const [value, text] of math.ticks(low, high, 5)) {
        const at = this.toPixels(axis ? [view.centre[0], value] : [value, view.centre[1]])
        if (axis) add(svg, "text", { x: left - 6, y: at[1] + 4, "text-anchor": "end", fill: colours.quiet }, text)
        else add(svg, "text", { x: at[0], y: top + side + 16, "text-anchor": "middle", fill: colours.quiet }, text)
      }
    }
    const words = this.flat.kind === "axes" ? [data.labels.flattest, data.labels.steepest] : data.names
    add(svg, "text", { x: left + side / 2, y: HIGH - 5, "text-anchor": "middle", "font-weight": 600 }, words[0])
    const [x, y] = [12, top + side / 2]
    add(svg, "text", { x, y, "text-anchor": "middle", "font-weight": 600, transform: `rotate(-90 ${x} ${y})` }, words[1])
  }

  contours() {
    const { svg, colours, left, top, side, view, data } = this
    this.inside = add(svg, "g", { "clip-path": `url(#${this.clip})` })
    const shape = math.slice(data, this.flat, data.solution)
    const highest = shape.curvatures[0] * view.half ** 2 * 1.5
    this.levels = Array.from({ length: LEVELS }, (_, i) => highest / 2 ** i)
    const tone = i => colours.sequential(1 - i / LEVELS)
    add(this.inside, "rect", { x: left, y: top, width: side, height: side, fill: tone(0), "fill-opacity": 0.34 })
    this.rings = this.levels.map((_, i) => {
      const paint = { fill: colours.mix(tone(i + 1), 0.34), stroke: colours.mix(tone(i + 1), 0.85), "stroke-width": 1.1 }
      return add(this.inside, "ellipse", paint)
    })
    add(svg, "rect", { x: left, y: top, width: side, height: side, fill: "none", stroke: colours.line })
  }

  slice(parameters) {
    const shape = (this.shape = math.slice(this.data, this.flat, parameters))
    const [x, y] = this.toPixels(shape.lowest)
    const scale = this.side / (2 * this.view.half)
    const turn = `rotate(${(-shape.angle * 180) / Math.PI} ${x} ${y})`
    const far = 60 * this.side // a valley without end is drawn as a very long ellipse
    this.rings.forEach((ring, i) => {
      const above = this.levels[i] - shape.least
      const [rx, ry] = shape.curvatures.map(curvature => Math.min(scale * Math.sqrt((2 * above) / curvature), far))
      if (above > 0 && shape.curvatures[0] > 0) set(ring, { cx: x, cy: y, rx, ry, transform: turn, display: "inline" })
      else ring.setAttribute("display", "none")
    })
  }

  paths() {
    const { svg, inside, colours, data } = this
    const [x, y] = this.toPixels(math.place(this.flat, data.solution))
    const cross = `M${x - 6} ${y - 6}L${x + 6} ${y + 6}M${x - 6} ${y + 6}L${x + 6} ${y - 6}`
    add(inside, "path", { d: cross, stroke: colours.paper, "stroke-width": 5, "stroke-linecap": "round" })
    add(inside, "path", { d: cross, stroke: colours.ink, "stroke-width": 2.2, "stroke-linecap": "round" })
    const right = x > this.left + this.side * 0.62
    const [textX, anchor] = right ? [x - 10, "end"] : [x + 10, "start"]
    const above = y < this.top + 24 ? 18 : -9
    const words = { x: textX, y: y + above, "text-anchor": anchor, "font-weight": 600, stroke: colours.paper, "stroke-width": 3, "stroke-opacity": 0.8, "paint-order": "stroke" }
    this.points = data.runs.map(run => run.steps.filter(({ p }) => math.isFinite(p)).map(({ p }) => this.toPixels(math.place(this.flat, p)).map(limit)))
    // Once far out, a run crosses the picture at every step: from there on only its arrow is drawn.
    const middle = [this.left + this.side / 2, this.top + this.side / 2]
    this.ends = this.points.map(points => {
      const far = points.findIndex(([px, py]) => Math.hypot(px - middle[0], py - middle[1]) > 1.5 * this.side)
      return far < 0 ? points.length - 1 : far
    })
    this.drawn = data.runs.map((_, index) => {
      const line = { fill: "none", stroke: colours.runs[index], "stroke-dasharray": DASH[index], "stroke-linejoin": "round" }
      const ahead = add(inside, "path", { ...line, "stroke-width": 1.6, "stroke-opacity": 0.4 })
      const behind = add(inside, "path", { ...line, "stroke-width": 2.4 })
      const dots = add(inside, "path", { fill: colours.runs[index], stroke: colours.paper, "stroke-width": 0.8 })
      const now = add(svg, "path", { fill: colours.runs[index], stroke: colours.paper, "stroke-width": 2, class: "ball" })
      return { ahead, behind, dots, now }
    })
    add(inside, "text", words, data.labels.target_here)
  }

  // `position` may lie between two steps: the point rolls along the straight way between them.
  move(position, shown) {
    const { data } = this
    const parameters = between(data.runs[shown].steps, position)
    let outside = ""
    let gone = parameters === null
    this.drawn.forEach((drawn, index) => {
      const points = this.points[index]
      if (!points.length) return
      const last = points.length - 1
      const { whole, at } = standing(points, position)
      const end = this.ends[index]
      drawn.behind.setAttribute("d", way([...points.slice(0, Math.min(whole, end) + 1), ...(whole < end ? [at] : [])]))
      drawn.ahead.setAttribute("d", whole < end ? way([at, ...points.slice(whole + 1, end + 1)]) : "")
      const size = last > 60 ? 1.4 : 2.6
      drawn.dots.setAttribute("d", points.slice(0, Math.min(whole, end) + 1).map(point => mark(index, point, size)).join(""))
      drawn.dots.setAttribute("stroke-width", last > 60 ? 0 : 0.8)
      const held = this.hold(at)
      drawn.now.setAttribute("d", held.inside ? mark(index, at, 6.5) : this.arrow(held.at, at))
      if (held.inside || index !== shown) return
      gone = true
      outside = this.spell(math.place(this.flat, data.runs[index].steps[whole].p))
    })
    // Far out nothing of the bowl would be left to see: there it is cut through its lowest point.
    this.slice(gone ? data.solution : parameters)
    return { outside, moved: gone }
  }

  spell(point) {
    return `(${point.map(value => math.number(value, 2)).join(", ")})`
  }

  // The loss under the pointer, in the slice that is drawn.
  lossAt(clientX, clientY) {
    const box = this.svg.getBoundingClientRect()
    const [px, py] = [((clientX - box.left) / box.width) * this.width, ((clientY - box.top) / box.height) * HIGH]
    if (px < this.left || px > this.left + this.side || py < this.top || py > this.top + this.side) return null
    const scale = this.side / (2 * this.view.half)
    const { centre, half } = this.view
    const point = [centre[0] - half + (px - this.left) / scale, centre[1] + half - (py - this.top) / scale]
    return { place: this.spell(point), loss: math.level(this.shape, point) }
  }

  hold([x, y]) {
    const pad = 9
    const [low, high] = [[this.left + pad, this.top + pad], [this.left + this.side - pad, this.top + this.side - pad]]
    const at = [x, y].map((value, i) => clamp(value, low[i], high[i]))
    const inside = x >= this.left && x <= this.left + this.side && y >= this.top && y <= this.top + this.side
    return { inside, at: inside ? [x, y] : at }
  }

  // At the border, towards where the point is.
  arrow([x, y], [farX, farY]) {
    const length = Math.hypot(farX - x, farY - y) || 1
    const [dx, dy] = [(farX - x) / length, (farY - y) / length]
    return `M${x + 8 * dx} ${y + 8 * dy}L${x - 6 * dx - 6 * dy} ${y - 6 * dy + 6 * dx}L${x - 6 * dx + 6 * dy} ${y - 6 * dy - 6 * dx}Z`
  }
}

const limit = value => clamp(value, -1e6, 1e6) // what SVG can still draw
const way = points => `M${points.map(point => point.map(value => value.toFixed(1)).join(" ")).join("L")}`

// The step that `position` has reached, and the place on the straight way to the next.
function standing(points, position) {
  const last = points.length - 1
  const whole = Math.min(Math.floor(position), last)
  const [here, next] = [points[whole], points[Math.min(whole + 1, last)]]
  return { whole, at: here.map((value, i) => value + (Math.min(position, last) - whole) * (next[i] - value)) }
}

function between(steps, position) {
  const whole = Math.min(Math.floor(position), steps.length - 1)
  const here = steps[whole].p
  if (!math.isFinite(here)) return null
  const next = steps[Math.min(whole + 1, steps.length - 1)].p
  return math.isFinite(next) ? here.map((value, i) => value + (position - whole) * (next[i] - value)) : here
}

export class Curve {
  constructor(host, data, colours, name) {
    Object.assign(this, { data, colours, left: 50, right: 12, top: 12, width: 366 })
    this.svg = frame(host, this.width, HIGH, colours, { role: "img", "aria-label": data.labels.curve_meaning })
    this.base = HIGH - BOTTOM
    this.clip = `curve-${name}`
    this.scale()
    this.axes()
    this.lines()
  }

  scale() {
    const losses = this.data.runs.flatMap(run => run.steps.map(step => step.loss)).filter(loss => typeof loss === "number" && loss > 0)
    const logs = losses.length ? losses.map(Math.log10) : [0]
    this.low = Math.floor(Math.min(...logs) - 0.05)
    this.high = Math.max(Math.ceil(Math.max(...logs) + 0.05), this.low + 1)
    this.last = Math.max(...this.data.runs.map(run => run.steps.length - 1), 1)
  }

  x(step) {
    return this.left + (step / this.last) * (this.width - this.left - this.right)
  }

  y(loss) {
    if (typeof loss !== "number") return this.top - 2
    const log = loss > 0 ? Math.log10(loss) : this.low
    return this.base - ((log - this.low) / (this.high - this.low)) * (this.base - this.top - 8)
  }

  axes() {
    const { svg, colours, left, width, right, base, top, data } = this
    const every = Math.ceil((this.high - this.low) / 7)
    for (let exponent = this.low; exponent <= this.high; exponent += every) {
      const y = this.y(10 ** exponent)
      add(svg, "line", { x1: left, x2: width - right, y1: y, y2: y, stroke: colours.line, "stroke-width": 0.8 })
      add(svg, "text", { x: left - 6, y: y + 4, "text-anchor": "end", fill: colours.quiet }, math.power(exponent))
    }
    const whole = math.ticks(0, this.last, 5).filter(([value]) => Number.isInteger(value))
    for (const [value, text] of whole) add(svg, "text", { x: this.x(value), y: base + 16, "text-anchor": "middle", fill: colours.quiet }, text)
    add(svg, "text", { x: (left + width - right) / 2, y: HIGH - 5, "text-anchor": "middle", "font-weight": 600 }, data.labels.step_axis)
    add(svg, "line", { x1: left, x2: width - right, y1: base, y2: base, stroke: colours.quiet })
    this.cursor = add(svg, "line", { y1: top - 6, y2: base, stroke: colours.quiet, "stroke-width": 1, "stroke-dasharray": "2 3" })
  }

  lines() {
    const { svg, colours, data } = this
    this.drawn = data.runs.map((run, index) => {
      const points = run.steps.map((step, k) => [this.x(k), this.y(step.loss)])
      const finite = points.filter((_, k) => typeof run.steps[k].loss === "number")
      add(svg, "path", { d: way(finite), fill: "none", stroke: colours.runs[index], "stroke-width": 2, "stroke-dasharray": DASH[index], "stroke-linejoin": "round" })
      if (finite.length <= 60) add(svg, "path", { d: finite.map(point => mark(index, point, 2.6)).join(""), fill: colours.runs[index], stroke: colours.paper, "stroke-width": 0.8 })
      this.breaks(run, index)
      return { points, now: add(svg, "path", { fill: colours.runs[index], stroke: colours.paper, "stroke-width": 2 }) }
    })
  }

  // Where the loss stops being a number it is written, not drawn.
  breaks(run, index) {
    const none = run.steps.findIndex(({ loss }) => loss === 0)
    if (none >= 0) add(this.svg, "text", { x: this.x(none), y: this.base - 8, "font-weight": 700, "text-anchor": "middle" }, `0 (${none})`)
    for (const sign of ["∞", "NaN"]) {
      const step = run.steps.findIndex(({ loss }) => loss === sign)
      if (step < 0) continue
      const anchor = step > 0.85 * this.last ? "end" : "middle"
      const mark = { x: this.x(step), y: this.top + 4 + 14 * (index + (sign === "NaN" ? 1 : 0)), "text-anchor": anchor, "font-weight": 700, fill: this.colours.alarm }
      add(this.svg, "text", mark, `${sign} (${step})`)
    }
  }

  move(position) {
    this.drawn.forEach(({ points, now }, index) => {
      now.setAttribute("d", mark(index, standing(points, position).at, 6))
    })
    set(this.cursor, { x1: this.x(position), x2: this.x(position) })
  }

  // The step under the pointer.
  stepAt(clientX) {
    const box = this.svg.getBoundingClientRect()
    const x = ((clientX - box.left) / box.width) * this.width
    return Math.round(((x - this.left) / (this.width - this.left - this.right)) * this.last)
  }
}
