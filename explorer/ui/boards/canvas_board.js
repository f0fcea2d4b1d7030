// Boards that draw on a canvas, and what they draw with: a pen as sharp as the screen, numbers as
// they come from Python, frames and words.

import { Board } from "./board.js"
import { Ramp } from "./colours.js"

export class CanvasBoard extends Board {
  // Bring a picture (`sprite`) and arrange all anew; the old one stays until the new one is there.
  load(address) {
    if (this.address === address && !this.loading) return this.arrange()
    this.address = address
    this.loading = true
    loaded(address).then(picture => {
      if (this.address !== address) return
      this.sprite = picture
      this.loading = !picture
      this.arrange()
    })
  }

  // The scale of a colour map; `ends` are the words at its two ends, if not their numbers.
  legend({ low, high, signed, range, ends }) {
    this.find(".bar").style.background = new Ramp(this.root, low, high, signed).bar()
    const [first, last] = ends ?? [spell(low, 3), spell(high, 3)]
    this.find(".low").textContent = first
    this.find(".high").textContent = last
    this.find(".range").textContent = range
  }

  // What `paint` draws, to take along: on a canvas of its own, on the page's ground.
  drawn(paint) {
    const canvas = document.createElement("canvas")
    paint(canvas, getComputedStyle(this.root).getPropertyValue("--st-background-color").trim() || "#ffffff")
    return { canvas, file: this.data.file }
  }
}

export const LEGEND = '<span class="low"></span><i class="bar"></i><span class="high"></span><span class="range"></span>'

// A picture that has been loaded; null if it is broken.
async function loaded(address) {
  const picture = new Image()
  picture.src = address
  try {
    await picture.decode()
    return picture
  } catch {
    return null
  }
}

// -- numbers --------------------------------------------------------------------------------------

// float32 in base64 → Float32Array
export function numbers(text) {
  const bytes = Uint8Array.from(atob(text), sign => sign.charCodeAt(0))
  return new Float32Array(bytes.buffer)
}

// 0.731, −12.4, 3.1e−5: as many digits as one can read out.
export function spell(value, digits = 4) {
  if (!Number.isFinite(value)) return String(value)
  const size = Math.abs(value)
  const text = size && (size < 1e-3 || size >= 1e6) ? value.toExponential(digits - 2) : String(Number(value.toPrecision(digits)))
  return text.replace(/-/g, "−").replace("e+", "e")
}

// -- the pen --------------------------------------------------------------------------------------

// Make `canvas` wide × high on the page, and give a pen that draws in the page's pixels.
export function penFor(canvas, wide, high, ground = "") {
  const sharp = Math.min(window.devicePixelRatio || 1, 3)
  const [across, down] = [wide, high].map(length => Math.max(1, Math.round(length * sharp)))
  if (canvas.width !== across || canvas.height !== down) Object.assign(canvas, { width: across, height: down })
  Object.assign(canvas.style, { width: `${wide}px`, height: `${high}px` })
  const pen = canvas.getContext("2d")
  pen.setTransform(across / wide, 0, 0, down / high, 0, 0)
  pen.clearRect(0, 0, wide, high)
  pen.imageSmoothingEnabled = false
  pen.fillStyle = ground
  if (ground) pen.fillRect(0, 0, wide, high)
  return pen
}

// Numbers as a picture of one pixel each, in the colours that `rgba(value, n)` gives.
export function pixels(values, wide, high, rgba) {
  const sheet = Object.assign(document.createElement("canvas"), { width: wide, height: high })
  const pen = sheet.getContext("2d")
  const bytes = pen.createImageData(wide, high)
  values.forEach((value, n) => bytes.data.set(rgba(value, n), 4 * n))
  pen.putImageData(bytes, 0, 0)
  return sheet
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

export function line(pen, x1, y1, x2, y2) {
  pen.beginPath()
  pen.moveTo(x1, y1)
  pen.lineTo(x2, y2)
  pen.stroke()
}
