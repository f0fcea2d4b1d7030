// The learning rate on a ruler: where descent glides, where it zigzags, and where it runs away.
// The marks can be dragged, or moved with the arrow keys.

import { frame, mark } from "./plots.js"
import { add, clamp, fill as filled, set } from "../../../explorer/ui/boards/shared.js"

const HIGH = 82
const TRACK = [34, 22] // top and height
const KEY = 10 ** 0.025 // an arrow key's factor: forty to a decade
const WIDEST = 1000 // rates that Python accepts

export class Ruler {
  // `chosen(rates)` hears of the rates once the reader lets go.
  constructor(host, data, colours, chosen) {
    Object.assign(this, { host, data, colours, chosen })
    this.rates = data.runs.map(run => run.rate)
    this.draw()
  }

  draw() {
    const { host, data, colours } = this
    const { critical, curvatures } = data.spectrum
    if (critical === null) return void (host.textContent = data.labels.any_rate)
    this.width = Math.max(300, host.clientWidth || 640)
    this.svg = frame(host, this.width, HIGH, colours, { width: this.width, height: HIGH, "font-size": 12.5 })
    this.low = Math.log10(Math.min(critical / 14, ...this.rates.map(rate => rate / 1.5)))
    this.high = Math.log10(Math.max(critical * 2.6, ...this.rates.map(rate => rate * 1.5)))
    this.zones(1 / curvatures.at(-1), critical)
    this.numbers()
    this.limit(critical)
    this.handles = this.rates.map((_, index) => this.handle(index))
    this.show()
  }

  x(rate) {
    return 8 + ((Math.log10(rate) - this.low) / (this.high - this.low)) * (this.width - 16)
  }

  zones(straight, critical) {
    const { svg, colours, data, width } = this
    const [top, high] = TRACK
    const hatch = add(add(svg, "defs"), "pattern", { id: "runs-away", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" })
    add(hatch, "rect", { width: 7, height: 7, fill: colours.mix(colours.alarm, 0.16) })
    add(hatch, "rect", { width: 2, height: 7, fill: colours.mix(colours.alarm, 0.4) })
    const edges = [8, this.x(straight), this.x(critical), width - 8]
    const paints = [colours.mix("#009e73", 0.3), colours.mix("#009e73", 0.13), "url(#runs-away)"]
    const words = [data.labels.glides, data.labels.zigzags, data.labels.diverges]
    paints.forEach((fill, i) => {
      add(svg, "rect", { x: edges[i], y: top, width: edges[i + 1] - edges[i], height: high, fill })
      const room = edges[i + 1] - edges[i]
      const text = add(svg, "text", { x: (edges[i] + edges[i + 1]) / 2, y: top - 6, "text-anchor": "middle", class: "zone", fill: colours.quiet }, words[i])
      if (text.getComputedTextLength() > room - 4) text.remove()
    })
    add(svg, "rect", { x: 8, y: top, width: width - 16, height: high, fill: "none", stroke: colours.quiet })
  }

  numbers() {
    const { svg, colours, width } = this
    let free = 0
    for (let exponent = Math.floor(this.low); exponent <= this.high; exponent++)
      for (const digit of [1, 2, 5]) {
        const rate = digit * 10 ** exponent
        const x = this.x(rate)
        if (x < 12 || x > width - 14) continue
        add(svg, "line", { x1: x, x2: x, y1: 56, y2: 61, stroke: colours.quiet })
        if (x - 16 < free) continue
        add(svg, "text", { x, y: 75, "text-anchor": "middle", fill: colours.quiet }, String(Number(rate.toPrecision(3))))
        free = x + 24
      }
  }

  limit(critical) {
    const { svg, colours, data, width } = this
    const x = this.x(critical)
    add(svg, "line", { x1: x, x2: x, y1: 20, y2: 61, stroke: colours.alarm, "stroke-width": 3 })
    const text = filled(data.labels.critical, { rate: critical.toPrecision(3) })
    const label = add(svg, "text", { x, y: 14, "text-anchor": "middle", "font-weight": 700, fill: colours.alarm, class: "critical" }, text)
    const half = label.getComputedTextLength() / 2
    label.setAttribute("x", clamp(x, half + 4, width - half - 4))
  }

  handle(index) {
    const { svg, colours, data } = this
    const handle = add(svg, "path", {
      fill: colours.runs[index], stroke: colours.paper, "stroke-width": 2.5, class: "handle", tabindex: 0, role: "slider",
      "aria-label": index ? data.labels.second_rate : data.labels.rate, "aria-valuemin": 0, "aria-valuemax": WIDEST,
    })
    add(handle, "title", {}, data.labels.rate_hint)
    handle.onpointerdown = event => {
      handle.setPointerCapture(event.pointerId)
      this.held = index
      event.preventDefault()
      handle.focus()
    }
    handle.onpointermove = event => {
      if (this.held !== index) return
      const x = event.clientX - this.svg.getBoundingClientRect().left
      this.put(index, 10 ** (this.low + ((x - 8) / (this.width - 16)) * (this.high - this.low)), false)
    }
    handle.onpointerup = handle.onpointercancel = () => {
      if (this.held === index) this.put(index, this.rates[index], true)
      this.held = null
    }
    handle.onkeydown = event => {
      const factor = { ArrowRight: KEY, ArrowUp: KEY, ArrowLeft: 1 / KEY, ArrowDown: 1 / KEY, PageUp: 2, PageDown: 0.5 }[event.key]
      if (!factor) return
      event.preventDefault()
      this.put(index, this.rates[index] * factor, true)
    }
    return handle
  }

  put(index, rate, settled) {
    const inside = Math.min(Math.max(rate, 10 ** this.low), 10 ** this.high, WIDEST)
    this.rates[index] = Number(inside.toPrecision(3))
    this.show()
    clearTimeout(this.timer)
    if (settled) this.timer = setTimeout(() => this.chosen(this.rates), 250)
  }

  show() {
    this.handles?.forEach((handle, index) => {
      const rate = this.rates[index]
      handle.setAttribute("d", mark(index, [this.x(rate), TRACK[0] + TRACK[1] / 2], 9))
      set(handle, { "aria-valuenow": rate, "aria-valuetext": String(rate) })
    })
  }

  resize() {
    if (this.svg && Math.abs(this.host.clientWidth - this.width) > 2 && this.host.clientWidth > 300) this.draw()
  }
}
