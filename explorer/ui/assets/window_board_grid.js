// One grid of numbers: its cells as elements, their colours, and what is lit.

const { search } = new URL(import.meta.url)
const { spell } = await import(`./window_board_math.js${search}`)

const parse = hex => [1, 3, 5].map(at => parseInt(hex.slice(at, at + 2), 16))
const mix = (a, b, t) => a.map((channel, n) => Math.round(channel + (b[n] - channel) * t))
const linear = channel => ((channel /= 255) <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4)
const luminance = rgb => 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2])

// The theme's two maps: signed with white at zero, and from zero up.
export function readMaps(element) {
  const style = getComputedStyle(element)
  const list = name => style.getPropertyValue(name).split(",").map(word => word.trim()).filter(word => /^#[0-9a-f]{6}$/i.test(word)).map(parse)
  const signed = list("--st-chart-diverging-colors")
  const upward = list("--st-chart-sequential-colors")
  return {
    signed: signed.length === 10 ? [...signed.slice(0, 5), [255, 255, 255], ...signed.slice(5)] : [[11, 79, 138], [255, 255, 255], [143, 63, 7]],
    upward: upward.length ? upward : [[68, 1, 84], [33, 145, 140], [253, 231, 37]],
  }
}

const along = (stops, t) => {
  const place = Math.min(Math.max(t, 0), 1) * (stops.length - 1)
  const n = Math.min(Math.floor(place), stops.length - 2)
  return mix(stops[n], stops[n + 1], place - n)
}

// The colours of a grid: which map, and over which range.
export class Shade {
  constructor(values, maps, signed = false) {
    const all = values.flat().filter(Number.isFinite)
    this.most = Math.max(...all.map(Math.abs), 0)
    this.signed = signed || all.some(value => value < 0)
    this.stops = this.signed ? maps.signed : maps.upward
  }

  get range() {
    return [this.signed ? -this.most : 0, this.most]
  }

  of(value) {
    const share = this.most ? value / this.most : 0
    const rgb = along(this.stops, this.signed ? (share + 1) / 2 : share)
    const ink = luminance(rgb) > 0.179 ? "#000000" : "#ffffff" // never under 4.5 : 1
    return `background:rgb(${rgb.join(",")});color:${ink}`
  }

  bar() {
    return `linear-gradient(90deg, ${this.stops.map(rgb => `rgb(${rgb.join(",")})`).join(", ")})`
  }
}

export class Grid {
  // `margin` rows and columns of padding on each side; `name` is the letter of its cells: X[0, 1].
  constructor(host, letter) {
    this.host = host
    this.letter = letter
    this.body = host.querySelector(".cells")
    this.lit = []
    this.body.innerHTML = ""
  }

  build(size, margin, label, cellLabel) {
    const shape = JSON.stringify([size, margin])
    this.body.setAttribute("aria-label", label)
    this.cellLabel = cellLabel
    if (shape === this.shape) return
    this.shape = shape
    this.size = size
    this.margin = margin
    this.lit = []
    const [height, width] = size
    const [top, left] = margin
    const rows = []
    for (let r = -top; r < height + top; r++) {
      const cells = []
      for (let c = -left; c < width + left; c++) {
        const outside = r < 0 || c < 0 || r >= height || c >= width
        cells.push(`<div role="gridcell" class="cell${outside ? " pad" : ""}" tabindex="-1" data-r="${r}" data-c="${c}"></div>`)
      }
      rows.push(`<div role="row">${cells.join("")}</div>`)
    }
    this.body.innerHTML = rows.join("")
    this.body.style.setProperty("--columns", width + 2 * left)
    this.cells = [...this.body.querySelectorAll(".cell")]
    this.stop = this.at(0, 0)
    this.stop.tabIndex = 0
  }

  at(r, c) {
    const [top, left] = this.margin
    const columns = this.size[1] + 2 * left
    if (c < -left || c >= this.size[1] + left || r < -top) return undefined
    return this.cells[(r + top) * columns + c + left]
  }

  name(r, c) {
    return `${this.letter}[${r}, ${c}]`.replaceAll("-", "−")
  }

  // Fill in numbers and colours; `text` spells a value, `fill` is what padding holds.
  paint(values, shade, text, fill = 0) {
    this.shade = shade
    for (const cell of this.cells) {
      const [r, c] = [Number(cell.dataset.r), Number(cell.dataset.c)]
      const outside = cell.classList.contains("pad")
      const value = outside ? fill : values[r][c]
      const words = text(value)
      if (cell.textContent !== words) cell.textContent = words
      const style = outside || shade === null ? "" : shade.of(value)
      if (cell.dataset.style !== style) cell.style.cssText = cell.dataset.style = style
      cell.ariaLabel = `${this.cellLabel(r, c, outside)}: ${spell(value)}`
    }
  }

  clear() {
    for (const cell of this.lit) cell.classList.remove("lit", "strong", "within")
    this.lit = []
  }

  light(r, c, how = "lit") {
    const cell = this.at(r, c)
    if (!cell) return
    cell.classList.add(how)
    this.lit.push(cell)
  }

  // Where Tab arrives.
  rest(cell) {
    if (!cell || cell === this.stop) return
    this.stop.tabIndex = -1
    cell.tabIndex = 0
    this.stop = cell
  }
}
