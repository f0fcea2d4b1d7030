// Accuracy and loss side by side, gradient and learning rate below, with what a reader sets for all charts: axis, smoothing, logarithm.

import { Board } from "../boards/board.js"
import { fill, nameAll } from "../boards/shared.js"
import { Chart } from "./curves_chart.js"
import * as math from "./curves_math.js"

const CHARTS = ["accuracy", "loss", "gradient", "rate"]

export class CurvesBoard extends Board {
  // `titles` are the charts' words; a curve that is hidden is hidden in both if they are `together`.
  begin(data, skeleton, titles, together) {
    this.root.innerHTML = skeleton
    this.data = data
    this.by = data.by
    const { labels } = data
    nameAll(this.root, labels)
    const toggled = together ? () => this.draw() : undefined
    this.charts = CHARTS.map(
      (name, n) => new Chart(this.find(`.${name}`), { title: titles[n] ?? labels[name], percent: !n, words: labels, change: zoom => this.zoom(zoom), toggled }),
    )
    if (together) for (const chart of this.charts) chart.hidden = this.charts[0].hidden
    for (const button of this.all(".by button")) {
      button.textContent = labels[`${button.value}_word`]
      button.onclick = () => {
        this.by = button.value
        this.zoom(null)
        this.tell("by", this.by, 0)
      }
    }
    for (const input of this.all("input")) input.oninput = () => this.draw()
  }

  leave() {
    super.leave()
    for (const chart of this.charts) chart.leave()
  }

  lost(broken) {
    this.find(".lost").hidden = !broken
  }

  // What is set for both charts.
  settings() {
    for (const button of this.all(".by button")) button.ariaPressed = String(button.value === this.by)
    return { log: this.find(".log").checked, weight: Number(this.find(".weight").value) }
  }

  // A place on the axis in words: "epoch 0.5", "step 614".
  place(value) {
    const { labels } = this.data
    const number = { epoch: () => Number(value.toFixed(2)), step: () => Math.round(value), seconds: () => math.duration(value, labels) }[this.by]
    return fill(labels[`at_${this.by}`], { n: number ? number() : math.count(value) })
  }

  zoom(zoom) {
    for (const chart of this.charts) chart.zoom = zoom
    this.draw()
  }
}

export const segments = (...axes) =>
  `<span class="segments by" role="group">${axes.map(by => `<button type="button" value="${by}"></button>`).join("")}</span>`
export const SMOOTHING =
  '<label><span data-word="smoothing"></span><input class="weight" type="range" min="0" max="0.99" step="0.01" value="0.8"></label>'
export const LOGARITHM = '<label><input class="log" type="checkbox"><span data-word="logarithmic"></span></label>'
export const MORE = `
<details class="more"><summary data-word="more_curves"></summary>
  <div class="plots side-by-side"><div class="gradient"></div><div class="rate"></div></div></details>`
export const LOST = '<p class="lost" role="alert" data-word="lost" hidden></p>'
