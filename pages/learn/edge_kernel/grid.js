// A grid of numbers as a picture, on a canvas: a photograph has too many cells for one element each.

const WIDE = 158 // px, the most that a picture takes
const HIGH = 112

export class Grid {
  // `pointed(cell or null)` hears where the reader points, `pressed(cell)` which cell is clicked.
  constructor(canvas, { pointed = () => {}, pressed = null } = {}) {
    Object.assign(this, { canvas, pointed, pressed, at: null })
    canvas.onpointermove = event => this.point(this.cellAt(event))
    canvas.onpointerleave = () => this.point(null)
    canvas.onclick = event => this.pressed?.(this.cellAt(event))
    canvas.onkeydown = event => this.key(event)
    canvas.onblur = () => this.point(null)
  }

  shape(rows) {
    const [high, wide] = [rows.length, rows[0].length]
    if (this.high === high && this.wide === wide) return
    Object.assign(this, { high, wide, at: null })
    const cell = Math.min(30, Math.max(3, Math.floor(Math.min(WIDE / wide, HIGH / high))))
    this.cell = cell
    this.sharp = Math.max(1, Math.round(window.devicePixelRatio || 1))
    this.canvas.width = wide * cell * this.sharp
    this.canvas.height = high * cell * this.sharp
    this.canvas.style.width = `${wide * cell}px`
    this.canvas.style.height = `${high * cell}px`
  }

  // `lit`: a rectangle [row, column, high, wide] to frame, or null.
  draw(rows, colour, ink, lit = null) {
    this.shape(rows)
    const pen = this.canvas.getContext("2d")
    pen.setTransform(this.sharp, 0, 0, this.sharp, 0, 0)
    pen.fillStyle = "#aab2bc" // the lines between the cells
    pen.fillRect(0, 0, this.wide * this.cell, this.high * this.cell)
    const gap = this.cell >= 8 ? 1 : 0
    rows.forEach((row, i) =>
      row.forEach((value, j) => {
        pen.fillStyle = colour(value)
        pen.fillRect(j * this.cell, i * this.cell, this.cell - gap, this.cell - gap)
        if (!Number.isFinite(value)) this.cross(pen, i, j, ink)
      }),
    )
    if (!lit) return
    const [row, column, high, wide] = lit
    const box = [column * this.cell, row * this.cell, wide * this.cell - gap, high * this.cell - gap]
    for (const [width, style] of [[4, "#fff"], [2, "#000"]]) {
      pen.lineWidth = width
      pen.strokeStyle = style
      pen.strokeRect(box[0] + 1, box[1] + 1, box[2] - 2, box[3] - 2)
    }
  }

  cross(pen, i, j, ink) {
    const [x, y, cell] = [j * this.cell, i * this.cell, this.cell]
    pen.strokeStyle = ink
    pen.lineWidth = 1
    pen.beginPath()
    pen.moveTo(x + 2, y + 2)
    pen.lineTo(x + cell - 3, y + cell - 3)
    pen.moveTo(x + cell - 3, y + 2)
    pen.lineTo(x + 2, y + cell - 3)
    pen.stroke()
  }

  cellAt(event) {
    const box = this.canvas.getBoundingClientRect()
    const inside = (value, most) => Math.min(most - 1, Math.max(0, Math.floor(value * most)))
    return [inside((event.clientY - box.top) / box.height, this.high), inside((event.clientX - box.left) / box.width, this.wide)]
  }

  point(cell) {
    if (String(cell) === String(this.at)) return
    this.at = cell
    this.pointed(cell)
  }

  key(event) {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key]
    if (step) {
      event.preventDefault()
      const [i, j] = this.at ?? [0, 0]
      const inside = (value, most) => Math.min(most - 1, Math.max(0, value))
      this.point(this.at ? [inside(i + step[0], this.high), inside(j + step[1], this.wide)] : [0, 0])
    } else if (this.pressed && this.at && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault()
      this.pressed(this.at)
    }
  }
}
