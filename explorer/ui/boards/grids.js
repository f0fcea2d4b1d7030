// Grids of numbers with signs between them. Pointing at a cell (or moving there with the arrow keys)
// lights up what it is made of and writes the arithmetic out; all words and numbers are Python's.
// Nothing is sent while the pointer moves. Sent are: the cell that was clicked or reached by keys
// ("at", a moment later), and a number typed into a cell ("edit"). Between an edit and its answer
// nothing else is sent: a message carries every widget's value as this browser knows it, and would
// put the number back that stood in the field before.

import { Board, MOVES, mount, saveButton } from "./board.js"
import { Ramp } from "./colours.js"
import { editCell, make } from "./shared.js"

const CELLS = [46, 42, 38, 34, 30] // px, tried from the largest
const NARROW = 640 // px of the board below which grids take their narrow places
const HIGH = 400 // px: all of it above the fold, its arithmetic too
const PAUSE = 400 // ms after the last choice before Python hears of it

const name = ([grid, row, column]) => `${grid}.${row}.${column}`

class Grids extends Board {
  constructor(root) {
    super(root)
    this.typed = [] // edits that wait for the answer to an earlier one
    this.stage = make("div", "stage", root)
    const foot = make("div", "foot", root)
    this.why = make("div", "why", foot)
    foot.insertAdjacentHTML("beforeend", saveButton("png"))
    this.why.setAttribute("aria-live", "polite")
    this.stage.onpointermove = event => this.point(event)
    this.stage.onpointerleave = () => this.chosen && this.show(this.chosen)
    this.stage.onclick = event => this.press(this.under(event))
    this.stage.onkeydown = event => this.key(event)
    this.stage.onpointerdown = () => (this.pressed = true) // its click chooses, not its focus
    this.stage.onpointerup = this.stage.onpointercancel = () => (this.pressed = false)
    this.stage.addEventListener("focusin", event => this.enter(event))
    this.resized(() => this.fit())
  }

  content({ start, edits, ...data }) {
    this.start = start
    if (edits !== this.edits) this.answered(edits)
    return data
  }

  update(before) {
    const { key } = this.data
    this.index()
    this.draw()
    if (before?.key !== key || !this.cells.has(name(this.chosen))) this.chosen = this.start
    this.show(this.chosen)
    this.root.dataset.gridsPainted = key
  }

  // Which story a cell tells, and which stories use it.
  index() {
    this.stories = new Map()
    this.users = new Map()
    for (const story of this.data.stories) {
      for (const at of story.at) this.stories.set(name(at), story)
      for (const cell of this.within(story.lit)) {
        const key = name(cell)
        if (!this.users.has(key)) this.users.set(key, [])
        this.users.get(key).push(story)
      }
    }
  }

  *within(lit) {
    for (const [grid, top, left, bottom, right, tone] of lit)
      for (let i = top; i <= bottom; i++) for (let j = left; j <= right; j++) yield [grid, i, j, tone]
  }

  draw() {
    const focused = this.root.getRootNode().activeElement?.dataset?.grid
    this.cells = new Map()
    this.frames = new Map()
    const items = [...this.data.grids, ...this.data.signs]
    const sections = 1 + Math.max(...items.map(item => item.section ?? 0))
    this.layouts = Array.from({ length: sections }, () => make("div", "layout"))
    this.placed = []
    for (const item of items) {
      const node = item.values ? this.drawGrid(item) : this.drawSign(item)
      this.layouts[item.section ?? 0].append(node)
      this.placed.push([node, item])
    }
    this.stage.replaceChildren(...this.layouts)
    this.stage.ariaLabel = this.data.label
    this.stage.setAttribute("role", "group")
    this.why.style.setProperty("--lines", this.data.lines)
    this.width = null
    this.fit()
    if (focused) this.frames.get(focused)?.focus({ preventScroll: true })
  }

  drawSign({ text, brace }) {
    const kind = brace ? "brace" : "⋆·".includes(text) ? "star" : text.length > 1 ? "word" : ""
    const node = make("div", `sign ${kind}`, null, text)
    if (brace) node.prepend(make("i", "", null))
    return node
  }

  drawGrid(grid) {
    const item = make("div", `item t${grid.tone}`)
    item.style.setProperty("--wide", grid.values[0].length)
    make("div", "label", item, grid.label)
    const frame = make("div", "grid", item)
    frame.tabIndex = 0
    frame.dataset.grid = grid.id
    frame.setAttribute("role", "grid")
    frame.ariaLabel = `${grid.label}, ${grid.values.length} × ${grid.values[0].length}`
    const ramp = Ramp.upTo(grid.scale, this.root, true)
    grid.values.forEach((row, i) => {
      const line = make("div", "row", frame)
      line.setAttribute("role", "row")
      row.forEach((value, j) => {
        const cell = make("div", "cell", line, grid.texts[i][j])
        cell.setAttribute("role", "gridcell")
        cell.id = `cell-${name([grid.id, i, j])}`
        cell.dataset.at = JSON.stringify([grid.id, i, j])
        cell.style.cssText = ramp.style(value)
        this.cells.set(name([grid.id, i, j]), cell)
      })
    })
    if (grid.edits) frame.classList.add("edits")
    this.frames.set(grid.id, frame)
    return item
  }

