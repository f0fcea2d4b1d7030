// What the boards on feature maps share: numbers as they come from Python, their colours, and a
// canvas that is as sharp as the screen.

import { along, css, readMaps } from "./colours.js"

export const NONE = [185, 192, 201] // for what is no number

// float32 in base64 → Float32Array
export function numbers(text) {
  const bytes = Uint8Array.from(atob(text), sign => sign.charCodeAt(0))
  return new Float32Array(bytes.buffer)
}

// Colours over low … high: of signed numbers with white at zero, of others from dark to bright.
export class Ramp {
  constructor(element, low, high, signed) {
    const maps = readMaps(element)
    Object.assign(this, { low, high, stops: signed ? maps.signed : maps.upward, middle: signed })
  }

  rgb(value) {
    if (!Number.isFinite(value)) return NONE
    const width = this.high - this.low
    return along(this.stops, width > 0 ? (value - this.low) / width : this.middle ? 0.5 : 0)
  }

  bar() {
    return `linear-gradient(90deg, ${this.stops.map(css).join(", ")})`
  }
}

// 0.731, −12.4, 3.1e−5: as many digits as one can read out.
export function spell(value, digits = 4) {
  if (!Number.isFinite(value)) return String(value)
  const size = Math.abs(value)
  const text = size && (size < 1e-3 || size >= 1e6) ? value.toExponential(digits - 2) : String(Number(value.toPrecision(digits)))
  return text.replace(/-/g, "−").replace("e+", "e")
}

// For the cells of one grid: decimals as its largest number needs them.
export function cellText(value, most) {
  if (!Number.isFinite(value)) return String(value)
  const decimals = most > 0 ? Math.min(12, Math.max(0, 1 - Math.floor(Math.log10(most)))) : 0
  const text = value.toFixed(decimals)
  return Number(text) === 0 ? "0" : text.replace("-", "−")
}

export const ink = ([r, g, b]) => (0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#000000" : "#ffffff")

// Make `canvas` wide × high on the page, and give a pen that draws in the page's pixels.
export function penFor(canvas, wide, high) {
  const sharp = Math.min(window.devicePixelRatio || 1, 3)
  const [across, down] = [Math.max(1, Math.round(wide * sharp)), Math.max(1, Math.round(high * sharp))]
  if (canvas.width !== across || canvas.height !== down) Object.assign(canvas, { width: across, height: down })
  Object.assign(canvas.style, { width: `${wide}px`, height: `${high}px` })
  const pen = canvas.getContext("2d")
  pen.setTransform(across / wide, 0, 0, down / high, 0, 0)
  pen.clearRect(0, 0, wide, high)
  pen.imageSmoothingEnabled = false
  return pen
}

// A frame that is seen on every colour: vermilion between two white lines.
export function frame(pen, x, y, wide, high, { thick = 3, color = "#d55e00" } = {}) {
  pen.lineJoin = "round"
  for (const [width, stroke] of [[thick + 2.5, "#ffffff"], [thick, color]]) {
    pen.lineWidth = width
    pen.strokeStyle = stroke
    pen.strokeRect(x, y, wide, high)
  }
}

// A text in the middle of a cell, made smaller where it is wider than `room`.
export function fitted(pen, text, x, y, room) {
  const wide = pen.measureText(text).width
  if (wide <= room) return pen.fillText(text, x, y)
  pen.save()
  pen.translate(x, y)
  pen.scale(room / wide, room / wide)
  pen.fillText(text, 0, 0)
  pen.restore()
}

// Where the pointer is on an element, in its own pixels.
export function placeOn(element, event) {
  const box = element.getBoundingClientRect()
  const zoom = box.width / element.offsetWidth || 1
  return [(event.clientX - box.left) / zoom, (event.clientY - box.top) / zoom]
}

// A picture that has been loaded; null if another was asked for meanwhile, or it is broken.
export async function loaded(address) {
  const picture = new Image()
  picture.src = address
  try {
    await picture.decode()
    return picture
  } catch {
    return null
  }
}

// Calls `tell` when nothing has happened for a moment: held arrow keys ask once.
export class Later {
  constructor(tell, milliseconds = 120) {
    Object.assign(this, { tell, milliseconds })
  }

  soon(...given) {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.tell(...given), this.milliseconds)
  }

  now(...given) {
    clearTimeout(this.timer)
    this.tell(...given)
  }

  stop() {
    clearTimeout(this.timer)
  }
}

export const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }
