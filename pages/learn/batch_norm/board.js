// A batch on its way through batch normalisation: dots on one axis that four stages share, and the
// formula with the numbers of the chosen dot. Python sends every word and every number; between
// two stages a dot goes straight from the one to the other. Streamlit calls the default export at
// every change of its data; the stage and the chosen dot live here.

import { Board, mount, saveButton } from "../../../explorer/ui/boards/board.js"
import { PLAY, Player, stepButton } from "../../../explorer/ui/boards/player.js"
import { clamp, escape, nameAll, set, still, ticks } from "../../../explorer/ui/boards/shared.js"
import { steps } from "./formula.js"

const LAST = 3 // stages 0 … 3: raw, centred, scaled, shifted
const PACE = 1100 // ms from one stage to the next
const REST = 650 // ms at a stage while playing
const PAUSE = 400 // ms after the reader's last step before Python hears of it
const LANE = 40 // px, height of a row of dots
const HEAD = 24 // px above a feature's two rows: its name and figures
const ROW = HEAD + 2 * LANE + 14
const LEFT = 8
const MANY = 100 // values from which the dots are drawn smaller
const AXIS = 34

const smooth = u => u * u * (3 - 2 * u)

class Batch extends Board {
  constructor(root) {
    super(root, SKELETON)
    this.svg = this.find("svg")
    this.at = LAST // where the dots are: 0 … 3, fractions on the way
    this.goal = LAST
    this.known = null // the stage that Python knows of
    this.sent = [] // stages told to Python that have not come back yet
    this.point = 0
    const pace = () => (this.at === this.goal ? REST : PACE + REST)
    this.player = new Player(this.find(".main"), { step: () => this.step(), pace })
    this.listen()
    this.resized(() => this.data && this.draw(), this.find(".dots"))
  }

  leave() {
    super.leave()
    this.player.stop()
  }

  content({ step, ...data }) {
    this.hear(step)
    return data
  }

  update() {
    this.point = Math.min(this.point, this.data.count - 1)
    this.words()
    this.draw()
  }

  // A stage that Python asks for (a link, a prompt); an echo of our own is none.
  hear(step) {
    const echo = this.sent.indexOf(step)
    if (echo >= 0) this.sent.splice(0, echo + 1)
    else if (step !== this.known) {
      if (this.known === null) this.at = this.goal = step
      else this.go(step, false)
      this.known = step
    }
  }

  words() {
    const { labels } = this.data
    nameAll(this.root, labels)
    this.player.say(labels)
    this.find(".legend").textContent = labels.legend
    this.svg.ariaLabel = labels.picture
    this.svg.classList.toggle("many", this.data.count > MANY)
    this.find(".used").textContent = labels.used
    this.find(".used").classList.toggle("moving", !this.data.own)
    this.find("input").ariaDescription = labels.stages.join(" → ")
  }

  // -- the picture --------------------------------------------------------------------------

  draw() {
    const { features } = this.data
    const wide = Math.max(280, this.find(".dots").clientWidth)
    const high = features.length * ROW + AXIS
    this.span(wide)
    this.svg.setAttribute("viewBox", `0 0 ${wide} ${high}`)
    this.svg.style.height = `${high}px`
    this.svg.innerHTML = this.axis(wide, high) + features.map((each, i) => this.row(each, i, wide)).join("")
    this.move()
  }

  span(wide) {
    let [low, high] = [-1.5, 1.5]
    for (const { stages } of this.data.features)
      for (const stage of stages)
        for (const value of stage) {
          if (value < low) low = value
          if (value > high) high = value
        }
    const room = wide - 2 * LEFT - 16
    this.ends = [low, high]
    this.x = value => LEFT + 8 + ((value - low) / (high - low)) * room
  }

  axis(wide, high) {
    const bottom = high - AXIS + 4
    const marks = ticks(...this.ends, wide < 480 ? 5 : 9).map(value => {
      const x = this.x(value).toFixed(1)
      const word = String(Number(value.toPrecision(6))).replace("-", "−")
      return `<line class="${value ? "tick" : "zero"}" x1="${x}" x2="${x}" y1="0" y2="${bottom}"/>
        <text class="quiet" x="${x}" y="${bottom + 18}" text-anchor="middle">${word}</text>`
    })
    const [left, right] = [this.x(-1), this.x(1)]
    return `<rect class="unit" x="${left}" width="${right - left}" y="0" height="${bottom}"/>${marks.join("")}`
  }

