// How large the grids of a window board are, and how they stand: in a row; the input beside the
// kernel and the output; or all below each other, as on a phone.

import { clamp } from "./shared.js"

const [LEAST, ENOUGH, SMALL, LARGEST] = [14, 20, 26, 64] // px of a cell's side
const TALLEST = 384 // px of a whole grid
const PHONE = 560 // px of the board below which its grids stand below each other
const READABLE = 11 // px of text
const [SIGN, WORD] = [34, 64] // px of ⋆ or =, and of a word in their place

// A cell's side that fits, never made unreadable for the height's sake.
const fit = (width, ...heights) => Math.min(width, Math.max(ENOUGH, Math.min(...heights)))

// The largest cells that leave all of it above the fold.
export function layOut(board) {
  const wide = board.root.clientWidth
  const { plan } = board
  if (!plan || !wide) return
  const [rows, columns] = [0, 1].map(axis => [plan.size[axis] + 2 * plan.padding[axis], plan.out[axis]])
  const kernelCell = clamp(Math.floor(132 / plan.window[1]), 30, 46)
  const signs = SIGN + (plan.operation === "correlate" ? SIGN : WORD)
  const across = (wide - signs) / (columns[0] + columns[1])
  const row = fit(across - (Math.max(kernelCell * plan.window[1], 96) + 4) / (columns[0] + columns[1]), TALLEST / Math.max(...rows))
  const two = fit(across, TALLEST / rows[0], (TALLEST - plan.window[0] * SMALL) / rows[1])
  const column = fit((wide - 4) / Math.max(...columns), (TALLEST - 100) / (rows[0] + rows[1]))
  if (wide < PHONE) arrange(board, "column", Math.max(column, Math.min((wide - 4) / Math.max(...columns), 40)), kernelCell)
  else if (column > 1.4 * Math.max(row, two)) arrange(board, "column", column, kernelCell)
  else if (row >= Math.min(SMALL, two)) arrange(board, "row", row, kernelCell)
  else arrange(board, "two", two, SMALL)
}

function arrange(board, way, size, most) {
  const cell = clamp(Math.floor(size), LEAST, LARGEST)
  const kernelCell = way === "two" ? SMALL : Math.min(most, Math.max(cell, 46))
  const laid = [cell, kernelCell, way].join()
  if (laid === board.laid) return
  Object.assign(board, { cell, laid })
  board.root.dataset.way = way
  const lengths = { "--cell": cell, "--kernel-cell": kernelCell, "--ring": clamp(cell * 0.08, 1.5, 4) }
  for (const [name, length] of Object.entries(lengths)) board.root.style.setProperty(name, `${length}px`)
  textSizes(board, kernelCell)
  if (board.view?.kind === "output" && board.view.n < board.plan.places) board.show(board.view)
}

// Three digits of every number if they can be read, else all rounded to two digits of the largest.
function textSizes(board, kernelCell) {
  for (const [panel, own] of Object.entries(board.grids)) {
    const side = panel === "kernel" ? kernelCell : board.cell
    const usual = clamp(Math.round(side * 0.4), 13, 22)
    const size = () => clamp(Math.floor((side - 2) / own.longest), 8, usual)
    own.write(false)
    const exact = own.longest
    if (size() < READABLE) own.write(true)
    if (own.longest === exact) own.write(false) // rounding has not helped
    own.body.style.setProperty("--cell-text", `${size()}px`)
    board.find(`[data-panel="${panel}"] .rounded`).hidden = !own.rounded
  }
}
