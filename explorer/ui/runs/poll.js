// Asks the server for news again and again, as long as somebody can see the page.

const SLOWER = 4000 // milliseconds between questions while the server does not answer
const PATIENCE = 8000 // milliseconds for one answer

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