  // Two lanes: where the dots came from, faint; where they are now.
  row(feature, index, wide) {
    const top = index * ROW
    const chosen = index === this.data.chosen ? " chosen" : ""
    return `<g class="row c${index % 3}${chosen}" data-row="${index}" transform="translate(0 ${top})">
      <rect class="frame" x="1" y="2" width="${wide - 2}" height="${ROW - 6}" rx="6"/>
      <text class="name" x="${LEFT + 4}" y="19">${escape(feature.name)}</text>
      <text class="figures" x="${wide - LEFT - 4}" y="19" text-anchor="end"></text>
      <path class="before" d="${this.dots(feature.stages[0], HEAD)}"/>
      <path class="now"/><path class="spread"/><path class="mean"/><circle class="ring" r="7"/>
    </g>`
  }

  dots(values, top) {
    let path = ""
    for (let i = 0; i < values.length; i++) path += `M${this.x(values[i]).toFixed(1)} ${this.y(i, top).toFixed(1)}h0`
    return path
  }

  // Scattered evenly over the lane's height, the same way every time (golden ratio).
  y(i, top) {
    return top + 7 + ((i * 0.618034 + 0.3) % 1) * (LANE - 14)
  }

  // Where a number is on its way between the stages, by what it is `at` each.
  between(at) {
    const from = Math.min(LAST - 1, Math.floor(this.at))
    return at(from) + smooth(this.at - from) * (at(from + 1) - at(from))
  }

  value(feature, i) {
    return this.between(stage => feature.stages[stage][i])
  }

  move() {
    const top = HEAD + LANE
    this.data.features.forEach((feature, index) => {
      const row = this.svg.querySelector(`[data-row="${index}"]`)
      const now = feature.stages[0].map((_, i) => this.value(feature, i))
      row.querySelector(".now").setAttribute("d", this.dots(now, top))
      const middle = this.between(stage => feature.means[stage])
      const spread = Math.abs(this.between(stage => feature.spreads[stage]))
      const [left, mid, right] = [middle - spread, middle, middle + spread].map(each => this.x(each).toFixed(1))
      const bar = top + LANE + 2
      row.querySelector(".spread").setAttribute("d", `M${left} ${bar}H${right}M${left} ${bar - 4}v8M${right} ${bar - 4}v8`)
      row.querySelector(".mean").setAttribute("d", `M${mid} ${bar - 7}l5 9h-10z`)
      row.querySelector(".figures").textContent = feature.figures[Math.round(this.at)]
      const ring = row.querySelector(".ring")
      set(ring, { cx: this.x(now[this.point]).toFixed(1), cy: this.y(this.point, top).toFixed(1) })
    })
    this.find("input").value = this.at
    this.find("input").ariaValueText = this.data.labels.stages[Math.round(this.at)]
    if (Number.isInteger(this.at)) this.root.dataset.batchnormPainted = `${this.data.key}-${this.at}`
    this.formula()
  }

  // -- the formula, with the numbers of the chosen dot ----------------------------------------

  formula() {
    const stage = Math.round(this.at)
    const told = `${this.text.length} ${stage} ${this.point} ${this.data.chosen} ${this.data.key}`
    if (told === this.told) return
    this.told = told
    const lines = steps(this.data, this.point)
    const { labels } = this.data
    const focused = this.root.getRootNode().activeElement?.dataset?.stage
    this.find(".steps").innerHTML = lines
      .map(
        (each, i) => `<button type="button" class="step${i === stage ? " here" : ""}${i > stage ? " ahead" : ""}"
          data-stage="${i}" aria-pressed="${i === stage}"><b>${escape(labels.stages[i])}</b>
          ${each.map(line => `<span>${escape(line)}</span>`).join("")}</button>`,
      )
      .join("")
    if (focused) this.find(`[data-stage="${focused}"]`)?.focus()
  }

  // -- going from stage to stage --------------------------------------------------------------

  go(stage, tell = true) {
    this.stop()
    this.goal = clamp(stage, 0, LAST)
    if (tell) this.settle()
    this.travel()
  }

