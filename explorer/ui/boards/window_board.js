// The window board: input ⋆ kernel = output. Streamlit calls the default export at every change of
// its data; pointing, stepping, playing and editing live here and ask nobody.

import { Board, MOVES, mount } from "./board.js"
import { Player } from "./player.js"
import { editCell, fill } from "./shared.js"
import * as grid from "./window_board_grid.js"
import * as math from "./window_board_math.js"
import * as words from "./window_board_words.js"

const PAUSE = 400 // ms after the reader's last edit before Python hears of it

class WindowBoard extends Board {
  constructor(root) {
    super(root, words.SKELETON)
    this.grids = {
      input: new grid.Grid(this.find('[data-panel="input"]'), "X"),
      kernel: new grid.Grid(this.find('[data-panel="kernel"]'), "K"),
      output: new grid.Grid(this.find('[data-panel="output"]'), "Y"),
    }
    this.place = 0 // the output cell that is written out, in reading order
    this.serial = 0
    const pace = () => 1000 / this.find(".speed").value
    this.player = new Player(this.find(".main"), { step: () => this.step(), pace })
    this.listen()
    this.resized(() => grid.layOut(this))
  }

  leave() {
    super.leave()
    this.player.stop()
    clearTimeout(this.told)
  }

  picture() {
    return { element: this.root, file: `window-${this.data.name}` }
  }

  // -- what Python says -----------------------------------------------------------------------

  update(before) {
    const { data } = this
    const cells = JSON.stringify([data.input, data.kernel])
    const echo = data.heard !== this.heard // an answer to an edit
    const anew = cells !== this.given // other cells than last time
    const mine = before && !(anew && !echo) && data.heard < this.serial
    const fresh = before?.name !== data.name || (anew && !echo)
    this.heard = data.heard
    this.given = cells
    if (mine) this.data = { ...data, input: before.input, kernel: before.kernel }
    if (!mine) {
      clearTimeout(this.timer)
      this.serial = data.heard
    }
    if (fresh) this.player.stop()
    this.draw(fresh)
    if (fresh) this.complain("")
    if (fresh && data.at) this.place = Math.min(data.at[0] * this.plan.out[1] + data.at[1], this.plan.places - 1)
    this.show({ kind: "output", n: this.place })
    this.root.dataset.windowPainted = data.name
  }

  // Everything that follows from the cells and the settings.
  draw(fresh) {
    const { data } = this
    this.plan = new math.Plan(data)
    if (fresh) this.place = 0
    this.place = Math.max(Math.min(this.place, this.plan.places - 1), 0)
    const { plan, grids } = this
    const shades = (this.shades = grid.ramps(plan, this.root))
    const label = words.panelLabels(plan, data.labels)
    const naming = words.cellLabels(plan, data)
    grids.input.build(plan.size, plan.padding, label.input, naming.input)
    grids.kernel.build(plan.window, [0, 0], label.kernel, naming.kernel)
    grids.output.build(plan.out, [0, 0], label.output, naming.output)
    const short = value => math.spell(value, 3)
    grids.input.paint(plan.input, shades.input, short, plan.fill)
    const share = `1/${plan.window[0] * plan.window[1]}`
    const inWindow = { correlate: short, max: () => "", avg: () => share }[plan.operation]
    grids.kernel.paint(plan.weights, shades.kernel, inWindow)
    grids.output.paint(plan.output, shades.output, short)
    this.laid = null
    grid.layOut(this)
    this.markUnread()
    words.captions(this.root, plan, shades, label, data)
    this.player.say(data.labels)
    this.sum = this.find(".sum")
    this.sum.style.minHeight = ""
    const scrub = this.find(".scrub")
    scrub.max = plan.places - 1
    scrub.disabled = plan.places < 2
  }

  markUnread() {
    const { plan, grids } = this
    this.unread = 0
    for (const cell of grids.input.cells) {
      const [, r, c] = grid.placeOf(cell)
      const never = !plan.readers(r, c).length
      if (never && plan.inside(r, c)) this.unread++
      cell.classList.toggle("unread", never)
    }
    this.root.dataset.unread = this.unread
  }

  // -- what is pointed at ---------------------------------------------------------------------

