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

export const largest = rows => Math.max(0, ...rows.flat().map(Math.abs).filter(Number.isFinite))
const negative = rows => rows.flat().some(value => value < 0)

// The colours of a grid: one of the maps, over 0 … most or −most … most.
export class Shade {
  constructor(maps, most, signed) {
    Object.assign(this, { most, signed, stops: signed ? maps.signed : maps.upward })
  }

  static of(rows, maps, signed = false) {
    return new Shade(maps, largest(rows), signed || negative(rows))
  }

  get range() {
    return [this.signed ? -this.most : 0, this.most]
  }

  // Background, and figures on it that never stand under 4.5 : 1.
  pair(value) {
    if (!Number.isFinite(value)) return ["#b9c0c9", "#000000"]
    const share = this.most ? value / this.most : 0
    const rgb = along(this.stops, this.signed ? (share + 1) / 2 : share)
    return [css(rgb), ink(rgb)]
  }

  style(value) {
    const [background, color] = this.pair(value)
    return `background-color:${background};color:${color}`
  }

  bar() {
    return `linear-gradient(90deg, ${this.stops.map(css).join(", ")})`
  }
}

// Brightness, 0 to 1.
export const grey = value => css(Array(3).fill(Math.round(24 + 226 * Math.min(1, Math.max(0, value)))))
