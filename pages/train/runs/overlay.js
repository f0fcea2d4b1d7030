// Several runs in the same two charts, each asked for by itself, so that runs that go on grow.

import { mount } from "../../../explorer/ui/boards/board.js"
import { CurvesBoard, LOGARITHM, LOST, SMOOTHING, segments } from "../../../explorer/ui/runs/curves_board.js"
import * as math from "../../../explorer/ui/runs/curves_math.js"
import * as now from "../../../explorer/ui/runs/now.js"
import { Track } from "../../../explorer/ui/runs/track.js"

class Overlay extends CurvesBoard {
  tracks = new Map()

  leave() {
    super.leave()
    for (const track of this.tracks.values()) track.leave()
  }

  receive(component) {
    const { data } = (this.component = component)
    if (!this.data) this.begin(data, SKELETON, [data.labels.accuracy_title, data.labels.loss_title], true)
    this.data = data
    const ids = data.shown.map(run => run.id)
    for (const [run, track] of this.tracks)
      if (!ids.includes(run)) {
        track.leave()
        this.tracks.delete(run)
      }
    for (const run of ids)
      if (!this.tracks.has(run)) this.tracks.set(run, new Track({ base: data.base, run, heard: () => this.draw(), lost: broken => this.lost(broken) }))
    this.draw()
  }

  draw() {
    const { log, weight } = this.settings()
    const known = this.data.shown.map(run => [run, this.tracks.get(run.id)]).filter(([, track]) => track?.news)
    if (!known.length) return
    const { category } = now.readColours(this.root)
    const line = run => ({ key: run.id, name: run.name, ...run.line, colour: category[run.line.colour] })
    const x = this.axis()
    const also = this.find(".also").checked
    const tests = known.map(([run, track]) => ({ ...line(run), xs: track.ends(this.by), ys: track.of("test_accuracy") }))
    const trains = known.map(([run, track]) => ({ ...line(run), mark: "", width: 1.3, pale: true, silent: true, noisy: true, xs: track.steps(this.by), ys: track.points.accuracy }))
    const losses = known.map(([run, track]) => ({ ...line(run), noisy: true, xs: track.steps(this.by), ys: track.points.loss }))
    this.charts[0].show({ lines: also ? [...trains, ...tests] : tests, x, weight })
    this.charts[1].show({ lines: losses, x, log, weight })
    const steps = known.map(([run, track]) => `${run.id}:${track.news.progress.step}`)
    Object.assign(this.root.dataset, { overlayPainted: known.map(([run]) => run.id).join(" "), steps: steps.join(" "), by: this.by })
  }

  axis() {
    const { labels } = this.data
    const tick = { seconds: math.brief, epoch: math.brief, images: math.count, flops: math.count }[this.by]
    const text = { seconds: value => math.duration(value, labels), epoch: value => value.toFixed(2), images: math.count, flops: math.count }[this.by]
    return { word: labels[`by_${this.by}`], tick, text }
  }
}

export default mount(Overlay, ".overlay")

const SKELETON = `
<div class="tools">
  ${segments("epoch", "seconds", "images", "flops")}${SMOOTHING}
  <label><input class="also" type="checkbox"><span data-word="training_too"></span></label>${LOGARITHM}
</div>
${LOST}
<div class="plots side-by-side"><div class="accuracy"></div><div class="loss"></div></div>`
