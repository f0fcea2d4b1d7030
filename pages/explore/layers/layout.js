// Where everything stands. Each open block is laid out by itself and then placed as one box in
// the block around it. A level is cut where all paths meet; between two such points a chain
// stands on one line (its skips pass overhead as detours), and only what truly branches is left to dagre.

import { Graph, layout as dagre } from "../../../explorer/ui/boards/vendor/dagre-3.1.3.esm.js"

const GAP = 24 // between neighbours on a line: room for an arrow
const LABEL = 31 // two lines of text under a node
const LANE = 11 // between two detours
const FRAME = { side: 14, top: 27, bottom: 8 }
const GLUED = new Set(["activation", "normalisation", "dropout"])

// Sizes to scale: height from the spatial size, width from the channels, both by square root so
// that 224 and 5, 3 and 2048 can share one picture; vectors by logarithm.
function scaleOf(rows) {
  const maps = rows.filter(row => row.shape?.length === 3)
  const side = Math.max(1, ...maps.map(row => Math.max(row.shape[1], row.shape[2])))
  const channels = Math.max(128, ...maps.map(row => row.shape[0]))
  const height = size => 11 + 105 * Math.sqrt(size / side)
  const width = count => 6 + 26 * Math.sqrt(count / channels)
  return row => {
    const shape = row.shape ?? []
    const thin = GLUED.has(row.family)
    if (row.status === "failed") return { kind: "slab", w: 18, h: 44, dx: 12, dy: 9 }
    if (row.family === "merge" && !row.group) return { kind: "round", w: 25, h: 25, dx: 0, dy: 0 }
    if (shape.length === 3) {
      const depth = height(shape[2])
      const w = thin ? 8 : width(shape[0])
      return { kind: "slab", w: row.group ? Math.max(w, 20) : w, h: height(shape[1]), dx: 0.27 * depth, dy: 0.2 * depth }
    }
    if (shape.length === 2)
      return { kind: "slab", w: thin ? 8 : width(shape[1]), h: height(Math.sqrt(shape[0])), dx: 5, dy: 4 }
    const tall = 16 + 7 * Math.log2((shape[0] ?? 1) + 1)
    return { kind: "slab", w: row.group ? 20 : thin ? 8 : 10, h: tall, dx: 4, dy: 3 }
  }
}

const shortShape = row => row.output.replaceAll(/\s*×\s*/g, "×")

// `edges`: per open block, the edges between its visible members and its ports "in" and "out".
export function layOut(tree, edges, open) {
  const size = scaleOf(tree.rows)

  // A leaf with what is glued to it, or a closed block: what is drawn as one piece.
  const piece = rows => {
    const sizes = rows.map(size)
    const w = sizes.reduce((sum, one) => sum + one.w, 0)
    const { kind, h, dx, dy } = sizes[0]
    const stack = rows[0].group ? 9 : 0
    const label = kind === "round" ? 0 : Math.max(7 * Math.min(rows[0].name.length, 14), 6.2 * shortShape(rows[0]).length) - 8
    const body = w + dx + stack
    const box = Math.max(body, Math.min(label, 96), 26)
    return {
      rows, kind, sizes, stack, w: box, h: h + dy + LABEL, port: (h + dy) / 2,
      left: (box - body) / 2, out: (box - body) / 2 + w + stack + dx / 2, body: { w, h, dx, dy },
    }
  }

  const level = id => {
    const links = edges.get(id) ?? []
    const members = tree.children.get(id)
    const uses = name => links.some(([from, to]) => from === name || to === name)
    const nodes = []
    const home = new Map() // member id → index of its node
    const degree = { out: new Map(), in: new Map() }
    for (const [from, to] of links) {
      degree.out.set(from, [...(degree.out.get(from) ?? []), to])
      degree.in.set(to, [...(degree.in.get(to) ?? []), from])
    }
    if (uses("in")) home.set("in", nodes.push({ port: 0, w: 0, h: 0, left: 0, out: 0 }) - 1)
    let groupRows = []
    const close = () => {
      if (!groupRows.length) return
      const index = nodes.push(piece(groupRows)) - 1
      for (const row of groupRows) home.set(row.id, index)
      groupRows = []
    }
    members.forEach((row, i) => {
      const before = members[i - 1]
      const glue =
        groupRows.length && GLUED.has(row.family) && !row.group && before === groupRows.at(-1) && !before.group &&
        before.family !== "merge" && before.family !== "input" && before.status !== "failed" && row.status !== "failed" &&
        String(before.shape) === String(row.shape) &&
        String(degree.out.get(before.id)) === String(row.id) && String(degree.in.get(row.id)) === String(before.id)
      if (!glue) close()
      if (row.group && open.has(row.id)) {
        close()
        home.set(row.id, nodes.push(frame(row)) - 1)
      } else groupRows.push(row)
    })
    close()
    if (uses("out")) home.set("out", nodes.push({ port: 0, w: 0, h: 0, left: 0, out: 0 }) - 1)
    const wires = new Map()
    for (const [from, to] of links) {
      const [a, b] = [home.get(from), home.get(to)]
      if (a !== b && a !== undefined && b !== undefined) wires.set(`${a}>${b}`, { a, b, from, to })
    }
    return series(nodes, [...wires.values()])
  }

  const frame = row => {
    const inner = level(row.id)
    const title = 34 + 7 * Math.min(row.name.length, 24)
    const w = Math.max(inner.w + 2 * FRAME.side, title)
    return {
      frame: row, inner, w, h: inner.h + FRAME.top + FRAME.bottom, left: 0, out: w,
      port: FRAME.top + inner.axis, offset: (w - inner.w) / 2,
    }
  }

  return level(null)
}

