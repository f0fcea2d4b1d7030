// Handed to Streamlit for each of our components. It brings the real module, whose default export
// draws, from the application's own /assets; until it is there, only the latest call counts.
// What has been drawn is marked, for the style that hides what stands below until it has its place.

const loading = import(new URL("{address}", location.origin).href)
const latest = new WeakMap()
let draw = null
loading.then(module => (draw = module.default), () => {})

function show(component) {
  try {
    return draw(component)
  } finally {
    mark(component.parentElement)
  }
}

// Once it has been painted: what watches its own size has drawn by then, and what comes to be seen
// stands where it will stay.
function mark(host) {
  const board = host.getRootNode().host?.closest(".stBidiComponent")
  requestAnimationFrame(() => requestAnimationFrame(() => board?.setAttribute("data-drawn", "")))
}

export default function (component) {
  const host = component.parentElement
  latest.set(host, component)
  if (draw) return show(component)
  let leave = null
  let left = false
  loading
    .then(() => {
      if (!left && latest.get(host) === component) leave = show(component)
    })
    .catch(error => {
      console.error(error)
      host.querySelector(".{root}").textContent = component.data.common.broken
      mark(host)
    })
  return () => {
    left = true
    leave?.()
  }
}
