// Axes, smoothing and numbers for charts of curves. No drawing here.

import { fill, tickStep } from "../boards/shared.js"

const SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹"
const LETTERS = ["", "k", "M", "G", "T", "P", "E"]

export const isNumber = value => typeof value === "number" && Number.isFinite(value)

// Powers of ten, with 2 and 5 between them where there are few.
export function logTicks(low, high) {
  const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))]
  const parts = to - from > 3 ? [1] : [1, 2, 5]
  const every = Math.max(1, Math.ceil((to - from) / 8))
  const found = []
  for (let power = from; power <= to; power += every) found.push(...parts.map(part => part * 10 ** power))
  return found.filter(value => value >= low * 0.999 && value <= high * 1.001)
}

// The frame around values: whole steps, so that a growing curve seldom moves it.
export function frame(low, high, wanted) {
  if (low === high) [low, high] = [low - (Math.abs(low) || 1) * 0.5, high + (Math.abs(high) || 1) * 0.5]
  const by = tickStep(low, high, wanted)
  return [Math.floor(low / by + 1e-9) * by, Math.ceil(high / by - 1e-9) * by]
}

// Running mean with exponentially falling weights, without its usual pull towards the start.
export function smooth(values, weight) {
  if (!weight) return values
  let sum = 0
  let total = 0
  return values.map(value => {
    if (!isNumber(value)) return value
    sum = weight * sum + (1 - weight) * value
    total = weight * total + (1 - weight)
    return sum / total
  })
}

// Index of the entry of a rising list that is nearest to `at` among those `inView`, a stretch of it
// around `at`; -1 if there is none.
export function nearest(list, at, inView = () => true) {
  let [low, high] = [0, list.length - 1]
  if (high < 0) return -1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (list[middle] < at) low = middle
    else high = middle
  }
  const closer = Math.abs(list[low] - at) <= Math.abs(list[high] - at) ? low : high
  return [closer, low, high].find(i => inView(list[i])) ?? -1
}

// The smallest and the largest of numbers, of which there is at least one.
export const extent = values => values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [values[0], values[0]])

// As `percent` of `base/units.py`: halves go up (twelve digits leave out what binary numbers add).
export function percent(value, digits = 1) {
  const power = 10 ** digits
  const rounded = Math.round(Number((100 * power * value).toPrecision(12))) / power
  return `${digits === 1 && value > 0 && value < 0.001 ? "< 0.1" : rounded.toFixed(digits)}\u202f%`
}

export function brief(value) {
  if (value === 0) return "0"
  const size = Math.abs(value)
  if (size >= 1e4 || size < 1e-3) {
    const power = Math.floor(Math.log10(size))
    const rest = Number((value / 10 ** power).toPrecision(3))
    const sign = power < 0 ? "⁻" : ""
    return `${rest === 1 ? "" : `${rest}·`}10${sign}${[...String(Math.abs(power))].map(digit => SUPERSCRIPT[digit]).join("")}`
  }
  return String(Number(value.toPrecision(3))).replace("-", "−")
}

// 60000 → "60 k": for counts on an axis and rates.
export function count(value) {
  let power = 0
  while (Math.abs(value) >= 999.5 && power < LETTERS.length - 1) {
    value /= 1000
    power += 1
  }
  return `${Number(value.toPrecision(3))}${power ? ` ${LETTERS[power]}` : ""}`
}

// 4640000 → "4.64 MB".
export const size = bytes => count(bytes) + (Math.abs(bytes) < 999.5 ? " B" : "B")

export function duration(seconds, words) {
  if (seconds < 10) return fill(words.seconds, { n: Number(seconds.toFixed(1)) })
  const whole = Math.round(seconds)
  if (whole < 100) return fill(words.seconds, { n: whole })
  if (whole < 600) return fill(words.minutes_seconds, { m: Math.floor(whole / 60), s: whole % 60 })
  const minutes = Math.round(whole / 60)
  if (minutes < 60) return fill(words.minutes, { n: minutes })
  return fill(words.hours_minutes, { h: Math.floor(minutes / 60), m: minutes % 60 })
}