  // The largest cells that leave the board as wide as its page; on a phone the narrow places.
  fit() {
    const width = this.root.clientWidth
    if (!this.data || !width || width === this.width) return
    this.width = width
    const narrow = width < NARROW
    this.root.classList.toggle("narrow", narrow)
    for (const [node, item] of this.placed) {
      const [row, column] = (narrow && item.narrow) || item.place
      node.style.gridRow = narrow && item.narrow ? row : `${row} / span ${item.rows ?? 1}`
      node.style.gridColumn = column
      node.hidden = narrow && Boolean(item.wide)
    }
    const longest = Math.max(2, ...this.data.grids.flatMap(grid => grid.texts.flat()).map(text => text.length))
    this.root.style.setProperty("--letters", longest)
    const least = Math.min(CELLS[0], Math.max(CELLS.at(-1), 6.7 * longest + 3))
    for (const size of [...CELLS.filter(size => size >= least), least]) {
      this.root.style.setProperty("--cell", `${size}px`)
      const high = this.layouts.reduce((sum, layout) => sum + layout.offsetHeight, 0)
      if ((narrow || high <= HIGH) && this.layouts.every(layout => layout.scrollWidth <= width - 6)) break
    }
  }

  under(event) {
    const cell = event.target.closest?.(".cell")
    return cell && !cell.querySelector("input") ? JSON.parse(cell.dataset.at) : null
  }

  // A click chooses a cell and, as on every board, begins to edit its number.
  press(at) {
    this.choose(at)
    this.edit(at)
  }

  point(event) {
    const at = this.under(event)
    if (at && name(at) !== name(this.shown)) this.show(at)
  }

  enter(event) {
    const grid = event.target.dataset?.grid
    if (grid && this.chosen[0] !== grid && !this.pressed) this.choose([grid, 0, 0], false)
  }

  choose(at, tell = true) {
    if (!at) return
    this.chosen = at
    this.show(at)
    this.frames.get(at[0]).setAttribute("aria-activedescendant", `cell-${name(at)}`)
    clearTimeout(this.timer)
    this.told = !tell
    if (tell) this.timer = setTimeout(() => this.settle(), PAUSE)
  }

  // The chosen cell, unless an edit is on its way; then it follows the answer.
  settle() {
    if (this.told || this.asked) return
    this.told = true
    this.component.setStateValue("at", { key: this.data.key, at: this.chosen })
  }

  ask() {
    this.asked = true
    this.component.setTriggerValue("edit", this.typed.shift())
  }

  answered(edits) {
    this.edits = edits
    this.asked = false
    if (this.typed.length) this.ask()
    else if (this.told === false) this.timer = setTimeout(() => this.settle(), PAUSE)
  }

  key(event) {
    const step = MOVES[event.key]
    if (event.target.tagName === "INPUT" || event.ctrlKey || event.metaKey || event.altKey) return
    if (step) {
      event.preventDefault()
      const [grid, i, j] = this.chosen
      const next = [grid, i + step[0], j + step[1]]
      if (this.cells.has(name(next))) this.choose(next)
    } else if (event.key === "Enter" || /^[-+.\d]$/.test(event.key)) {
      event.preventDefault()
      this.edit(this.chosen, event.key === "Enter" ? null : event.key)
    }
  }

  show(at) {
    this.shown = at
    for (const cell of this.lit ?? []) cell.classList.remove("lit", "at", "used", "t0", "t1", "t2", "t3", "t4")
    this.lit = []
    const mark = (cellName, ...classes) => {
      const cell = this.cells.get(cellName)
      if (!cell) return
      cell.classList.add(...classes)
      this.lit.push(cell)
    }
    const story = this.stories.get(name(at))
    if (story) {
      for (const cell of this.within(story.lit)) mark(name(cell), "lit", `t${cell[3]}`)
      for (const each of story.at) mark(name(each), "at")
      this.say(story.lines)
    } else {
      const users = [...new Set((this.users.get(name(at)) ?? []).flatMap(each => each.at.map(name)))]
      for (const user of users) mark(user, "used")
      mark(name(at), "at")
      this.say(users.length ? [{ text: this.data.labels.used, tone: 0, strong: false }] : [])
    }
    this.root.dataset.gridsAt = name(at)
  }

  say(lines) {
    this.why.replaceChildren(
      ...lines.map(({ text, tone, strong }) => make("p", `t${tone}${strong ? " strong" : ""}`, null, text)),
    )
  }

  // A field over the cell; Enter sends the number, Escape leaves it as it was.
  edit(at, typed = null) {
    const cell = at && this.cells.get(name(at))
    const grid = at && this.data.grids.find(each => each.id === at[0])
    if (!cell || !grid.edits || cell.querySelector("input")) return
    const before = grid.texts[at[1]][at[2]]
    const plain = before.replace("−", "-")
    const done = text => {
      cell.textContent = before
      this.frames.get(at[0]).focus({ preventScroll: true })
      if (!text?.trim() || text.trim() === plain) return
      this.typed.push({ grid: at[0], row: at[1], column: at[2], text })
      if (!this.asked) this.ask()
    }
    cell.replaceChildren()
    editCell(cell, { label: this.data.labels.edit, before: plain, typed, done })
  }
}

export default mount(Grids, ".grids")