  // To `goal`, whole stages in `PACE` each.
  travel() {
    cancelAnimationFrame(this.frame)
    const [start, begun] = [this.at, performance.now()]
    const way = this.goal - start
    const time = still() ? 0 : PACE * Math.min(1.5, Math.abs(way))
    const tick = now => {
      const u = time ? clamp((now - begun) / time, 0, 1) : 1
      this.at = u === 1 ? this.goal : start + u * way
      this.move()
      if (u < 1) this.frame = requestAnimationFrame(tick)
    }
    if (time) this.frame = requestAnimationFrame(tick)
    else tick(begun)
  }

  play() {
    if (this.player.playing) {
      this.stop()
      return this.settle()
    }
    if (this.goal === LAST && this.at === LAST) this.at = this.goal = 0
    this.move()
    this.player.play()
  }

  step() {
    if (this.goal === LAST) this.settle()
    if (this.goal === LAST) return false
    this.goal = Math.floor(this.at) + 1
    this.travel()
    return true
  }

  stop() {
    cancelAnimationFrame(this.frame)
    this.player.stop()
    this.goal = Math.round(this.at)
  }

  // Python hears of it once the reader pauses; the answer moves nothing here.
  settle() {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      if (this.goal === this.known) return
      this.known = this.goal
      this.sent.push(this.goal)
      this.component.setStateValue("step", this.goal)
    }, PAUSE)
  }

  listen() {
    const acts = { play: () => this.play(), back: () => this.go(Math.ceil(this.at) - 1), next: () => this.go(Math.floor(this.at) + 1) }
    this.find(".player").onclick = event => acts[event.target.closest("[data-act]")?.dataset.act]?.()
    const scrub = this.find("input")
    scrub.oninput = () => {
      this.stop()
      this.at = Number(scrub.value)
      this.goal = Math.round(this.at)
      this.move()
      this.settle()
    }
    this.find(".steps").onclick = event => {
      const stage = event.target.closest("[data-stage]")?.dataset.stage
      if (stage !== undefined) this.go(Number(stage))
    }
    this.svg.onpointermove = event => event.pointerType === "mouse" && this.near(event)
    this.svg.onclick = event => {
      const row = event.target.closest("[data-row]")?.dataset.row ?? this.rowAt(event)
      if (Number(row) !== this.data.chosen) this.component.setStateValue("feature", Number(row))
      this.near(event)
    }
    this.svg.onkeydown = event => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
      if (!by) return
      event.preventDefault()
      const values = this.data.features[this.data.chosen].stages[0]
      const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b])
      const next = order.indexOf(this.point) + by
      if (next >= 0 && next < order.length) this.pick(order[next])
    }
  }

  place(event) {
    return new DOMPoint(event.clientX, event.clientY).matrixTransform(this.svg.getScreenCTM().inverse())
  }

  rowAt(event) {
    return clamp(Math.floor(this.place(event).y / ROW), 0, this.data.features.length - 1)
  }

  // The dot under the pointer, in either lane of the chosen feature.
  near(event) {
    const place = this.place(event)
    if (this.rowAt(event) !== this.data.chosen) return
    const feature = this.data.features[this.data.chosen]
    const inside = place.y - this.data.chosen * ROW
    const before = inside < HEAD + LANE
    let [best, least] = [-1, 18]
    for (let i = 0; i < feature.stages[0].length; i++) {
      const x = this.x(before ? feature.stages[0][i] : this.value(feature, i))
      const far = Math.hypot(place.x - x, inside - this.y(i, before ? HEAD : HEAD + LANE))
      if (far < least) [best, least] = [i, far]
    }
    if (best >= 0) this.pick(best)
  }

  pick(point) {
    if (point === this.point) return
    this.point = point
    this.move()
  }

  picture() {
    return { element: this.root, file: `batch-norm-${Math.round(this.at)}` }
  }
}

export default mount(Batch, ".batchnorm")

const SKELETON = `
<div class="dots">
  <svg tabindex="0" role="img"></svg>
  <div class="player" data-unsaved>
    ${PLAY}${stepButton("back")}${stepButton("next", "forward")}
    <input type="range" min="0" max="3" step="0.01" value="3" data-name="progress">
    ${saveButton("svg")}
  </div>
</div>
<aside><p class="used"></p><div class="steps"></div><p class="legend"></p></aside>`
