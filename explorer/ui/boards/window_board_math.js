// What a sliding window computes. Coordinates (r, c) are the input's; in the padding they are
// negative or beyond the far side. (u, v) are places in the window, (i, j) cells of the output.

export class Plan {
  constructor({ input, kernel, operation, stride, padding, dilation, flip }) {
    Object.assign(this, { input, operation, stride, padding, dilation })
    this.size = [input.length, input[0].length]
    this.window = [kernel.length, kernel[0].length]
    this.flip = flip && operation === "correlate"
    this.weights = this.flip ? kernel.map(row => [...row].reverse()).reverse() : kernel
    this.fill = operation === "max" ? -Infinity : 0
    this.span = this.window.map((cells, axis) => dilation[axis] * (cells - 1) + 1)
    this.padded = this.size.map((cells, axis) => cells + 2 * padding[axis])
    this.out = this.span.map((span, axis) => Math.max(0, Math.floor((this.padded[axis] - span) / stride[axis]) + 1))
    this.drawn = this.span.map((span, axis) => Math.max(span, this.padded[axis])) // cells that need room
    this.compute()
  }

  get places() {
    return this.out[0] * this.out[1]
  }

  inside(r, c) {
    return r >= 0 && c >= 0 && r < this.size[0] && c < this.size[1]
  }

  value(r, c) {
    return this.inside(r, c) ? this.input[r][c] : this.fill
  }

  // The cells of the window at output (i, j), in reading order.
  terms(i, j) {
    const found = []
    for (let u = 0; u < this.window[0]; u++)
      for (let v = 0; v < this.window[1]; v++) {
        const r = i * this.stride[0] - this.padding[0] + u * this.dilation[0]
        const c = j * this.stride[1] - this.padding[1] + v * this.dilation[1]
        found.push({ r, c, u, v, x: this.value(r, c), w: this.weights[u][v] })
      }
    return found
  }

  // Which term gives the maximum: the first of equals, as in torch.
  winner(terms) {
    return terms.reduce((best, term, n) => (term.x > terms[best].x ? n : best), 0)
  }

  result(terms) {
    if (this.operation === "max") return terms[this.winner(terms)].x
    if (this.operation === "avg") return terms.reduce((sum, { x }) => sum + x, 0) / terms.length
    return terms.reduce((sum, { x, w }) => sum + x * w, 0)
  }

  compute() {
    this.output = Array.from({ length: this.out[0] }, (_, i) =>
      Array.from({ length: this.out[1] }, (_, j) => this.result(this.terms(i, j))),
    )
  }

  // Every output that reads input cell (r, c), and the place in the window from which it does.
  readers(r, c) {
    const axis = (n, a) => {
      const hits = []
      for (let u = 0; u < this.window[a]; u++) {
        const i = (n + this.padding[a] - u * this.dilation[a]) / this.stride[a]
        if (Number.isInteger(i) && i >= 0 && i < this.out[a]) hits.push([i, u])
      }
      return hits.reverse() // from the first output to the last
    }
    return axis(r, 0).flatMap(([i, u]) => axis(c, 1).map(([j, v]) => ({ i, j, u, v })))
  }

  // Every input cell that stands at place (u, v) of some window.
  met(u, v) {
    const cells = []
    for (let i = 0; i < this.out[0]; i++)
      for (let j = 0; j < this.out[1]; j++)
        cells.push([i * this.stride[0] - this.padding[0] + u * this.dilation[0], j * this.stride[1] - this.padding[1] + v * this.dilation[1]])
    return cells
  }
}

// 0.30000000000000004 → "0.3"; −1 with a true minus.
export function spell(value, digits = 6) {
  if (value === -Infinity) return "−∞"
  if (value === Infinity) return "∞"
  const rounded = Number(value.toPrecision(digits))
  return String(Object.is(rounded, -0) ? 0 : rounded).replaceAll("-", "−")
}

// "−1,5" and "2" as numbers; null for what is none. Six significant digits, as in the link.
export function readNumber(text, most) {
  const plain = text.trim().replace("−", "-").replace(/^([+-]?\d*),(\d+)$/, "$1.$2")
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(plain)) return null
  const number = Number(Number(plain).toPrecision(6))
  return Math.abs(number) <= most ? number + 0 : null
}
