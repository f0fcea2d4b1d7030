// What is known here of one run's curve; brought up to date by asking the server again and again.

import { Poll } from "./poll.js"

const QUICK = 500 // milliseconds between questions while the run goes on
const SLOW = 2000 // and while nothing is expected to change
const PASSES = 3 // training takes about three times the arithmetic of a forward pass
export const SIGNS = { queued: "…", starting: "▷", running: "▶", paused: "❚❚", finished: "✓", stopped: "■", cancelled: "–", failed: "!", diverged: "↗", interrupted: "⚡" }
export const GOING = ["queued", "starting", "running"]

// `heard(track, answer)` is told of news, `gone()` if the run has been deleted, `lost(whether)` of a
// connection that breaks or comes back; `hurry()` says that news are expected soon.
export class Track {
  constructor({ base, run, heard, gone = () => {}, lost, hurry = () => false }) {
    Object.assign(this, { run, heard, gone })
    this.forget()
    this.poll = new Poll({
      ask: () => `${base}/${run}?${this.question()}`,
      hear: (answer, good) => (good ? this.hear(answer) : this.gone()),
      every: () => (GOING.includes(this.status) || hurry() ? QUICK : SLOW),
      lost,
    })
  }

  leave() {
    this.poll.leave()
  }

  question() {
    return new URLSearchParams({ since: this.points.step.at(-1) ?? 0, epochs: this.epochs.length, session: this.session, seen: this.seen, snapshot: this.snapshot })
  }

  forget() {
    this.points = { step: [], seconds: [], loss: [], accuracy: [] }
    this.epochs = []
    this.session = ""
    this.seen = ""
    this.snapshot = ""
  }

  hear(answer) {
    if (answer.session !== this.session) this.forget()
    Object.assign(this, { session: answer.session, seen: answer.seen, snapshot: answer.snapshot, news: answer, status: answer.status })
    for (const [name, values] of Object.entries(this.points)) values.push(...answer.points[name])
    this.epochs.push(...answer.epochs)
    this.heard(this, answer)
  }

  // A step's place on the axis `by`.
  along(by, step, seconds) {
    const { per, images, batch, flops } = this.news
    const seen = Math.floor(step / per) * images + (step % per) * batch
    return { epoch: step / per, step, seconds, images: seen, flops: seen * flops * PASSES }[by]
  }

  steps(by) {
    return this.points.step.map((step, i) => this.along(by, step, this.points.seconds[i]))
  }

  ends(by) {
    return this.epochs.map(row => this.along(by, row.step, row.seconds))
  }

  of(which) {
    return this.epochs.map(row => row[which])
  }
}
