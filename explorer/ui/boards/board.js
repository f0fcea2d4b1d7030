// What all our boards do: stand in an element, follow the data and the room they have, tell Python
// what a reader has settled on, and be saved as a picture.

import { icon, name } from "./shared.js"

const PAUSE = 400 // ms after the reader's last choice before Python hears of it

// A board says in `update(before)` what another set of data changes (`before` is undefined at
// first), and may say in `content` which part of the data that is: the rest only passes through.
export class Board {
  constructor(root, skeleton = "") {
    this.root = root
    this.trail = new Set() // what the reader chose since Python last said the same
    root.innerHTML = skeleton
  }

  find(selector) {
    return this.root.querySelector(selector)
  }

  all(selector) {
    return this.root.querySelectorAll(selector)
  }

  content(data) {
    return data
  }

  // Called at every change of the data; what is the same as before repaints nothing.
  receive(component) {
    this.component = component
    const data = this.content(component.data)
    const text = JSON.stringify(data)
    if (text === this.text) return
    const before = this.data
    this.text = text
    this.data = data
    this.update(before)
  }

  // Call `draw` whenever there is more or less room for `element`.
  resized(draw, element = this.root) {
    this.watch = new ResizeObserver(draw)
    this.watch.observe(element)
  }

  // Python hears of a state once nothing more has been chosen for a moment: held keys tell once.
  tell(state, value, pause = PAUSE) {
    clearTimeout(this.timer)
    const now = () => this.component.setStateValue(state, value)
    if (pause) this.timer = setTimeout(now, pause)
    else now()
  }

  // What is chosen, of what Python says and the reader's `own`: an echo of a choice before takes none
  // back. With keys held, Python tells of each a while later. `anew`: it is another thing's.
  latest(said, own, anew) {
    if (!anew && this.trail.has(String(said)) && String(said) !== String(own)) return own
    this.trail.clear()
    return said
  }

  // The page drops the board.
  leave() {
    clearTimeout(this.timer)
    cancelAnimationFrame(this.frame)
    this.watch?.disconnect()
  }

  // What is saved: { element, file }, or { canvas, file } where it is drawn already.
  picture() {
    return { element: this.root, file: this.data.file ?? this.data.key }
  }
}

// The default export of a module that draws boards of the class `Kind` in elements `selector`; one
// that is `early` reads the data as it is made.
export function mount(Kind, selector) {
  const boards = new WeakMap()
  return component => {
    const host = component.parentElement
    let board = boards.get(host)
    if (!board) {
      const root = host.querySelector(selector)
      board = Kind.early ? new Kind(root, component) : new Kind(root)
      boards.set(host, board)
    }
    board.receive(component)
    saves(host, board, component.data.common)
    return () => {
      board.leave()
      boards.delete(host)
    }
  }
}

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

// -- pointer and keys -----------------------------------------------------------------------------

export const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }

// Mouse, pen and touch on an element: `place(event)` says what lies under the pointer (undefined:
// nothing). `over` hears of another, once a frame however fast it moves; `choose` of a click. Where
// nothing can be chosen a tap reads, and so does a finger that is drawn across; what it has read
// stays when it is lifted. Drawn up or down, it scrolls the page.
// Who draws anew what lies there calls `forget`: the next move is told, whatever it finds.
export function follow(element, place, over, choose) {
  let [last, frame] = ["", 0]
  if (!choose) element.style.touchAction = "pan-y pinch-zoom"
  const point = (found, tell) => {
    const text = JSON.stringify(found)
    if (text === last) return
    last = text
    cancelAnimationFrame(frame)
    tell(found)
  }
  const soon = found => (frame = requestAnimationFrame(() => over(found)))
  element.addEventListener("pointermove", event => point(place(event), soon))
  element.addEventListener("pointerleave", event => {
    if (choose || event.pointerType !== "touch") point(undefined, over)
  })
  const forget = () => {
    cancelAnimationFrame(frame)
    last = ""
  }
  element.addEventListener("click", event => {
    const found = place(event)
    if (choose) return found !== undefined && choose(found)
    forget()
    point(found, over)
  })
  return { forget }
}

// A place along an element: `to(event)` hears of it, pressed or drawn sideways. A finger that scrolls
// the page moves nothing.
export function drag(element, to) {
  element.style.touchAction = "pan-y pinch-zoom"
  element.onpointerdown = event => {
    element.setPointerCapture(event.pointerId)
    if (event.pointerType !== "touch") to(event)
  }
  element.onpointermove = event => event.buttons && to(event)
  element.onclick = to
}

// Where the pointer is on an element, in its own pixels.
export function placeOn(element, event) {
  const box = element.getBoundingClientRect()
  const zoom = box.width / element.offsetWidth || 1
  return [(event.clientX - box.left) / zoom, (event.clientY - box.top) / zoom]
}
