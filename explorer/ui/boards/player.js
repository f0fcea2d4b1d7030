// Steps that can be played: a button that plays and pauses, and a step at every beat.

import { Board } from "./board.js"
import { advise, icon, name, nameAll } from "./shared.js"

export class Player {
  // `step()` goes one step on and says whether there was one; `pace()` is the time between two in
  // ms; `changed()` hears of a beginning and an end.
  constructor(button, { step, pace, changed = () => {} }) {
    Object.assign(this, { button, step, pace, changed, playing: false })
  }

  // The words of the button: play and pause.
  say(words = this.words) {
    this.words = words
    if (words) playButton(this.button, this.playing, words)
  }

  play() {
    this.turn(true)
    const beat = () => {
      if (!this.step()) return this.stop()
      if (this.playing) this.timer = setTimeout(beat, this.pace())
    }
    this.timer = setTimeout(beat, this.pace())
  }

  stop() {
    clearTimeout(this.timer)
    if (this.playing) this.turn(false)
  }

  turn(on) {
    this.playing = on
    this.say()
    this.changed()
  }
}

export function playButton(button, on, words) {
  button.innerHTML = icon(on ? "pause" : "play")
  name(button, words[on ? "pause" : "play"])
}

// A button for one step, named by the board's words, and the one that plays.
export const stepButton = (act, sign = act) => `<button type="button" data-act="${act}" data-name="${act}">${icon(sign)}</button>`
export const PLAY = '<button type="button" data-act="play" class="main"></button>'

// A board on which a reader goes from place to place, step by step or played: `at` is where, which
// belongs to the reader; Python hears of it. Who draws says how a place is put `inside` what there
// is, which step it is at (`place`, of 0 … `last`), how to `slide` to one, `mark` and `paint`; its
// `pointers` are those it follows.
export class PlayedBoard extends Board {
  pointers = []

  constructor(root, skeleton, beat) {
    super(root, skeleton)
    this.resized(() => this.data && this.width !== root.clientWidth && this.paint())
    this.player = new Player(this.find('[data-act="play"]'), { step: () => this.step(), pace: () => beat, changed: () => this.mark() })
    root.addEventListener("click", event => {
      const act = event.target.closest("[data-act]")?.dataset.act
      if (act === "play") this.play()
      else if (act) this.by(act === "step" ? 1 : -1)
    })
    this.find("input").addEventListener("input", event => {
      this.player.stop()
      this.slide(Number(event.target.value))
    })
  }

  leave() {
    super.leave()
    this.player.stop()
  }

  content({ at, ...data }) {
    this.start = at
    return data
  }

  update(before) {
    const { words, key } = this.data
    const fresh = before?.key !== key
    this.at = this.inside(fresh ? this.start : this.at)
    this.over = null
    for (const pointer of this.pointers) pointer.forget()
    advise(this.find(".hint"), words)
    this.find(".stage").ariaLabel = `${words.hint} ${words.keys}`
    this.find("input").max = this.last
    nameAll(this.root, words)
    this.player.say(words)
    this.words()
    this.paint()
    if (!fresh) return
    this.player.stop()
    clearTimeout(this.timer)
  }

  go(place) {
    this.over = null
    this.at = this.inside(place)
    this.mark()
    this.tell("at", { key: this.data.key, at: this.at })
  }

  by(steps) {
    this.player.stop()
    this.slide(this.place + steps)
  }

  step() {
    if (this.place >= this.last) return false
    this.slide(this.place + 1)
    return true
  }

  play() {
    if (this.player.playing) return this.player.stop()
    if (this.place >= this.last) this.restart()
    this.player.play()
  }

  // Keys on an element: each does what `moves` says; the space bar plays.
  keys(element, moves) {
    element.addEventListener("keydown", event => {
      if (event.key !== " " && !(event.key in moves)) return
      event.preventDefault()
      if (event.key === " ") return this.play()
      this.player.stop()
      moves[event.key]()
    })
  }
}
