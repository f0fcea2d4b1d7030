// News from the server, asked for again and again as long as somebody can see the page, and what is
// known here of one run's curve.

const SLOWER = 4000 // milliseconds between questions while the server does not answer
const PATIENCE = 8000 // milliseconds for one answer
const QUICK = 500 // milliseconds between questions while the run goes on
const SLOW = 2000 // and while nothing is expected to change
const PASSES = 3 // training takes about three times the arithmetic of a forward pass
export const SIGNS = { queued: "…", starting: "▷", running: "▶", paused: "❚❚", finished: "✓", stopped: "■", cancelled: "–", failed: "!", diverged: "↗", interrupted: "⚡" }
export const GOING = ["queued", "starting", "running"]

// `ask()` gives the address to ask, `hear(answer)` takes the JSON (204 is no news and is not told),
// `every()` the milliseconds until the next question, `lost(whether)` hears of a broken connection.
export class Poll {
  constructor({ ask, hear, every, lost = () => {} }) {
    Object.assign(this, { ask, hear, every, lost, broken: false })
    this.seen = () => !document.hidden && this.now()
    document.addEventListener("visibilitychange", this.seen)
    this.now()
  }

  leave() {
    this.left = true
    clearTimeout(this.timer)
    document.removeEventListener("visibilitychange", this.seen)
  }

  // Ask at once; an answer that is on its way is waited for.
  now() {
    clearTimeout(this.timer)
    if (this.asking) this.again = true
    else this.timer = setTimeout(() => this.turn(), 0)
  }

  async turn() {
    this.asking = true
    let pause = SLOWER
    try {
      const answer = await fetch(this.ask(), { signal: AbortSignal.timeout(PATIENCE), cache: "no-store" })
      if (this.left) return
      if (answer.status >= 500) throw new Error(answer.statusText)
      this.mend(false)
      if (answer.status !== 204) this.hear(await answer.json(), answer.ok)
      pause = this.every()
    } catch (error) {
      if (this.left) return
      if (!(error instanceof TypeError || error instanceof DOMException)) console.error(error)
      this.mend(true)
    } finally {
      this.asking = false
    }
    if (this.left || document.hidden) return
    this.timer = setTimeout(() => this.turn(), this.again ? 0 : pause)
    this.again = false
  }

  mend(broken) {
    if (broken !== this.broken) this.lost((this.broken = broken))
  }
}

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
    this.points = { step: [], seconds: [], loss: [], accuracy: [], gradient_norm: [], learning_rate: [] }
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
