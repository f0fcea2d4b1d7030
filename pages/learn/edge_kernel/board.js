// The descent board: loss surface, loss by step, kernel and output, moved together by one position
// in the run. All steps are here from the start; Python hears only of a new rate or a drawn cell.

import * as math from "./math.js"
import * as plots from "./plots.js"
import * as rate from "./rate.js"
import { Board, drag, follow, mount, saveButton } from "../../../explorer/ui/boards/board.js"
import { Ramp, grey, largest } from "../../../explorer/ui/boards/colours.js"
import { NumberGrid } from "../../../explorer/ui/boards/number_grid.js"
import { PLAY, playButton, stepButton } from "../../../explorer/ui/boards/player.js"
import { clamp, fill, make, nameAll, still } from "../../../explorer/ui/boards/shared.js"

const SPEEDS = [0.25, 0.5, 1, 2, 4]
const SECONDS = 6 // a whole run at speed 1, unless that were slower than SLOWEST
const SLOWEST = 4 // steps a second at speed 1
const LETTERS = ["A", "B"]
const GRID = [112, 158] // px, the most that a picture takes, down and across
let made = 0

class Descent extends Board {
  constructor(root) {
    super(root, SKELETON)
    this.name = ++made
    this.shown = 0
    this.kind = "weights"
    this.find(".speed").append(...SPEEDS.map(speed => new Option(`${speed} ×`, speed, speed === 1, speed === 1)))
    this.grids = this.makeGrids()
    this.listen()
    this.resized(() => this.ruler?.resize(), this.find(".ruler"))
  }

  // Colours are written into the drawings: another theme is another picture.
  content(data) {
    this.colours = plots.readColours(this.root)
    return { ...data, theme: this.colours.key }
  }

  update(before) {
    this.pause()
    if (this.shown >= this.data.runs.length) this.shown = 0
    // It begins at its start, for play to tell; another rate for as many steps stays where it stood.
    const kept = before && before.runs[0].steps.length === this.data.runs[0].steps.length
    this.position = kept ? Math.min(Math.round(this.position), this.last) : 0
    this.scales()
    this.words()
    this.paint()
  }

  get last() {
    return Math.max(...this.data.runs.map(run => run.steps.length - 1))
  }

  // Colours span ± the largest number of the target, and a quarter more for what overshoots: they
  // mean the same at every step.
  scales() {
    const reach = rows => largest(rows) || 1
    const ramp = rows => Ramp.upTo(1.25 * reach(rows), this.root, true)
    this.ramps = { kernel: ramp(this.data.target_kernel), output: ramp(this.data.target) }
    this.reach = reach(this.data.target)
  }

  words() {
    const { labels, names } = this.data
    const words = { ...labels, weights: fill(labels.weights, { x: names[0], y: names[1] }) }
    nameAll(this.root, words)
    this.find(".image canvas").classList.toggle("drawable", this.data.drawable)
    const scale = fill(labels.colours, { reach: math.brief(this.reach) })
    this.find(".hint").textContent = `${scale} ${this.data.drawable ? labels.draw_hint : labels.arithmetic}`
    this.chips()
  }

  chips() {
    const { runs, labels } = this.data
    const chips = runs.map((run, index) => {
      const chip = Object.assign(make("button", "chip button"), { type: "button", title: labels.chip_hint })
      chip.dataset.run = index
      chip.innerHTML = `<svg viewBox="0 0 34 14" width="34" height="14" aria-hidden="true"><path d="M0 7H34" stroke="${this.colours.runs[index]}" stroke-width="2.2" stroke-dasharray="${index ? "6 4" : "none"}"/><path d="${plots.mark(index, [17, 7], 4.5)}" fill="${this.colours.runs[index]}"/></svg>`
      const word = runs.length > 1 ? `${LETTERS[index]}: ` : ""
      chip.append(word + fill(labels.chip, { rate: run.rate }))
      return chip
    })
    this.find(".chips").replaceChildren(...chips)
  }

  paint() {
    const { data, colours } = this
    this.curve = new plots.Curve(this.find(".curve .plot"), data, colours, this.name)
    this.ruler = new rate.Ruler(this.find(".ruler"), data, colours, rates => this.component.setTriggerValue("rates", rates))
    this.find(".scrub").max = this.last
    this.paintSurface()
    this.root.dataset.descentPainted = data.key
  }

  paintSurface() {
    this.surface = new plots.Surface(this.find(".surface .plot"), this.data, this.kind, this.colours, this.name)
    for (const button of this.all("[data-kind]")) button.ariaPressed = String(button.dataset.kind === this.kind)
    this.show()
  }

  // -- what stands on the screen at this position -----------------------------------------------

  show() {
    this.left = this.surface.move(this.position, this.shown)
    this.curve.move(this.position)
    this.note()
    const step = Math.floor(this.position + 1e-9)
    this.find(".scrub").value = step
    if (step !== this.step || this.drawnKey !== this.key()) this.showStep(step)
  }

  key() {
    return `${this.data.key} ${this.shown} ${this.colours.key}`
  }

