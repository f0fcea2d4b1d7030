// The window board: input ⋆ kernel = output. Streamlit calls the default export at every change of
// its data; pointing, stepping, playing and editing live here and ask nobody.

import * as math from "./window_board_math.js"
import * as grid from "./window_board_grid.js"
import * as words from "./window_board_words.js"
import * as shared from "./shared.js"
import * as colours from "./colours.js"

const PAUSE = 400 // ms after the reader's last edit before Python hears of it
const [LEAST, ENOUGH, SMALL, LARGEST] = [14, 20, 26, 64] // px of a cell's side
const TALLEST = 384 // px of a whole grid
const PHONE = 560 // px of the board below which its grids stand below each other
const READABLE = 11 // px of text
const [SIGN, WORD] = [34, 64] // px of ⋆ or =, and of a word in their place

const { clamp } = shared
// A cell's side that fits, never made unreadable for the height's sake.
const fit = (width, ...heights) => Math.min(width, Math.max(ENOUGH, Math.min(...heights)))

class Board {
  constructor(root) {
    this.root = root
    this.root.innerHTML = words.SKELETON
    this.grids = {
      input: new grid.Grid(this.find('[data-panel="input"]'), "X"),
      kernel: new grid.Grid(this.find('[data-panel="kernel"]'), "K"),
      output: new grid.Grid(this.find('[data-panel="output"]'), "Y"),
    }
    this.place = 0 // the output cell that is written out, in reading order
    this.serial = 0
    this.listen()
    this.watch = new ResizeObserver(() => this.layOut())
    this.watch.observe(this.root)
  }

  find(selector) {
    return this.root.querySelector(selector)
  }

  leave() {
    this.pause()
    clearTimeout(this.timer)
    cancelAnimationFrame(this.frame)
    this.watch.disconnect()
  }

  picture() {
    return { element: this.root, file: `window-${this.data.name}` }
  }

  // -- what Python says -----------------------------------------------------------------------

  receive(component) {
    this.component = component
    const data = component.data
    const text = JSON.stringify(data)
    if (text === this.text) return // a rerun: nothing new to show
    this.text = text
    const cells = JSON.stringify([data.input, data.kernel])
    const echo = data.heard !== this.heard // an answer to an edit
    const anew = cells !== this.given // other cells than last time
    const mine = this.data && !(anew && !echo) && data.heard < this.serial
    const fresh = this.data?.name !== data.name || (anew && !echo)
    this.heard = data.heard
    this.given = cells
    this.data = mine ? { ...data, input: this.data.input, kernel: this.data.kernel } : data
    if (!mine) {
      clearTimeout(this.timer)
      this.serial = data.heard
    }
    if (fresh) this.pause()
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
    this.place = Math.min(this.place, this.plan.places - 1)
    const { plan, grids } = this
    const maps = (this.maps ??= colours.readMaps(this.root))
    const shades = {
      input: colours.Shade.of(plan.input, maps),
      kernel: plan.operation === "correlate" ? colours.Shade.of(plan.weights, maps, true) : null,
      output: colours.Shade.of(plan.output, maps),
    }
    this.shades = shades
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
    this.layOut()
    this.markUnread()
    words.captions(this.root, plan, shades, label, data)
    this.sum = this.find(".sum")
    this.sum.style.minHeight = ""
    const scrub = this.find(".scrub")
    scrub.max = plan.places - 1
    scrub.disabled = plan.places < 2
  }

  markUnread() {
    const { plan, grids, data } = this
    this.unread = 0
    for (const cell of grids.input.cells) {
      const [r, c] = [Number(cell.dataset.r), Number(cell.dataset.c)]
      const never = !plan.readers(r, c).length
      if (never && plan.inside(r, c)) this.unread++
      cell.classList.toggle("unread", data.unread && never)
    }
    this.root.dataset.unread = this.unread
  }