// Nodes in running order, cut into stretches between the points that every path passes.
function series(nodes, wires) {
  let reach = 0
  const over = nodes.map(() => 0)
  for (const { a, b } of wires) over[Math.min(a, b)] = Math.max(over[Math.min(a, b)], Math.max(a, b))
  const cuts = nodes.map((_, i) => i).filter(i => {
    const free = reach <= i
    reach = Math.max(reach, over[i])
    return free
  })
  if (cuts.at(-1) !== nodes.length - 1) cuts.push(nodes.length - 1)
  const neighbours = new Set(wires.map(({ a, b }) => `${a}>${b}`))
  const routes = []
  let x = 0
  const place = (i, at) => Object.assign(nodes[i], { x: at, y: -nodes[i].port })
  cuts.forEach((cut, k) => {
    if (k === 0) {
      place(cut, 0)
      x = nodes[cut].w
      return
    }
    const start = cuts[k - 1]
    const inside = wires.filter(({ a, b }) => a >= start && b <= cut)
    const line = Array.from({ length: cut - start }, (_, i) => start + i).every(i => neighbours.has(`${i}>${i + 1}`))
    if (line || cut === start + 1) {
      for (let i = start + 1; i <= cut; i++) {
        place(i, x + gapBetween(nodes, inside, i))
        x = nodes[i].x + nodes[i].w
      }
      routes.push(...overhead(nodes, inside))
    } else {
      x = branch(nodes, inside, start, cut, x, routes, place)
    }
  })
  let top = Math.min(...nodes.map(node => node.y))
  for (const route of routes) for (const point of route.points) top = Math.min(top, point.y - 4)
  const bottom = Math.max(...nodes.map(node => node.y + node.h))
  return { nodes, routes, w: x, h: bottom - top, axis: -top }
}

// More room where detours leave or arrive.
function gapBetween(nodes, wires, i) {
  if (nodes[i].w === 0 || nodes[i - 1].w === 0) return 16
  const taps = wires.some(({ a, b }) => b - a > 1 && (a === i - 1 || b === i))
  return taps ? GAP + 8 : GAP
}

