// One run, live: curves, progress, first kernels and predictions, asked for twice a second. Python
// hears only of what a reader asks for (pause, stop …), of another axis, and of a changed status.

import { mount } from "../../../explorer/ui/boards/board.js"
import { fill } from "../../../explorer/ui/boards/shared.js"
import { CurvesBoard, LOGARITHM, LOST, MORE, SMOOTHING, segments } from "../../../explorer/ui/runs/curves_board.js"
import * as math from "../../../explorer/ui/runs/curves_math.js"
import * as now from "../../../explorer/ui/runs/now.js"
import { GOING, SIGNS, Track } from "../../../explorer/ui/runs/track.js"

const AGAIN = 2000 // milliseconds until the pictures are asked for once more
const PATIENCE = 6000 // milliseconds after which a button may be pressed again
const { element } = now

class Live extends CurvesBoard {
  open(data) {
    const { labels, base, run } = data
    this.begin(data, SKELETON, [labels.accuracy, labels.loss])
    this.left = this.asked = this.news = this.status = this.answers = undefined
    this.updates = 0
    this.kernels = new now.Kernels(this.find(".first"), labels)
    this.predictions = new now.Predictions(this.find(".samples"), labels)
    this.track = new Track({
      base, run,
      heard: (_, answer) => this.hear(answer),
      gone: () => this.changed("gone"),
      lost: broken => this.lost(broken),
      hurry: () => this.asked,
    })
    this.samples()
  }

  leave() {
    super.leave()
    this.left = true
    for (const part of [this.track, this.kernels]) part.leave()
  }

  receive(component) {
    this.component = component
    if (this.data && this.data.run !== component.data.run) this.leave()
    if (this.data?.run !== component.data.run) this.open(component.data)
    this.data = component.data
    this.colours = now.readColours(this.root)
    this.head()
    this.draw()
    if (this.asked) this.track.poll.now()
  }

  // -- what the server says -------------------------------------------------------------------

  hear(answer) {
    Object.assign(this, { news: answer, status: answer.status })
    if (this.asked && (answer.requested === this.asked || this.status !== this.askedAt)) this.asked = ""
    this.updates += 1
    this.head()
    this.draw()
    if (answer.now) this.look(answer.now, answer.snapshot)
    this.changed(this.status)
    Object.assign(this.root.dataset, { livePainted: this.data.run, status: this.status, updates: this.updates, step: answer.progress.step })
  }

  // The page below the board depends on the status: let it be drawn anew, once for each change.
  changed(status) {
    if (status === this.data.status || status === this.told) return
    this.told = status
    this.component.setTriggerValue("changed", status)
  }

  look({ kernels, answers }, snapshot) {
    if (!answers.length) return // nothing has been computed yet
    this.kernels.show(kernels)
    this.answers = answers
    this.predictions.show(answers)
    this.root.dataset.snapshot = snapshot
  }

  async samples() {
    const { base, run } = this.data
    const answer = await fetch(`${base}/${run}/samples`).catch(() => null)
    if (!answer?.ok) return
    const { classes, items } = await answer.json()
    if (this.left || run !== this.data.run) return
    if (!items.length) return setTimeout(() => this.left || this.samples(), AGAIN) // not begun yet
    this.predictions.pictures(classes, items)
    this.predictions.show(this.answers)
    this.find(".ten").hidden = false
  }

  // -- words and buttons -----------------------------------------------------------------------

  head() {
    const { labels } = this.data
    const status = this.status ?? this.data.status
    const sign = this.find(".status")
    sign.dataset.is = status
    sign.dataset.sign = SIGNS[status] ?? ""
    sign.textContent = labels[this.asked ? `asked_${this.asked}` : `status_${status}`] ?? status
    this.find(".verdict").textContent = this.verdict(status)
    this.find(".facts").textContent = this.news ? this.facts().join(" · ") : ""
    const progress = this.news?.progress ?? {}
    const [done, total] = this.news?.loading ?? [progress.step, progress.total]
    const share = total ? done / total : 0
    const bar = this.find(".bar")
    bar.firstElementChild.style.width = `${100 * share}%`
    bar.ariaValueNow = Math.round(100 * share)
    bar.ariaLabel = labels.progress
    this.buttons(status)
  }

  facts() {
    const { labels, place } = this.data
    const { progress, queue, loading, left, status, verdict } = this.news
    const facts = [place]
    if (loading) facts.push(fill(labels.fetching, { n: math.size(loading[0]), total: math.size(loading[1]) }))
    if (queue) facts.push(fill(labels.position, { n: queue.position }))
    if (queue?.until != null) facts.push(fill(labels.starts_in, { time: math.duration(queue.until, labels) }))
    if (progress.epochs) facts.push(fill(labels.epoch_of, { n: this.epoch(), total: progress.epochs }))
    if (verdict?.best_epoch) facts.push(fill(labels.best_last, { last: math.percent(this.track.epochs.at(-1).test_accuracy ?? NaN), best: math.percent(verdict.best), n: verdict.best_epoch }))
    if (status === "running" && progress.rate) facts.push(fill(labels.rate, { n: math.count(progress.rate) }))
    if (GOING.includes(status) && left != null) facts.push(fill(status === "queued" ? labels.takes : labels.left, { time: math.duration(left, labels) }))
    if (!GOING.includes(status) && progress.seconds) facts.push(fill(labels.took, { time: math.duration(progress.seconds, labels) }))
    return facts
  }

