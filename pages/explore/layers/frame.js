// The board's parts and the words on them.

import { nameAll } from "../../../explorer/ui/boards/shared.js"

export const SKELETON = `
<section class="picture">
  <header><h2 data-word="graph"></h2><div class="legend"></div><div class="tools">
    <button type="button" data-act="zoom_out" data-name="zoom_out">−</button>
    <button type="button" data-act="zoom_in" data-name="zoom_in">+</button>
    <button type="button" data-act="fit" data-word="fit"></button>
    <button type="button" data-act="download_svg" data-word="download_svg"></button></div></header>
  <div class="strip" tabindex="0" role="group"></div>
</section>
<div class="lower">
  <section class="layers">
    <header><h2 data-word="table"></h2><div class="tools folding">
      <button type="button" data-act="unfold_all" data-word="unfold_all"></button>
      <button type="button" data-act="fold_all" data-word="fold_all"></button></div></header>
    <div class="scroll"></div>
  </section>
  <aside class="why" aria-live="polite"></aside>
</div>`

export function words(board) {
  const { root, tree } = board
  const { labels } = board.data
  const find = selector => root.querySelector(selector)
  nameAll(root, labels)
  find(".strip").ariaLabel = `${labels.graph}. ${labels.drag_hint}`
  find('[data-act="fit"]').title = labels.drag_hint
  find(".legend").innerHTML = board.legend()
  find(".folding").hidden = !tree.groups.length
  root.classList.toggle("plain", !tree.groups.length)
}