  // The largest cells that leave all of it above the fold: the grids in a row; the input beside the
  // kernel and the output; or all below each other, as on a phone.
  layOut() {
    const wide = this.root.clientWidth
    if (!this.plan || !wide) return
    const { plan } = this
    const [rows, columns] = [0, 1].map(axis => [plan.size[axis] + 2 * plan.padding[axis], plan.out[axis]])
    const kernelCell = clamp(Math.floor(132 / plan.window[1]), 30, 46)
    const signs = SIGN + (plan.operation === "correlate" ? SIGN : WORD)
    const across = (wide - signs) / (columns[0] + columns[1])
    const row = fit(across - (Math.max(kernelCell * plan.window[1], 96) + 4) / (columns[0] + columns[1]), TALLEST / Math.max(...rows))
    const two = fit(across, TALLEST / rows[0], (TALLEST - plan.window[0] * SMALL) / rows[1])
    const column = fit((wide - 4) / Math.max(...columns), (TALLEST - 100) / (rows[0] + rows[1]))
    if (wide < PHONE) this.arrange("column", Math.max(column, Math.min((wide - 4) / Math.max(...columns), 40)), kernelCell)
    else if (column > 1.4 * Math.max(row, two)) this.arrange("column", column, kernelCell)
    else if (row >= Math.min(SMALL, two)) this.arrange("row", row, kernelCell)
    else this.arrange("two", two, SMALL)
  }

  arrange(way, size, kernelCell) {
    this.cell = clamp(Math.floor(size), LEAST, LARGEST)
    this.kernelCell = way === "two" ? SMALL : Math.min(kernelCell, Math.max(this.cell, 46))
    const laid = [this.cell, this.kernelCell, way].join()
    if (laid === this.laid) return
    this.laid = laid
    this.root.dataset.way = way
    this.root.style.setProperty("--cell", `${this.cell}px`)
    this.root.style.setProperty("--kernel-cell", `${this.kernelCell}px`)
    this.root.style.setProperty("--ring", `${clamp(this.cell * 0.08, 1.5, 4)}px`)
    this.textSizes()
    if (this.view?.kind === "output" && this.view.n < this.plan.places) this.show(this.view)
  }

  // Three digits of every number if they can be read, else all rounded to two digits of the largest.
  textSizes() {
    for (const [panel, own] of Object.entries(this.grids)) {
      const side = panel === "kernel" ? this.kernelCell : this.cell
      const usual = clamp(Math.round(side * 0.4), 13, 22)
      const size = () => clamp(Math.floor((side - 2) / own.longest), 8, usual)
      own.write(false)
      const exact = own.longest
      if (size() < READABLE) own.write(true)
      if (own.longest === exact) own.write(false) // rounding has not helped
      own.body.style.setProperty("--cell-text", `${size()}px`)
      this.find(`[data-panel="${panel}"] .rounded`).hidden = !own.rounded
    }
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
    if (!plan?.places) return
    this.view = view
    for (const each of Object.values(grids)) each.clear()
    const frame = this.find(".frame")
    frame.hidden = view.kind !== "output"
    if (view.kind === "output") this.showOutput(view.n, frame)
    else if (view.kind === "input") this.showInput(view)
    else this.showWeight(view)
    const [n, total] = [this.place + 1, plan.places]
    const scrub = this.find(".scrub")
    if (Number(scrub.value) !== n - 1) scrub.value = n - 1
    scrub.setAttribute("aria-valuetext", shared.fill(this.data.labels.place_of, { n, total }))
    this.find(".count").textContent = shared.fill(this.data.labels.place_of, { n, total })
  }

  showOutput(n, frame) {
    const { plan, grids } = this
    this.place = Math.min(n, plan.places - 1)
    const [i, j] = this.cellAt(this.place)
    const terms = plan.terms(i, j)
    const best = plan.operation === "max" ? plan.winner(terms) : -1
    const apart = Math.max(...plan.dilation) > 1 // the frame alone does not say which cells
    terms.forEach(({ r, c }, at) => grids.input.light(r, c, at === best ? "strong" : apart ? "lit" : "within"))
    grids.output.light(i, j, "strong")
    grids.output.rest(grids.output.at(i, j))
    const [top, left] = [terms[0].r + plan.padding[0], terms[0].c + plan.padding[1]]
    const span = axis => (plan.window[axis] - 1) * plan.dilation[axis] + 1
    frame.style.transform = `translate(${left * this.cell}px, ${top * this.cell}px)`
    const size = `width:${span(1) * this.cell}px;height:${span(0) * this.cell}px`
    if (frame.dataset.size !== size) Object.assign(frame.style, { width: `${span(1) * this.cell}px`, height: `${span(0) * this.cell}px` })
    frame.dataset.size = size
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
    const panel = cell.closest("[data-panel]").dataset.panel
    const [r, c] = [Number(cell.dataset.r), Number(cell.dataset.c)]
    if (panel === "output") return { kind: "output", n: r * this.plan.out[1] + c }
    return panel === "input" ? { kind: "input", r, c } : { kind: "weight", u: r, v: c }
  }

  // -- the slide ------------------------------------------------------------------------------

