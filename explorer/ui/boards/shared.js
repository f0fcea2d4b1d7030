// What our boards are made of: words and signs, numbers, elements.

// -- words and signs ------------------------------------------------------------------------------

const PATHS = {
  // in a square of 20 px
  first: "M3 3h2v14H3zM10 3v14L5 10zM17 3v14l-6-7z",
  back: "M15 3h2v14h-2zM13 3v14L3 10z",
  play: "M5 3l12 7-12 7z",
  pause: "M5 3h4v14H5zM11 3h4v14h-4z",
  forward: "M3 3h2v14H3zM7 3l10 7-10 7z",
  last: "M15 3h2v14h-2zM10 3v14l5-7zM3 3v14l6-7z",
  up: "M3 14h14L10 4z",
  down: "M3 6h14L10 16z",
  save: "M9 2h2v7h4l-5 6-5-6h4zM3 16h14v2H3z",
}
// No svg: boards draw, style and find their pictures by that name.
export const icon = sign => `<i class="icon" aria-hidden="true" style="clip-path:path('${PATHS[sign]}')"></i>`

// What a screen reader says of an element, and a pointer that rests on it shows.
export function name(element, words) {
  element.title = element.ariaLabel = words
}

// The words of all elements that say which they show (`data-word`) or are called by (`data-name`).
export function nameAll(root, words) {
  for (const element of root.querySelectorAll("[data-word]")) element.textContent = words[element.dataset.word]
  for (const element of root.querySelectorAll("[data-name]")) name(element, words[element.dataset.name])
}

// Advice on a board, to be seen; what is advised for keys is hidden where there are none.
export function advise(place, { hint, keys }) {
  place.textContent = `${hint} `
  make("span", "for-keys", place, keys)
}

export const escape = text => String(text ?? "").replace(/[&<>"]/g, sign => `&#${sign.charCodeAt(0)};`)

// [["5", "strong"], …]: each text in the colour of its role.
export const spans = tokens =>
  tokens.map(([text, role]) => `<span class="t-${role || "plain"}">${escape(text)}</span>`).join("")

export const fill = (text, values) =>
  text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? values[key] : whole))

// -- numbers --------------------------------------------------------------------------------------

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value))

// Round steps (1, 2, 5 × 10ⁿ) of which about `wanted` lie between low and high.
export function tickStep(low, high, wanted) {
  const raw = (high - low) / Math.max(wanted, 1) || 1
  const power = 10 ** Math.floor(Math.log10(raw))
  return power * ([1, 2, 5, 10].find(each => each * power >= raw * 0.999) ?? 10)
}

export function ticks(low, high, wanted) {
  const by = tickStep(low, high, wanted)
  const first = Math.ceil(low / by - 1e-9)
  const count = Math.floor(high / by + 1e-9) - first + 1
  return Array.from({ length: clamp(count, 0, 100) }, (_, n) => (first + n) * by)
}

// -- elements -------------------------------------------------------------------------------------

export const SVG = "http://www.w3.org/2000/svg"

export function make(tag, className, parent, text = "") {
  const node = document.createElement(tag)
  node.className = className
  node.textContent = text
  parent?.append(node)
  return node
}

export function set(node, attributes) {
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value)
}

export function add(parent, tag, attributes = {}, text = "") {
  const node = document.createElementNS(SVG, tag)
  set(node, attributes)
  if (text !== "") node.textContent = text
  parent?.append(node)
  return node
}

// The second sign beside colour.
export function mark(kind, x, y, r) {
  const [f, g] = [r * 1.3, r * 0.9]
  const shapes = {
    circle: `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`,
    diamond: `M${x - f} ${y}L${x} ${y - f}L${x + f} ${y}L${x} ${y + f}Z`,
    square: `M${x - g} ${y - g}h${2 * g}v${2 * g}h${-2 * g}Z`,
    triangle: `M${x} ${y - f}L${x + f} ${y + g}L${x - f} ${y + g}Z`,
    cross: `M${x - g} ${y - g}L${x + g} ${y + g}M${x - g} ${y + g}L${x + g} ${y - g}`,
  }
  return shapes[kind] ?? ""
}

export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches

// A field for a cell's number, put into `host`. `done(text, key)` hears how it was left: by Enter, by
// Tab or by leaving it ("") with what was typed, by Escape with null. `typed` is the key that began
// the edit; without one the old number stands there, chosen. With `tabs`, `done` says where Tab leads.
export function editCell(host, { label, before, typed, done, tabs = false }) {
  const field = Object.assign(document.createElement("input"), { className: "editor", type: "text", inputMode: "text", autocomplete: "off", value: typed ?? before })
  field.ariaLabel = label
  host.append(field)
  let open = true
  const close = (text, key) => {
    if (!open) return
    open = false
    field.remove()
    done(text, key)
  }
  field.onkeydown = event => {
    event.stopPropagation()
    if (!["Enter", "Escape", "Tab"].includes(event.key)) return
    if (event.key === "Tab" && tabs) event.preventDefault()
    close(event.key === "Escape" ? null : field.value, event.shiftKey ? `Shift+${event.key}` : event.key)
  }
  field.onblur = () => close(field.value, "")
  field.focus()
  if (typed === null) field.select()
  return field
}
