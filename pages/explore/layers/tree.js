// The rows as a tree: who contains whom, what is visible, and which edges remain when blocks
// are closed. Pure data, no page.

export function growTree(data) {
  const byId = new Map()
  const children = new Map([[null, []]])
  for (const row of data.rows) {
    byId.set(row.id, row)
    if (row.group) children.set(row.id, [])
    children.get(row.parent ?? null)?.push(row)
  }
  const groups = data.rows.filter(row => row.group).map(row => row.id)
  return { rows: data.rows, byId, children, groups, edges: thin(data.edges, byId) }
}

// A concatenation that extends an earlier one is drawn from that one: a dense block's n² edges
// become n, and nothing is lost, since the earlier concatenation carries the others.
function thin(edges, byId) {
  const inputs = new Map()
  for (const [from, to] of edges) {
    if (!inputs.has(to)) inputs.set(to, new Set())
    inputs.get(to).add(from)
  }
  const merges = [...inputs].filter(([id, from]) => from.size > 1 && byId.get(id)?.family === "merge")
  const kept = new Map()
  merges.forEach(([id, from], index) => {
    for (let earlier = index - 1; earlier >= 0; earlier--) {
      const [other, theirs] = merges[earlier]
      if (theirs.size < from.size && [...theirs].every(source => from.has(source))) {
        kept.set(id, new Set([other, ...[...from].filter(source => !theirs.has(source))]))
        return
      }
    }
  })
  const result = edges.filter(([from, to]) => !kept.has(to) || kept.get(to).has(from))
  for (const [id, from] of kept)
    for (const source of from) if (!inputs.get(id).has(source)) result.push([source, id])
  return result
}

// [the outermost block, …, the row itself]
export function path(tree, id) {
  const steps = []
  for (let row = tree.byId.get(id); row; row = tree.byId.get(row.parent)) steps.unshift(row.id)
  return steps
}

// The row that stands for `id` on the screen: its outermost closed block, or itself.
export function visibleFor(tree, open, id) {
  const steps = path(tree, id)
  return steps.find(step => tree.byId.get(step).group && !open.has(step)) ?? steps.at(-1) ?? null
}

export function visibleRows(tree, open) {
  const visible = []
  const walk = parent => {
    for (const row of tree.children.get(parent)) {
      visible.push(row)
      if (row.group && open.has(row.id)) walk(row.id)
    }
  }
  walk(null)
  return visible
}

export function readOpen(tree, open) {
  if (open === "all") return new Set(tree.groups)
  if (!Array.isArray(open)) return new Set()
  return new Set(open.filter(id => tree.children.has(id) && id !== null))
}

export function writeOpen(tree, open) {
  if (open.size === 0) return "none"
  return open.size === tree.groups.length ? "all" : [...open].sort((a, b) => a - b)
}

// For every open block (null: the whole network) the edges between its visible members. An edge
// that crosses a block's frame passes through the frame's ports "in" and "out".
export function levelEdges(tree, open) {
  const levels = new Map()
  const add = (level, from, to) => {
    if (from === to) return
    if (!levels.has(level)) levels.set(level, new Map())
    levels.get(level).set(`${from}>${to}`, [from, to])
  }
  const paths = new Map()
  for (const { id } of tree.rows) {
    const steps = path(tree, id)
    paths.set(id, steps.slice(0, steps.indexOf(visibleFor(tree, open, id)) + 1))
  }
  for (const [from, to] of tree.edges) {
    const [a, b] = [paths.get(from), paths.get(to)]
    if (!a.length || !b.length) continue
    let shared = 0
    while (shared < a.length && shared < b.length && a[shared] === b[shared]) shared++
    if (shared === a.length || shared === b.length) continue // inside one closed block
    add(shared ? a[shared - 1] : null, a[shared], b[shared])
    for (let i = shared + 1; i < a.length; i++) add(a[i - 1], a[i], "out")
    for (let i = shared + 1; i < b.length; i++) add(b[i - 1], "in", b[i])
  }
  return new Map([...levels].map(([level, edges]) => [level, [...edges.values()]]))
}
