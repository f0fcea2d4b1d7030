// The theme's two maps: signed numbers with white at zero, and numbers from zero up.

// "#rgb", "#rrggbb" or "rgb(…)" → [red, green, blue], 0 to 255.
export function parts(color) {
  if (!color.startsWith("#")) return color.match(/[\d.]+/g).slice(0, 3).map(Number)
  const wide = color.length === 4 ? 1 : 2
  return [0, 1, 2].map(n => parseInt(color.slice(1 + n * wide, 1 + (n + 1) * wide).padEnd(2, color[1 + n]), 16))
}

export const mix = (a, b, share) => a.map((part, n) => Math.round(part + (b[n] - part) * share))
const linear = part => ((part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
export const ink = rgb => (luminance(rgb) > 0.179 ? "#000000" : "#ffffff") // never under 4.5 : 1 on it
export const css = rgb => `rgb(${rgb.join(",")})`

export function readMaps(element) {
  const style = getComputedStyle(element)
  const list = name =>
    style.getPropertyValue(name).split(",").map(word => word.trim()).filter(word => /^#[0-9a-f]{6}$/i.test(word)).map(parts)
  const signed = list("--st-chart-diverging-colors")
  const upward = list("--st-chart-sequential-colors")
  return {
    signed: signed.length === 10 ? [...signed.slice(0, 5), [255, 255, 255], ...signed.slice(5)] : [[11, 79, 138], [255, 255, 255], [143, 63, 7]],
    upward: upward.length ? upward : [[68, 1, 84], [33, 145, 140], [253, 231, 37]],
  }
}

export function along(stops, share) {
  const place = Math.min(Math.max(share, 0), 1) * (stops.length - 1)
  const low = Math.min(Math.floor(place), stops.length - 2)
  return mix(stops[low], stops[low + 1], place - low)
}

export const largest = rows => rows.flat().reduce((most, value) => (Math.abs(value) < Infinity ? Math.max(most, Math.abs(value)) : most), 0)

export const NONE = [185, 192, 201] // for what is no number

// Colours over low … high: of signed numbers with white at zero, of others from dark to bright.
export class Ramp {
  constructor(element, low, high, signed) {
    const maps = readMaps(element)
    Object.assign(this, { low, high, signed, stops: signed ? maps.signed : maps.upward })
  }

  // From 0, or as far below it, to `most`.
  static upTo(most, element, signed) {
    return new Ramp(element, signed ? -most : 0, most, signed)
  }

  static of(rows, element, signed = false) {
    return Ramp.upTo(largest(rows), element, signed || rows.flat().some(value => value < 0))
  }

  rgb(value) {
    if (!Number.isFinite(value)) return NONE
    const width = this.high - this.low
    return along(this.stops, width > 0 ? (value - this.low) / width : this.signed ? 0.5 : 0)
  }

  css(value) {
    return css(this.rgb(value))
  }

  // Background, and figures on it that never stand under 4.5 : 1.
  style(value) {
    const rgb = this.rgb(value)
    return `background-color:${css(rgb)};color:${ink(rgb)}`
  }

  bar() {
    return `linear-gradient(90deg, ${this.stops.map(css).join(", ")})`
  }
}

// Brightness, 0 to 1.
export const grey = value => Array(3).fill(Math.round(24 + 226 * Math.min(1, Math.max(0, value))))