  get here() {
    const { steps } = this.data.runs[this.shown]
    return steps[Math.min(this.step, steps.length - 1)]
  }

  showStep(step) {
    this.step = step
    this.drawnKey = this.key()
    const { labels, runs } = this.data
    const { loss } = this.here
    const at = Math.min(step, runs[this.shown].steps.length - 1)
    const text = fill(labels.now, { step: at, steps: runs[this.shown].steps.length - 1, loss: math.number(loss) })
    this.find(".now").textContent = text
    this.find(".scrub").ariaValueText = text
    this.root.dataset.step = at
    for (const chip of this.all(".chip")) chip.ariaPressed = String(Number(chip.dataset.run) === this.shown)
    this.showKernel()
    this.showGrids()
    this.showUpdate(at)
  }

  // Under the surface: what it is a picture of, or the loss where the reader points.
  note(pointed = null) {
    const { labels, names, spectrum, runs } = this.data
    const { outside, moved } = this.left
    let text = labels.whole
    if (spectrum.critical === null) text = labels.flat
    else if (this.kind === "axes")
      text = fill(labels.axes_note, { flat: math.number(spectrum.curvatures[0], 1), steep: math.number(spectrum.curvatures.at(-1), 1) })
    else if (names.length > 2) {
      const { steps } = runs[this.shown]
      const p = moved ? this.data.solution : steps[Math.min(Math.round(this.position), steps.length - 1)].p
      const others = names.slice(2).map((name, i) => `${name} = ${math.number(p[i + 2], 2)}`).join(", ")
      text = fill(moved ? labels.slice_target : labels.slice, { others })
    }
    if (outside) text = `${fill(labels.outside, { place: outside })} ${text}`
    if (pointed) text = fill(labels.loss_here, { place: pointed.place, loss: math.number(pointed.loss, 3) })
    this.find(".surface .note").textContent = text
  }

  showKernel() {
    const { p } = this.here
    const host = this.find(".kernel .cells")
    const rows = math.kernelOf(this.data, p)
    host.style.setProperty("--wide", rows[0].length)
    host.replaceChildren(
      ...rows.flat().map(value => {
        const cell = make("span", "", null, math.number(value, 3))
        cell.style.cssText = this.ramps.kernel.style(value)
        return cell
      }),
    )
    this.find(".kernel .bias").textContent = this.data.bias ? `b = ${math.number(p.at(-1), 4)}` : ""
  }

  makeGrids() {
    const grid = (name, over, choose) => new NumberGrid(this.find(`.${name} canvas`), { over, choose, keys: true })
    const point = cell => {
      this.cell = cell
      this.showGrids()
    }
    const light = cell => {
      this.lit = cell
      if (this.data.drawable) this.showGrids()
    }
    const draw = cell => this.data.drawable && this.component.setTriggerValue("cell", cell)
    return { image: grid("image", light, draw), output: grid("output", point), target: grid("target", point) }
  }

  showGrids() {
    const { data, cell } = this
    this.output = math.correlate(data, this.here.p)
    const one = at => [...at, 1, 1, { thick: 2, color: "#000000" }]
    const window = at => [...at, data.target_kernel.length, data.target_kernel[0].length, { thick: 2, color: "#000000" }]
    const under = cell ? [window(cell)] : this.lit && data.drawable ? [one(this.lit)] : []
    const colour = value => this.ramps.output.rgb(value)
    this.drawGrid("image", data.image, grey, under)
    this.drawGrid("output", this.output, colour, cell ? [one(cell)] : [])
    this.drawGrid("target", data.target, colour, cell ? [one(cell)] : [])
    this.root.dataset.output = JSON.stringify(this.output.flat().length > 400 ? [] : this.output)
    this.find(".arithmetic").textContent = cell ? this.arithmetic(cell) : ""
    this.find(".hint").hidden = Boolean(cell)
  }

  drawGrid(name, rows, rgb, frames) {
    const size = [rows.length, rows[0].length]
    const cell = clamp(Math.floor(Math.min(...GRID.map((most, axis) => most / size[axis]))), 3, 30)
    this.grids[name].show({ values: rows.flat(), size, cell, rgb, lined: cell >= 8 })
    this.grids[name].draw(frames)
  }

  arithmetic([i, j]) {
    const { data } = this
    const { p } = this.here
    const kernel = math.kernelOf(data, p)
    const terms = kernel.flatMap((row, a) => row.map((weight, b) => `${bracket(weight)}·${math.brief(data.image[i + a][j + b])}`))
    if (data.bias) terms.push(bracket(p.at(-1)))
    return fill(data.labels.cell, {
      row: i + 1, column: j + 1, sum: terms.join(" + "), value: math.number(this.output[i][j]), target: math.brief(data.target[i][j]),
    })
  }