  go(n) {
    this.root.classList.add("sliding")
    this.point({ kind: "output", n: Math.max(0, Math.min(n, this.plan.places - 1)) })
  }

  play() {
    if (this.place >= this.plan.places - 1) this.go(0)
    this.playing = true
    const step = () => {
      if (this.place >= this.plan.places - 1) return this.pause()
      this.go(this.place + 1)
      this.beat = setTimeout(step, 1000 / this.find(".speed").value)
    }
    this.beat = setTimeout(step, 1000 / this.find(".speed").value)
    this.playButton()
  }

  pause() {
    clearTimeout(this.beat)
    this.playing = false
    this.playButton()
  }

  playButton() {
    if (this.data) shared.playButton(this.find('[data-act="play"]'), this.playing, this.data.labels)
  }

  act(name) {
    if (name === "play") return this.playing ? this.pause() : this.play()
    this.pause()
    this.go({ first: 0, back: this.place - 1, forward: this.place + 1 }[name])
  }

  // -- editing in place -----------------------------------------------------------------------

  mayEdit(cell) {
    const panel = cell.closest("[data-panel]").dataset.panel
    if (cell.classList.contains("pad") || panel === "output") return false
    return this.data.editable.includes(panel) && !(panel === "kernel" && this.plan.operation !== "correlate")
  }

  // `typed` is the key that began the edit; without one the old number stands there, chosen.
  edit(cell, typed = null) {
    if (!this.mayEdit(cell)) return
    this.pause()
    const old = this.valueOf(cell)
    const box = document.createElement("input")
    Object.assign(box, { className: "editor", inputMode: "text", autocomplete: "off", value: typed ?? math.spell(old) })
    box.ariaLabel = `${this.data.labels.edit}, ${cell.ariaLabel}`
    box.style.cssText = `left:${cell.offsetLeft}px;top:${cell.offsetTop}px;width:${Math.max(cell.offsetWidth, 58)}px;height:${cell.offsetHeight}px`
    cell.closest(".field").append(box)
    let done = false
    const close = (keep, next) => {
      if (done) return
      done = true
      box.remove()
      if (keep) this.enter(cell, box.value, old)
      if (next) next.focus()
    }
    box.addEventListener("keydown", event => {
      event.stopPropagation()
      if (event.key === "Escape") close(false, cell)
      else if (event.key === "Enter") close(true, cell)
      else if (event.key === "Tab") {
        event.preventDefault()
        const next = this.neighbour(cell, event.shiftKey ? -1 : 1)
        close(true, next ?? cell)
        if (next) this.edit(next)
      }
    })
    box.addEventListener("blur", () => close(true, null))
    box.focus()
    if (typed === null) box.select()
  }

  neighbour(cell, step) {
    const cells = this.grids[cell.closest("[data-panel]").dataset.panel].cells.filter(each => !each.classList.contains("pad"))
    return cells[cells.indexOf(cell) + step]
  }

  // Where the numbers of a cell stand in the data: a flipped kernel is shown turned.
  home(cell) {
    const panel = cell.closest("[data-panel]").dataset.panel
    const [r, c] = [Number(cell.dataset.r), Number(cell.dataset.c)]
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
      this.complain(shared.fill(this.data.labels.bad_number, { given, most: this.data.most, kept: math.spell(old) }))
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
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      const { input, kernel } = this.data
      this.component.setStateValue("cells", { serial: this.serial, input, kernel })
    }, PAUSE)
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
      if (this.playing) this.pause()
      this.root.classList.remove("sliding")
      this.point(this.viewOf(cell))
    })
    stage.addEventListener("pointerleave", () => this.view && this.view.kind !== "output" && this.go(this.place))
    stage.addEventListener("focusin", event => {
      const cell = cellOf(event)
      if (!cell) return
      this.grids[cell.closest("[data-panel]").dataset.panel].rest(cell)
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
      this.pause()
      this.go(Number(event.target.value))
    })
    this.find(".speed").addEventListener("input", () => words.speed(this.root, this.data.labels))
  }

  key(event, cell) {
    if (!cell || event.ctrlKey || event.metaKey || event.altKey) return
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }
    const own = this.grids[cell.closest("[data-panel]").dataset.panel]
    if (moves[event.key]) {
      event.preventDefault()
      const [down, right] = moves[event.key]
      own.at(Number(cell.dataset.r) + down, Number(cell.dataset.c) + right)?.focus()
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

export default shared.mount(Board, ".window-board")
