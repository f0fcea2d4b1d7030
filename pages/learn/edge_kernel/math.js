// The sums of the descent board. A number from Python is finite, or the string "∞", "−∞" or "NaN".

import { tickStep, ticks as roundNumbers } from "../../../explorer/ui/boards/shared.js"

const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0)
const times = (matrix, vector) => matrix.map(row => dot(row, vector))

export const isFinite = values => values.every(value => typeof value === "number")

const SUPERSCRIPT = { "-": "⁻", ...Object.fromEntries([..."⁰¹²³⁴⁵⁶⁷⁸⁹"].map((sign, digit) => [digit, sign])) }
export const power = exponent => `10${[...String(exponent)].map(sign => SUPERSCRIPT[sign]).join("")}`

// 0.9189, 12.35, 3.11 × 10¹⁸; what is not finite is written as it came.
export function number(value, places = 4) {
  if (typeof value !== "number") return value
  if (value === 0) return "0"
  const size = Math.abs(value)
  if (size !== 0 && (size >= 1e5 || size < 0.5 * 10 ** -places)) {
    const [digits, exponent] = value.toExponential(2).split("e")
    return `${digits} × ${power(Number(exponent))}`.replace("-", "−")
  }
  const text = value.toFixed(size >= 1000 ? 1 : size >= 100 ? 2 : places)
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−")
}

// At most two decimals, and none that are zero: 1, 0.5, −2.18.
export const brief = value => String(Number(value.toFixed(2))).replace("-", "−")

// The same as `explorer.lessons.edge_kernel.correlate`; parameters are the kernel row by row, then the bias.
export function kernelOf(data, parameters) {
  const wide = data.target_kernel[0].length
  return data.target_kernel.map((row, i) => parameters.slice(i * wide, (i + 1) * wide))
}

export function correlate(data, parameters) {
  const { image, target, bias } = data
  const kernel = kernelOf(data, parameters).map(row => row.map(Number))
  const added = bias ? Number(parameters.at(-1)) : 0
  return target.map((row, i) =>
    row.map((_, j) => {
      let sum = added
      for (let a = 0; a < kernel.length; a++)
        for (let b = 0; b < kernel[0].length; b++) sum += kernel[a][b] * image[i + a][j + b]
      return sum
    }),
  )
}

// A plane through the space of parameters: two directions, and the point that is its origin.
// "weights": the first two weights. "axes": the flattest and the steepest axis of the Hessian.
export function plane(data, kind) {
  const { names, solution, spectrum } = data
  if (kind === "axes") {
    const { axes } = spectrum
    return { kind, across: axes[0], up: axes.at(-1), origin: solution }
  }
  const unit = index => names.map((_, i) => (i === index ? 1 : 0))
  return { kind, across: unit(0), up: unit(1), origin: names.map(() => 0) }
}

export function place({ across, up, origin }, parameters) {
  const from = parameters.map((value, i) => value - origin[i])
  return [dot(across, from), dot(up, from)]
}

// The loss over the plane through `parameters`: level ½ curvature·distance² around a lowest point.
// Over the Hessian's axes the others add a constant, which is left out.
export function slice(data, flat, parameters) {
  const { across, up, kind } = flat
  let from = parameters.map((value, i) => value - data.solution[i])
  if (kind === "axes") {
    const [x, y] = place(flat, parameters)
    from = across.map((value, i) => x * value + y * up[i])
  }
  const pull = times(data.hessian, from)
  const [ha, hu] = [times(data.hessian, across), times(data.hessian, up)]
  const [a, b, d] = [dot(across, ha), dot(across, hu), dot(up, hu)]
  const middle = (a + d) / 2
  const spread = Math.hypot((a - d) / 2, b)
  const curvatures = [middle + spread, Math.max(middle - spread, 0)]
  const angle = Math.atan2(2 * b, a - d) / 2 // of the steeper direction
  const steep = [Math.cos(angle), Math.sin(angle)]
  const slope = [dot(across, pull), dot(up, pull)]
  let lowest = place(flat, parameters)
  let least = dot(from, pull) / 2
  for (const [curvature, [x, y]] of [[curvatures[0], steep], [curvatures[1], [-steep[1], steep[0]]]]) {
    if (curvature < 1e-9 * curvatures[0] || curvature === 0) continue
    const along = slope[0] * x + slope[1] * y
    lowest = [lowest[0] - (along / curvature) * x, lowest[1] - (along / curvature) * y]
    least -= along ** 2 / curvature / 2
  }
  return { lowest, least: Math.max(least, 0), curvatures, angle }
}

export function level({ lowest, least, curvatures, angle }, point) {
  const [x, y] = point.map((value, i) => value - lowest[i])
  const [along, across] = [x * Math.cos(angle) + y * Math.sin(angle), y * Math.cos(angle) - x * Math.sin(angle)]
  return least + (curvatures[0] * along ** 2 + curvatures[1] * across ** 2) / 2
}

const SWINGS = 3 // steps of a run that leaves, to be seen growing
const FAR = 12 // unless they lead so many times further than the start

// A window of the plane, square: the start, the solution, and the path as far as it stays near.
export function view(data, flat) {
  const points = data.runs.map(run => run.steps.filter(({ p }) => isFinite(p)).map(({ p }) => place(flat, p)))
  const target = place(flat, data.solution)
  const reach = Math.max(0.6, ...points.filter(each => each.length).map(([first]) => distance(first, target)))
  const inside = (point, step) => distance(point, target) <= (step <= SWINGS ? FAR : 1.7) * reach
  const near = points.flatMap(run => run.filter(inside))
  const all = [target, ...near]
  const [low, high] = [Math.min, Math.max].map(pick => [0, 1].map(i => pick(...all.map(point => point[i]))))
  const centre = low.map((value, i) => (value + high[i]) / 2)
  const half = 1.2 * Math.max(0.35, ...high.map((value, i) => (value - low[i]) / 2))
  return { centre, half }
}

const distance = ([a, b], [c, d]) => Math.hypot(a - c, b - d)

// Round numbers between two, each with its spelling.
export function ticks(low, high, count) {
  const places = Math.max(0, -Math.floor(Math.log10(tickStep(low, high, count)) + 1e-9))
  return roundNumbers(low, high, count).map(value => [value, value.toFixed(places).replace("-", "−")])
}
