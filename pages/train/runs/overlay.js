// Several runs in the same two charts, each asked for by itself, so that runs that go on grow.

import { mount } from "../../../explorer/ui/boards/board.js"
import { fill } from "../../../explorer/ui/boards/shared.js"
import { CurvesBoard, LOGARITHM, LOST, MORE, SMOOTHING, segments } from "../../../explorer/ui/runs/curves_board.js"
import * as math from "../../../explorer/ui/runs/curves_math.js"
import * as now from "../../../explorer/ui/runs/now.js"
import { Track } from "../../../explorer/ui/runs/track.js"

// Runs that differ in their seed alone as one curve: their mean, in a band from lowest to highest.
function together(members, words) {
  const shortest = Math.min(...members.map(line => line.xs.length))
  const each = (name, made) => Array.from({ length: shortest }, (_, i) => made(members.map(line => line[name][i])))
  const mean = values => (values.every(math.isNumber) ? values.reduce((sum, value) => sum + value, 0) / values.length : null)
  const band = [Math.min, Math.max].map(end => each("ys", values => (values.every(math.isNumber) ? end(...values) : null)))
  const name = fill(words, { n: members.length, name: members[0].name })
  return { ...members[0], name, xs: each("xs", mean), ys: each("ys", mean), band }
}

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
    const groups = Map.groupBy(this.data.shown, run => run.group)
    this.find(".grouping").hidden = groups.size === this.data.shown.length
    const tests = known.map(([run, track]) => ({ ...line(run), xs: track.ends(this.by), ys: track.of("test_accuracy") }))
    const trains = known.map(([run, track]) => ({ ...line(run), mark: "", width: 1.3, pale: true, silent: true, noisy: true, xs: track.steps(this.by), ys: track.points.accuracy }))
    const steps = which => known.map(([run, track]) => ({ ...line(run), noisy: true, xs: track.steps(this.by), ys: track.points[which] }))
    this.charts[0].show({ lines: this.grouped(also ? [...trains, ...tests] : tests), x, weight })
    this.charts[1].show({ lines: this.grouped(steps("loss")), x, log, weight })
    this.charts[2].show({ lines: this.grouped(steps("gradient_norm")), x, log, weight })
    this.charts[3].show({ lines: steps("learning_rate"), x })
    const reached = known.map(([run, track]) => `${run.id}:${track.news.progress.step}`)
    Object.assign(this.root.dataset, { overlayPainted: known.map(([run]) => run.id).join(" "), steps: reached.join(" "), by: this.by })
  }

  grouped(lines) {
    if (!this.find(".group").checked) return lines
    const { shown, labels } = this.data
    const group = new Map(shown.map(run => [run.id, run.group]))
    const groups = Map.groupBy(lines, line => `${group.get(line.key)} ${Boolean(line.silent)}`)
    return [...groups.values()].map(members => (members.length > 1 ? together(members, labels.mean_of) : members[0]))
  }

  axis() {
    const { labels } = this.data
    const tick = { seconds: math.brief, epoch: math.brief, images: math.count, flops: math.count }[this.by]
    return { word: labels[`by_${this.by}`], tick, place: value => this.place(value) }
  }
}

export default mount(Overlay, ".overlay")

const SKELETON = `
<div class="tools">
  ${segments("epoch", "seconds", "images", "flops")}${SMOOTHING}
  <label><input class="also" type="checkbox"><span data-word="training_too"></span></label>
  <label class="grouping" hidden><input class="group" type="checkbox"><span data-word="seeds_together"></span></label>${LOGARITHM}
</div>
${LOST}
<div class="plots side-by-side"><div class="accuracy"></div><div class="loss"></div></div>
${MORE}`
