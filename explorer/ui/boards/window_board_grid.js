// One grid of numbers: its cells as elements, their colours, and what is lit.

import { spell } from "./window_board_math.js"

// 12.75 in steps of 1 → "13"; what is not 0 does not become 0.
function spellRounded(value, step) {
  const whole = Math.sign(value) * Math.round(Math.abs(value) / step)
  return whole || !value ? spell(whole * step, 3) : "≈0"
}

// About, in em: figures are half an em wide, points half of that.
const width = words => [...words].reduce((sum, sign) => sum + (sign === "." ? 0.26 : 0.51), 0)

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

  // Fill in colours; `text(value)` spells a number, `fill` is what padding holds.
  paint(values, shade, text, fill = 0) {
    Object.assign(this, { shade, text, values: [] })
    for (const cell of this.cells) {
      const [r, c] = [Number(cell.dataset.r), Number(cell.dataset.c)]
      const outside = cell.classList.contains("pad")
      const value = outside ? fill : values[r][c]
      this.values.push(value)
      const style = outside || shade === null ? "" : shade.style(value)
      if (cell.dataset.style !== style) cell.style.cssText = cell.dataset.style = style
      cell.ariaLabel = `${this.cellLabel(r, c, outside)}: ${spell(value)}`
    }
  }

  // Fill in the numbers; `longest` is then the width of the longest, in em.
  write(rounded) {
    const step = rounded && this.shade?.high ? 10 ** (Math.floor(Math.log10(this.shade.high)) - 1) : 0
    this.rounded = false
    this.longest = 0.6
    this.cells.forEach((cell, n) => {
      const value = this.values[n]
      const words = step && Number.isFinite(value) ? spellRounded(value, step) : this.text(value)
      this.rounded ||= words !== this.text(value)
      this.longest = Math.max(this.longest, width(words))
      if (cell.textContent !== words) cell.textContent = words
    })
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
