// Handed to Streamlit for each of our components. It brings the real module, whose default export
// draws, from the application's own /assets; until it is there, only the latest call counts.

const loading = import(new URL("{address}", location.origin).href)
const latest = new WeakMap()
let draw = null
loading.then(module => (draw = module.default), () => {})

export default function (component) {
  const host = component.parentElement
  latest.set(host, component)
  if (draw) return draw(component)
  let leave = null
  let left = false
  loading
    .then(module => {
      if (!left && latest.get(host) === component) leave = module.default(component)
    })
    .catch(error => {
      console.error(error)
      host.querySelector(".{root}").textContent = component.data.common.broken
    })
  return () => {
    left = true
    leave?.()
  }
}
