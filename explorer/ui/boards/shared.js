// What our boards share. A board is a class with `receive(component)`, called at every change of
// the data, `leave()`, called when the page drops it, and, if it can be saved, `picture()`.


// The default export of a module that draws boards of the class `Board` in elements `selector`.
export function mount(Board, selector) {
  const boards = new WeakMap()
  return component => {
    const host = component.parentElement
    let board = boards.get(host)
    if (!board) {
      board = new Board(host.querySelector(selector))
      boards.set(host, board)
    }
    board.receive(component)
    saves(host, board, component.data.common)
    return () => {
      board.leave?.()
      boards.delete(host)
    }
  }
}

// -- saving ---------------------------------------------------------------------------------------

// A button that saves the picture; `format` is svg or png.
export const saveButton = format =>
  `<button type="button" class="save" data-act="${format}">${icon("save")}<span>${format.toUpperCase()}</span></button>`

function saves(host, board, common) {
  for (const button of host.querySelectorAll(".save")) {
    const format = button.dataset.act
    name(button, common[`save_${format}`])
    button.onclick = async event => {
      event.stopPropagation() // no act of the board's own
      try {
        const { save } = await import("./save.js")
        await save(board.picture(), format)
      } catch (error) {
        console.error(error)
        button.querySelector("span").textContent = common.unsaved
      }
    }
  }
}

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

export function nameAll(root, words) {
  for (const element of root.querySelectorAll("[data-name]")) name(element, words[element.dataset.name])
}

export function playButton(button, on, words) {
  button.innerHTML = icon(on ? "pause" : "play")
  name(button, words[on ? "pause" : "play"])
}

export const escape = text => String(text ?? "").replace(/[&<>"]/g, sign => `&#${sign.charCodeAt(0)};`)

// [["5", "strong"], …]: each text in the colour of its role.
export const spans = tokens =>
  tokens.map(([text, role]) => `<span class="t-${role || "plain"}">${escape(text)}</span>`).join("")

export const fill = (text, values) =>
  text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? values[key] : whole))

// -- numbers --------------------------------------------------------------------------------------

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value))

// Round numbers between two, at most about `count` of them.
export function ticks(low, high, count) {
  const rough = (high - low) / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map(each => each * power).find(each => each >= rough)
  const found = []
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at++) found.push(at * step)
  return { found, step }
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
  if (text) node.textContent = text
  parent.append(node)
  return node
}

export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches
