// The theme's colours as the two plots need them: written into the drawing.

import { along, css, mix, parts, readMaps } from "../../../explorer/ui/boards/colours.js"

export function readColours(root) {
  const style = getComputedStyle(root)
  const read = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise
  const [paper, ink] = [read("--st-background-color", "#ffffff"), read("--st-text-color", "#17202b")]
  const onPaper = (colour, share) => css(mix(parts(paper), parts(colour), share))
  const light = parts(paper).reduce((sum, part) => sum + part) > 380
  const { upward } = readMaps(root)
  return {
    paper, ink,
    key: `${paper} ${ink}`,
    mix: onPaper,
    quiet: onPaper(ink, 0.72),
    line: onPaper(ink, 0.16),
    alarm: light ? "#b3261e" : "#ff8a7a",
    runs: light ? ["#0060a0", "#c24e00"] : ["#6fc0f5", "#f79256"],
    font: read("--st-font", "sans-serif"),
    sequential: share => css(along(upward, share)),
  }
}