  // The next step of every parameter, as a sum that can be checked by hand.
  showUpdate(at) {
    const { labels, names, runs } = this.data
    const { steps, rate: speed } = runs[this.shown]
    const { p, g } = steps[at]
    const next = steps[at + 1]?.p
    const change = g.map(value => (typeof value === "number" ? -speed * value : value))
    const columns = [[labels.value, p], [labels.gradient, g], [labels.change, change], [labels.next, next ?? names.map(() => "–")]]
    const head = columns.map(([word]) => `<th scope="col">${word}</th>`).join("")
    const line = (name, n) => `<tr><th scope="row">${name}</th>${columns.map(([, values]) => `<td>${math.number(values[n])}</td>`).join("")}</tr>`
    this.find(".update table").innerHTML = `<thead><tr><td></td>${head}</tr></thead><tbody>${names.map(line).join("")}</tbody>`
  }

  // -- moving -----------------------------------------------------------------------------------

  go(position) {
    this.pause()
    this.position = clamp(position, 0, this.last)
    this.show()
  }

  play() {
    if (this.position >= this.last) this.position = 0
    this.playing = true
    this.playWords()
    this.then = performance.now()
    this.frame = requestAnimationFrame(now => this.roll(now))
  }

  roll(now) {
    if (!this.playing) return
    const speed = Number(this.find(".speed").value) * Math.max(SLOWEST, this.last / SECONDS)
    // On a busy machine a frame's time can lie before that of the click which asked for it.
    const passed = clamp(now - this.then, 0, 100) / 1000
    this.exact = (still() ? (this.exact ?? this.position) : this.position) + passed * speed
    this.then = now
    const wanted = still() ? Math.floor(this.exact) : this.exact
    this.position = Math.min(wanted, this.last)
    this.show()
    if (this.position >= this.last) return this.pause()
    this.frame = requestAnimationFrame(later => this.roll(later))
  }

  pause() {
    cancelAnimationFrame(this.frame)
    this.playing = false
    this.exact = null
    if (this.data) this.playWords()
  }

  playWords() {
    playButton(this.find(".main"), this.playing, this.data.labels)
  }

  listen() {
    const acts = {
      play: () => (this.playing ? this.stop() : this.play()),
      first: () => this.go(0),
      back: () => this.go(Math.ceil(this.position) - 1),
      forward: () => this.go(Math.floor(this.position) + 1),
      last: () => this.go(this.last),
    }
    this.root.addEventListener("click", event => {
      const { act, kind, run } = event.target.closest("button")?.dataset ?? {}
      if (act) acts[act]()
      if (kind) {
        this.kind = kind
        this.paintSurface()
      }
      if (run) {
        this.shown = Number(run)
        this.show()
      }
    })
    this.find(".scrub").addEventListener("input", event => this.go(Number(event.target.value)))
    follow(this.find(".surface .plot"), event => this.surface.lossAt(event.clientX, event.clientY) ?? undefined, pointed => this.note(pointed))
    drag(this.find(".curve .plot"), event => this.go(this.curve.stepAt(event.clientX)))
  }

  stop() {
    this.go(Math.round(this.position))
  }

  picture() {
    return { element: this.root, file: `descent-step-${this.step}` }
  }
}

export default mount(Descent, ".descent")

const bracket = value => (math.number(value).startsWith("−") ? `(${math.number(value)})` : math.number(value))

const SKELETON = `
<div class="panels">
  <section class="surface"><header><h2 data-word="surface"></h2><div class="tools" data-unsaved>
      <button type="button" data-kind="weights" data-word="weights"></button>
      <button type="button" data-kind="axes" data-word="main_axes"></button></div></header>
    <div class="plot"></div><p class="note"></p></section>
  <section class="curve"><header><h2 data-word="curve"></h2><div class="chips"></div></header><div class="plot"></div></section>
  <section class="pictures">
    <figure class="image"><figcaption data-word="image"></figcaption><canvas tabindex="0" role="img" data-name="image"></canvas></figure>
    <figure class="kernel"><figcaption data-word="kernel"></figcaption><div class="cells"></div><div class="bias"></div></figure>
    <figure class="output"><figcaption data-word="output"></figcaption><canvas tabindex="0" role="img" data-name="output"></canvas></figure>
    <figure class="target"><figcaption data-word="target"></figcaption><canvas tabindex="0" role="img" data-name="target"></canvas></figure>
    <p class="sum"><span class="hint"></span><span class="arithmetic" aria-live="polite"></span></p>
  </section>
</div>
<div class="player">
  <span class="keys" data-unsaved>${stepButton("first")}${stepButton("back")}${PLAY}${stepButton("forward")}${stepButton("last")}</span>
  <input type="range" data-unsaved class="scrub" min="0" step="1" data-name="scrub">
  <strong class="now"></strong>
  <select data-unsaved class="speed button" data-name="speed"></select>
  ${saveButton("svg")}${saveButton("png")}
</div>
<div class="lower">
  <section><h2 data-word="rate"></h2><div class="ruler"></div></section>
  <section class="update"><header><h2 data-word="update"></h2><span class="rule" data-word="update_rule"></span></header><div class="wide" tabindex="0" role="group" data-name="update"><table></table></div></section>
</div>`