// A line's wires: neighbours straight, skips as detours above what they skip, short ones lowest.
function overhead(nodes, wires) {
  const lanes = []
  const routes = []
  const sorted = [...wires].sort((one, two) => Math.abs(one.b - one.a) - Math.abs(two.b - two.a))
  for (const wire of sorted) {
    const from = nodes[wire.a]
    const to = nodes[wire.b]
    const start = { x: from.x + from.out, y: 0 }
    const end = { x: to.x + to.left, y: 0 }
    if (wire.b - wire.a === 1) {
      routes.push({ ...wire, points: [start, end] })
      continue
    }
    const low = Math.min(wire.a, wire.b)
    const high = Math.max(wire.a, wire.b)
    let ceiling = Math.min(...nodes.slice(low + 1, high).map(node => node.y)) - 8
    for (const lane of lanes) if (lane.low < high && low < lane.high) ceiling = Math.min(ceiling, lane.y - LANE)
    lanes.push({ low, high, y: ceiling })
    const leave = from.w === 0 ? start.x + 5 : from.x + from.w + 7
    const round = to.kind === "round"
    const arrive = round ? to.x + to.w / 2 : end.x - 14
    const last = round ? [{ x: arrive, y: -to.body.h / 2 }] : [{ x: arrive, y: 0 }, end]
    routes.push({
      ...wire, skip: true, down: round,
      points: [start, { x: leave, y: 0 }, { x: leave, y: ceiling }, { x: arrive, y: ceiling }, ...last],
    })
  }
  return routes
}

function branch(nodes, wires, start, end, x, routes, place) {
  const graph = new Graph().setGraph({ rankdir: "LR", nodesep: 9, ranksep: 30, marginx: 0, marginy: 0 })
  graph.setDefaultEdgeLabel(() => ({}))
  // dagre centres boxes; every box is padded so that its port lies at the same distance from its middle
  const padded = node => {
    const above = node.port
    const below = node.h - node.port
    return { above, height: 2 * Math.max(above, below - LABEL) + LABEL }
  }
  const thin = node => ({ width: 1, height: LABEL, node })
  for (let i = start; i <= end; i++) {
    const ends = i === start || i === end
    graph.setNode(String(i), ends ? thin(nodes[i]) : { width: Math.max(nodes[i].w, 1), height: padded(nodes[i]).height })
  }
  for (const { a, b } of wires) graph.setEdge(String(a), String(b), {})
  dagre(graph)
  const port = i => graph.node(String(i)).y - LABEL / 2
  const upright = runsDown(graph, start, end) ? 1 : -1
  const left = graph.node(String(start)).x
  const middle = (port(start) + port(end)) / 2
  const height = y => upright * (y - LABEL / 2 - middle)
  const ranks = new Map()
  for (let i = start + 1; i < end; i++) {
    const { x: centre, y } = graph.node(String(i))
    const node = nodes[i]
    Object.assign(node, { x: x + centre - left - node.w / 2, y: height(y) - node.port })
    ranks.set(Math.round(centre), Math.max(ranks.get(Math.round(centre)) ?? 0, node.w))
  }
  place(end, x + graph.node(String(end)).x - left)
  for (const wire of wires) {
    const from = nodes[wire.a]
    const to = nodes[wire.b]
    const bends = []
    for (const point of graph.edge(String(wire.a), String(wire.b)).points.slice(1, -1)) {
      const width = ranks.get(Math.round(point.x))
      if (width === undefined) continue
      const at = { x: x + point.x - left, y: height(point.y) }
      bends.push({ x: at.x - width / 2, y: at.y }, { x: at.x + width / 2, y: at.y })
    }
    routes.push({
      ...wire, curve: true,
      points: [{ x: from.x + from.out, y: from.y + from.port }, ...bends, { x: to.x + to.left, y: to.y + to.port }],
    })
  }
  return nodes[end].x + nodes[end].w
}

// dagre may put the last branch on top; readers expect the first one there.
function runsDown(graph, start, end) {
  const inner = Array.from({ length: end - start - 1 }, (_, i) => start + 1 + i)
  const heights = inner.map(i => graph.node(String(i)).y)
  const mean = heights.reduce((sum, y) => sum + y, 0) / heights.length
  return heights.reduce((sum, y, i) => sum + (i - (inner.length - 1) / 2) * (y - mean), 0) >= 0
}
