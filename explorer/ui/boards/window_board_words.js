// Sums written out, captions and names. Every word comes from Python; here they are only put
// together with numbers.

import { saveButton } from "./board.js"
import { PLAY, stepButton } from "./player.js"
import { advise, escape, fill, nameAll } from "./shared.js"
import { spell } from "./window_board_math.js"

const name = (letter, r, c) => `${letter}[${spell(r)}, ${spell(c)}]`
const wrapped = value => (value < 0 ? `(${spell(value)})` : spell(value)) // after a product sign

function chip(text, shade, value, extra = "") {
  const style = shade && Number.isFinite(value) ? ` style="${shade.style(value)}"` : ""
  return `<b class="chip${shade ? "" : " plain"}${extra}"${style}>${text}</b>`
}

function input(plan, shades, { r, c, x }, extra = "") {
  return plan.inside(r, c) ? chip(spell(x), shades.input, x, extra) : chip(spell(x), null, x, ` zero${extra}`)
}

// The sum (or maximum, or mean) behind output (i, j), one line of text per row of the window.
export function arithmetic(plan, shades, i, j, terms) {
  const result = plan.output[i][j]
  const best = plan.operation === "max" ? plan.winner(terms) : -1
  const rows = []
  const correlate = plan.operation === "correlate"
  terms.forEach((term, n) => {
    const x = input(plan, shades, term, n === best ? " best" : "")
    const text = correlate ? `${x}·${chip(wrapped(term.w), shades.kernel, term.w)}` : x
    ;(rows[term.u] ??= []).push(`<span class="term">${text}</span>`)
  })
  const between = plan.operation === "max" ? ", " : " + "
  const lines = rows.map(row => `<span class="line">${row.join(between)}</span>`).join(between)
  const [open, close] = { correlate: ["", ""], max: ["max(", ")"], avg: ["(", `) / ${terms.length}`] }[plan.operation]
  return `<span class="lead">${name("Y", i, j)} = </span>${open}${lines}${close}<span class="result"> = ${chip(spell(result), shades.output, result, " total")}</span>`
}

// Which outputs an input cell touches, and with which weight.
export function touches(plan, shades, r, c, readers, labels) {
  const value = plan.value(r, c)
  const values = { cell: name("X", r, c), value: spell(value), n: readers.length }
  if (!readers.length) return escape(fill(labels.never, values))
  const head = escape(fill(readers.length === 1 ? labels.touches_once : labels.touches, values))
  const items = readers.map(({ i, j, u, v }) => {
    const cell = chip(name("Y", i, j), shades.output, plan.output[i][j])
    if (plan.operation !== "correlate") return `<span class="term">${cell}</span>`
    const weight = chip(`×${wrapped(plan.weights[u][v])}`, shades.kernel, plan.weights[u][v])
    return `<span class="term">${fill(escape(labels.times_in), { weight: "\u0000", cell }).replace("×\u0000", weight)}</span>`
  })
  return `${head} <span class="line">${items.join(", ")}</span>`
}

export function multiplies(plan, shades, u, v, met, labels) {
  if (plan.operation !== "correlate") return escape(fill(labels.reaches, { n: met.length }))
  const values = { cell: name("K", u, v), value: spell(plan.weights[u][v]), n: met.length }
  return escape(fill(labels.multiplies, values))
}

export function panelLabels(plan, labels) {
  const window = { correlate: plan.flip ? labels.flipped : labels.kernel }[plan.operation] ?? labels.window
  return { input: labels.input, kernel: window, output: labels.output }
}

// What a screen reader says of a cell before its number.
export function cellLabels(plan, { labels }) {
  const at = (r, c) => fill(labels.row_column, { row: r, column: c })
  const edited = (r, c) => `${at(r, c)} (${labels.editable})`
  return {
    input: (r, c, outside) => (outside ? `${labels.padding}, ${at(r, c)}` : edited(r, c)),
    kernel: plan.operation === "correlate" ? edited : at,
    output: at,
  }
}

export function captions(root, plan, shades, label, { labels }) {
  const sizes = { input: plan.size, kernel: plan.window, output: plan.out }
  for (const panel of root.querySelectorAll("[data-panel]")) {
    const own = panel.dataset.panel
    panel.querySelector(".title").textContent = label[own]
    panel.querySelector(".size").textContent = sizes[own].join(" × ")
    panel.querySelector(".rounded").textContent = labels.rounded
    const scale = panel.querySelector(".scale")
    scale.hidden = !shades[own]?.high
    if (scale.hidden) continue
    scale.querySelector(".low").textContent = spell(shades[own].low, 3)
    scale.querySelector(".high").textContent = spell(shades[own].high, 3)
    scale.querySelector("i").style.background = shades[own].bar()
  }
  root.querySelector(".sign.star").textContent = plan.operation === "correlate" ? "⋆" : labels[plan.operation]
  root.querySelector(".sign.star").classList.toggle("word", plan.operation !== "correlate")
  advise(root.querySelector(".hint"), labels)
  nameAll(root, labels)
  speed(root, labels)
}

export function speed(root, labels) {
  const slider = root.querySelector(".speed")
  const text = fill(labels.per_second, { n: slider.value })
  slider.setAttribute("aria-valuetext", text)
  root.querySelector(".pace").textContent = text
}

const panel = kind => `
  <figure class="panel" data-panel="${kind}">
    <figcaption><span class="title"></span> <span class="size"></span> <span class="rounded" hidden></span></figcaption>
    <div class="field"><div class="cells" role="grid"></div>${kind === "input" ? '<div class="frame" hidden></div>' : ""}</div>
    <div class="scale" aria-hidden="true"><span class="low"></span><i></i><span class="high"></span></div>
  </figure>`

export const SKELETON = `
<div class="stage">${panel("input")}
  <div class="part"><div class="sign star"></div>${panel("kernel")}</div><div class="part"><div class="sign">=</div>${panel("output")}</div></div>
<div class="sum"></div>
<div class="complaint" role="alert" data-unsaved hidden></div>
<div class="player" data-unsaved>
  ${stepButton("first")}${stepButton("back")}${PLAY}${stepButton("forward")}
  <input class="scrub" type="range" min="0" value="0" step="1" data-name="place">
  <span class="count"></span>
  <input class="speed" type="range" min="1" max="12" value="3" step="1" data-name="speed"><span class="pace"></span>
  ${saveButton("png")}
</div>
<p class="hint" data-unsaved></p>`
