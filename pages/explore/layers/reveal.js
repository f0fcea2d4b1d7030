// After a choice: the row and its arithmetic come into sight, no further than it takes.

const HEADER = 52 // px at the top that the page's own header covers

// What scrolls the page: the nearest ancestor that can, through the edge of a shadow tree too.
function scroller(element) {
  for (let at = element.parentNode; at; at = at.parentNode ?? at.host)
    if (at.scrollHeight > at.clientHeight && /auto|scroll/.test(getComputedStyle(at).overflowY)) return at
  return document.scrollingElement
}

// In the table's own window: the row and, where they are below it, its formulas.
export function row(board) {
  const chosen = board.row(board.selected)
  if (!chosen) return
  const scroll = board.find(".scroll")
  const top = chosen.offsetTop - board.find("thead").offsetHeight - 4
  const end = board.find("tr.detail") ?? chosen
  const bottom = end.offsetTop + end.offsetHeight
  if (bottom > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = Math.min(top, bottom - scroll.clientHeight)
  if (top < scroll.scrollTop) scroll.scrollTop = top
}

// In the page: the row and, beside or below it, why.
export function why(board) {
  const [chosen, panel] = [board.row(board.selected), board.find(".why:not([hidden])")]
  if (!chosen || !panel) return
  const boxOf = element => element.getBoundingClientRect()
  const [head, first, last] = [board.find("thead"), chosen, panel].map(boxOf)
  const bottom = Math.max(first.bottom, Math.min(last.bottom, boxOf(board.find(".lower")).bottom))
  const above = Math.min(first.top - head.height, last.top) - HEADER
  const top = above < 0 ? above : Math.max(0, Math.min(bottom + 8 - window.innerHeight, above))
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches
  if (top) scroller(board.root).scrollBy({ top, behavior: calm ? "auto" : "smooth" })
}