  // Drawn with the next frame, and once per frame however fast the pointer moves.
  point(view) {
    this.next = view
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null
      this.show(this.next)
    })
  }

  show(view) {
    const { plan, grids } = this
    if (!plan) return
    this.view = view
    for (const each of Object.values(grids)) each.clear()
    this.find(".frame").hidden = plan.places > 0 && view.kind !== "output"
    this.root.classList.toggle("misfit", !plan.places)
    if (!plan.places) grid.showMisfit(this)
    else if (view.kind === "output") this.showOutput(view.n)
    else if (view.kind === "input") this.showInput(view)
    else this.showWeight(view)
    const [n, total] = [Math.min(this.place + 1, plan.places), plan.places]
    const scrub = this.find(".scrub")
    if (Number(scrub.value) !== n - 1) scrub.value = n - 1
    scrub.setAttribute("aria-valuetext", fill(this.data.labels.place_of, { n, total }))
    this.find(".count").textContent = fill(this.data.labels.place_of, { n, total })
  }

  showOutput(n) {
    const { plan, grids } = this
    this.place = Math.min(n, plan.places - 1)
    const [i, j] = this.cellAt(this.place)
    const terms = plan.terms(i, j)
    const best = plan.operation === "max" ? plan.winner(terms) : -1
    const apart = Math.max(...plan.dilation) > 1 // the frame alone does not say which cells
    terms.forEach(({ r, c }, at) => grids.input.light(r, c, at === best ? "strong" : apart ? "lit" : "within"))
    grids.output.light(i, j, "strong")
    grids.output.rest(grids.output.at(i, j))
    grid.moveFrame(this, [terms[0].r + plan.padding[0], terms[0].c + plan.padding[1]])
    this.sum.innerHTML = words.arithmetic(plan, this.shades, i, j, terms)
    grids.output.at(i, j).ariaLabel = `${this.sum.textContent}`
    this.sum.style.minHeight ||= `${this.sum.offsetHeight}px`
  }

  showInput({ r, c }) {
    const { plan, grids } = this
    grids.input.light(r, c, "strong")
    const readers = plan.readers(r, c)
    for (const { i, j, u, v } of readers) {
      grids.output.light(i, j)
      grids.kernel.light(u, v)
    }
    this.sum.innerHTML = words.touches(plan, this.shades, r, c, readers, this.data.labels)
  }

  showWeight({ u, v }) {
    const { plan, grids } = this
    grids.kernel.light(u, v, "strong")
    const met = plan.met(u, v)
    for (const [r, c] of met) grids.input.light(r, c)
    this.sum.innerHTML = words.multiplies(plan, this.shades, u, v, met, this.data.labels)
  }

  cellAt(n) {
    return [Math.floor(n / this.plan.out[1]), n % this.plan.out[1]]
  }

  viewOf(cell) {
    const [panel, r, c] = grid.placeOf(cell)
    if (panel === "output") return { kind: "output", n: r * this.plan.out[1] + c }
    return panel === "input" ? { kind: "input", r, c } : { kind: "weight", u: r, v: c }
  }

  // -- the slide ------------------------------------------------------------------------------

  go(n) {
    this.root.classList.add("sliding")
    this.point({ kind: "output", n: Math.max(0, Math.min(n, this.plan.places - 1)) })
  }

  step() {
    if (this.place >= this.plan.places - 1) return false
    this.go(this.place + 1)
    return true
  }

  act(name) {
    const { player } = this
    const begins = name === "play" && !player.playing
    player.stop()
    if (begins && this.place >= this.plan.places - 1) this.go(0)
    if (begins) player.play()
    else if (name !== "play") this.go({ first: 0, back: this.place - 1, forward: this.place + 1 }[name])
  }

  // -- editing in place -----------------------------------------------------------------------

  mayEdit(cell) {
    const [panel] = grid.placeOf(cell)
    if (cell.classList.contains("pad") || panel === "output") return false
    return panel === "input" || this.plan.operation === "correlate"
  }

  edit(cell, typed = null) {
    if (!this.mayEdit(cell)) return
    this.player.stop()
    const old = this.valueOf(cell)
    const done = (text, key) => {
      if (text !== null) this.enter(cell, text, old)
      const next = key.endsWith("Tab") ? this.neighbour(cell, key === "Tab" ? 1 : -1) : undefined
      if (key) (next ?? cell).focus()
      if (next) this.edit(next)
    }
    const box = editCell(cell.closest(".field"), { label: `${this.data.labels.edit}, ${cell.ariaLabel}`, before: math.spell(old), typed, done, tabs: true })
    box.style.cssText = `left:${cell.offsetLeft}px;top:${cell.offsetTop}px;width:${Math.max(cell.offsetWidth, 58)}px;height:${cell.offsetHeight}px`
  }

  gridOf(cell) {
    return this.grids[grid.placeOf(cell)[0]]
  }

  neighbour(cell, step) {
    const cells = this.gridOf(cell).cells.filter(each => !each.classList.contains("pad"))
    return cells[cells.indexOf(cell) + step]
  }

  // Where the numbers of a cell stand in the data: a flipped kernel is shown turned.
  home(cell) {
    const [panel, r, c] = grid.placeOf(cell)
    if (panel === "kernel" && this.plan.flip) return [panel, this.plan.window[0] - 1 - r, this.plan.window[1] - 1 - c]
    return [panel, r, c]
  }

  valueOf(cell) {
    const [panel, r, c] = this.home(cell)
    return this.data[panel][r][c]
  }

  enter(cell, text, old) {
    const number = math.readNumber(text, this.data.most)
    if (number === null) {
      const given = text.trim().slice(0, 20)
      this.complain(fill(this.data.labels.bad_number, { given, most: this.data.most, kept: math.spell(old) }))
      return
    }
    this.complain("")
    if (number === old) return
    const [panel, r, c] = this.home(cell)
    const changed = this.data[panel].map(row => [...row])
    changed[r][c] = number
    this.data = { ...this.data, [panel]: changed }
    this.draw(false)
    this.show(this.viewOf(cell))
    this.serial = Math.max(this.serial, this.heard ?? 0) + 1
    const { input, kernel } = this.data
    this.tell("cells", { serial: this.serial, input, kernel })
  }

  complain(text) {
    const place = this.find(".complaint")
    place.textContent = text
    place.hidden = !text
  }

  // -- pointer and keys -----------------------------------------------------------------------

  listen() {
    const cellOf = event => event.target.closest?.(".cell")
    const stage = this.find(".stage")
    stage.addEventListener("pointerover", event => {
      const cell = cellOf(event)
      if (!cell || event.pointerType === "touch") return
      this.player.stop()
      this.root.classList.remove("sliding")
      this.point(this.viewOf(cell))
    })
    stage.addEventListener("pointerleave", () => this.view && this.view.kind !== "output" && this.go(this.place))
    stage.addEventListener("focusin", event => {
      const cell = cellOf(event)
      if (!cell) return
      this.gridOf(cell).rest(cell)
      this.point(this.viewOf(cell))
    })
    stage.addEventListener("click", event => {
      const cell = cellOf(event)
      if (!cell) return
      const again = cell === this.touched
      this.touched = cell
      cell.focus({ preventScroll: true })
      if (event.pointerType !== "touch" || again) this.edit(cell)
      const view = this.viewOf(cell)
      if (view.kind === "output") this.tellPlace(view.n)
    })
    stage.addEventListener("keydown", event => this.key(event, cellOf(event)))
    this.root.addEventListener("click", event => {
      const act = event.target.closest("[data-act]")?.dataset.act
      if (act) this.act(act)
    })
    this.find(".scrub").addEventListener("input", event => {
      this.player.stop()
      this.go(Number(event.target.value))
    })
    this.find(".speed").addEventListener("input", () => words.speed(this.root, this.data.labels))
  }

  key(event, cell) {
    if (!cell || event.ctrlKey || event.metaKey || event.altKey) return
    const own = this.gridOf(cell)
    if (MOVES[event.key]) {
      event.preventDefault()
      const [[, r, c], [down, right]] = [grid.placeOf(cell), MOVES[event.key]]
      own.at(r + down, c + right)?.focus()
    } else if (event.key === "Home" || event.key === "End") {
      event.preventDefault()
      own.cells.at(event.key === "Home" ? 0 : -1).focus()
    } else if (event.key === "Enter" || event.key === "F2") {
      event.preventDefault()
      if (own === this.grids.output) this.tellPlace(this.viewOf(cell).n)
      else this.edit(cell)
    } else if (/^[-−+.,\d]$/.test(event.key)) {
      event.preventDefault()
      this.edit(cell, event.key)
    }
  }

  tellPlace(n) {
    clearTimeout(this.told)
    this.told = setTimeout(() => this.component.setStateValue("at", this.cellAt(n)), PAUSE)
  }
}

export default mount(WindowBoard, ".window-board")