  // Whether it learns, in a sentence or two.
  verdict(status) {
    const { labels } = this.data
    const { verdict, progress } = this.news ?? {}
    if (!verdict || !progress.step) return ""
    const going = GOING.includes(status)
    const learning = status === "diverged" ? "diverged" : verdict.learning
    const sentence = labels[`${learning}_${going ? "now" : "over"}`] ?? labels[learning]
    const words = { ...verdict, accuracy: math.percent(verdict.accuracy), guess: math.percent(verdict.guess) }
    return [sentence, verdict.apart ? labels.apart : ""].map(each => fill(each, words)).join(" ")
  }

  // The epoch that it is in; between two that it has done, the last of these, until it goes on.
  epoch() {
    const { progress, per, status } = this.news
    const begun = status === "running" || !progress.epoch || progress.step > progress.epoch * per
    return Math.min(progress.epoch + (begun ? 1 : 0), progress.epochs)
  }

  buttons(status) {
    const asks = this.data.asks[status] ?? []
    const place = this.find(".asks")
    const { labels, refused } = this.data
    const key = `${asks} ${this.asked} ${JSON.stringify(refused)}`
    if (key === place.dataset.key) return
    place.dataset.key = key
    place.replaceChildren(
      ...asks.map(ask => {
        const className = ask === "resume" ? "button chief" : "button"
        const disabled = Boolean(this.asked || refused[ask])
        return element("button", { type: "button", className, disabled, title: refused[ask] ?? "", "data-ask": ask, onclick: () => this.ask(ask) }, labels[ask])
      }),
    )
  }

  // Shown at once; the next answers say what has come of it.
  ask(what) {
    this.asked = what
    this.askedAt = this.status
    this.told = ""
    this.head()
    this.component.setTriggerValue("ask", what)
    clearTimeout(this.giveUp)
    this.giveUp = setTimeout(() => {
      this.asked = ""
      this.head()
    }, PATIENCE)
  }

  // -- curves -----------------------------------------------------------------------------------

  draw() {
    const { log, weight } = this.settings()
    if (!this.news) return
    const { labels } = this.data
    const { track } = this
    const [xs, ends] = [track.steps(this.by), track.ends(this.by)]
    const [blue, red] = this.colours.category
    const own = (key, colour, values) => ({ key, name: labels[key], colour, xs, ys: values, noisy: true })
    const test = (key, which) => ({ key, name: labels[key], colour: red, mark: "circle", width: 1.8, xs: ends, ys: track.of(which) })
    const behind = (key, values, dash, mark) => ({ key, name: labels[key], colour: this.colours.quiet, dash, mark, width: 2, behind: true, xs: this.courseXs(values.length), ys: values })
    const course = this.by === "seconds" ? null : this.data.course // it noted no times
    const theirs = [course && ["course_train", "train_accuracy", "7 4", ""], course && ["course_test", "test_accuracy", "2 3", "diamond"]]
    const shown = theirs.filter(each => each && course[each[1]].length).map(([key, name, dash, mark]) => behind(key, course[name], dash, mark))
    const x = this.axis(this.news.asked)
    this.charts[0].show({ lines: [own("train", blue, track.points.accuracy), test("test", "test_accuracy"), ...shown], x, weight })
    const losses = course?.train_loss.length ? [behind("course_train", course.train_loss, "7 4", "")] : []
    this.charts[1].show({ lines: [own("train", blue, track.points.loss), test("test", "test_loss"), ...losses], x, log, weight })
    this.charts[2].show({ lines: [own("train", blue, track.points.gradient_norm)], x, log, weight })
    this.charts[3].show({ lines: [own("train", blue, track.points.learning_rate)], x })
  }

  axis(asked) {
    const { labels } = this.data
    const { total } = this.news.progress
    const axis = {
      epoch: { span: asked ? [0, asked] : null, tick: math.brief },
      step: { whole: true, span: total ? [0, total] : null, tick: math.count },
      seconds: { tick: math.brief },
    }[this.by]
    return { ...axis, word: labels[`by_${this.by}`], place: value => this.place(value) }
  }

  // The course printed its figures by epoch: so many of its own steps, whatever ours are.
  courseXs(count) {
    const unit = this.by === "step" ? this.data.course.steps : 1
    return Array.from({ length: count }, (_, i) => (i + 1) * unit)
  }
}

export default mount(Live, ".live")

const SKELETON = `
<p class="verdict" role="status"></p>
<div class="head">
  <span class="status" role="status"></span><span class="facts"></span><span class="asks tools"></span>
</div>
<div class="bar" role="progressbar" aria-valuemin="0" aria-valuemax="100"><i></i></div>
${LOST}
<div class="tools">
  ${segments("epoch", "step", "seconds")}${SMOOTHING}${LOGARITHM}
</div>
<div class="grid side-by-side"><div class="accuracy"></div><div class="loss"></div><div class="first"></div></div>
${MORE}
<h3 class="ten" data-word="same_pictures" hidden></h3>
<div class="samples"></div>`
