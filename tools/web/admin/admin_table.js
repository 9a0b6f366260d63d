// A table of any number of rows in which only those exist that can be seen. It
// remains a <table>: two rows without content take the place of the others.
// One link in it is a tab stop; the arrow keys move from row to row.

import {fillCell, make} from "./admin_dom.js";

const rowHeight = 34;    // px, as admin.css has it
const margin = 6;        // rows above and below those in sight
const maxHeight = 15e6;  // px: browsers lay out no higher box

// Keys that move, and where to: (row, rows in sight, last row).
const moves = {
  ArrowDown: (row) => row + 1,
  ArrowUp: (row) => row - 1,
  PageDown: (row, sight) => row + sight,
  PageUp: (row, sight) => row - sight,
  Home: () => 0,
  End: (row, sight, last) => last,
};

// One cell is enough: one that spans all would make columns of hidden ones.
const makeSpacer = () =>
  make("tr", {class: "spacer", "aria-hidden": "true"}, make("td"));

export class VirtualTable {
  #scroller;
  #table;
  #body;
  #columns;
  #rowOf;
  #looked;
  #rows = new Map();  // index -> its <tr>
  #spare = [];        // <tr> of nobody
  #top;
  #bottom;
  #count = 0;
  #active = 0;        // the row that is the tab stop
  #frame = 0;

  // A column is {cell(row) -> content, class}; the first one has the link.
  // `rowOf(index)` returns the row's object or undefined; `looked(first, last)`
  // is told what can be seen.
  constructor({scroller, table, body, columns, rowOf, looked}) {
    this.#scroller = scroller;
    this.#table = table;
    this.#body = body;
    this.#columns = columns;
    this.#rowOf = rowOf;
    this.#looked = looked;
    this.#top = makeSpacer();
    this.#bottom = makeSpacer();
    body.append(this.#top, this.#bottom);
    scroller.tabIndex = -1;  // takes the focus of a row that scrolls away
    scroller.addEventListener("scroll", () => this.update(), {passive: true});
    scroller.addEventListener("keydown", (event) => this.#onKey(event));
    body.addEventListener("focusin", (event) => this.#onFocus(event));
    new ResizeObserver(() => this.update()).observe(scroller);
  }

  setCount(count) {
    this.#count = Math.min(count, Math.floor(maxHeight / rowHeight));
    this.#active = Math.max(0, Math.min(this.#active, this.#count - 1));
    this.#table.setAttribute("aria-rowcount", String(count + 1));
    this.update();
  }

  toStart() {
    this.#active = 0;
    this.#scroller.scrollTop = 0;
  }

  // Draws with the next frame, however often it is called before.
  update() {
    if (this.#frame === 0)
      this.#frame = requestAnimationFrame(() => {
        this.#frame = 0;
        this.#draw();
      });
  }

  #inSight() {
    const height = this.#scroller.clientHeight - this.#headHeight();
    return Math.max(1, Math.floor(height / rowHeight));
  }

  #headHeight() {
    return this.#table.tHead.offsetHeight;
  }

  #draw() {
    if (this.#scroller.offsetParent === null)
      return;  // another view is shown
    const seen = Math.floor(this.#scroller.scrollTop / rowHeight);
    const first = Math.max(0, Math.min(seen, this.#count) - margin);
    const end = Math.min(this.#count, seen + this.#inSight() + 1 + margin);
    // A box that is too low for a moment would be scrolled back.
    this.#top.style.height = `${first * rowHeight}px`;
    this.#bottom.style.height = `${(this.#count - end) * rowHeight}px`;
    this.#putIn(first, end);
    const isLeft = this.#takeOut(first, end);
    this.#placeTabStop(first, end, seen);
    if (isLeft)
      this.#scroller.focus({preventScroll: true});
    if (this.#count > 0)
      this.#looked(first, Math.max(first, end - 1));
  }

  // Returns whether the row that had the focus is gone.
  #takeOut(first, end) {
    let isLeft = false;
    for (const [index, row] of this.#rows) {
      if (index >= first && index < end)
        continue;
      isLeft ||= row.contains(document.activeElement);
      row.remove();
      this.#rows.delete(index);
      this.#spare.push(row);
    }
    return isLeft;
  }

  // Rows that stay are not touched, so that the focus stays, too.
  #putIn(first, end) {
    let before = null;
    for (let index = end - 1; index >= first; --index) {
      let row = this.#rows.get(index);
      if (row === undefined) {
        row = this.#spare.pop() ?? this.#makeRow();
        this.#rows.set(index, row);
        this.#body.insertBefore(row, before ?? this.#bottom);
      }
      this.#fill(row, index);
      before = row;
    }
  }

  #makeRow() {
    const cells = this.#columns.map(({class: name}, column) => column === 0
      ? make("td", {class: name}, make("a", {tabindex: "-1"}))
      : make("td", {class: name}));
    return make("tr", {}, ...cells);
  }

  #fill(row, index) {
    const shown = String(index + 2);  // the header is row 1
    if (row.getAttribute("aria-rowindex") !== shown)
      row.setAttribute("aria-rowindex", shown);
    const data = this.#rowOf(index);
    this.#columns.forEach(({cell, class: name = ""}, column) => {
      const content = data ? cell(data) : column === 0
        ? {text: "...", href: "#/connections"} : "";
      const whole = typeof content === "object" ? content : {text: content};
      fillCell(row.cells[column], {...whole, class: name});
    });
  }

  #placeTabStop(first, end, seen) {
    const stop = this.#active >= first && this.#active < end
      ? this.#active : Math.min(seen, end - 1);
    for (const [index, row] of this.#rows) {
      const value = index === stop ? 0 : -1;
      const link = row.cells[0].firstElementChild;
      if (link.tabIndex !== value)
        link.tabIndex = value;
    }
  }

  #onFocus(event) {
    const row = event.target.closest("tr");
    for (const [index, each] of this.#rows)
      if (each === row)
        this.#active = index;
  }

  #onKey(event) {
    const move = moves[event.key];
    const inRows = event.target === this.#scroller
      || this.#body.contains(event.target);
    if (!move || !inRows || this.#count === 0
        || event.ctrlKey || event.altKey || event.metaKey)
      return;
    event.preventDefault();
    const last = this.#count - 1;
    const wanted = move(this.#active, this.#inSight(), last);
    this.#active = Math.max(0, Math.min(last, wanted));
    this.#scrollTo(this.#active);
    this.#draw();
    this.#rows.get(this.#active)?.cells[0].firstElementChild
      .focus({preventScroll: true});
  }

  #scrollTo(index) {
    const top = index * rowHeight;
    const height = this.#scroller.clientHeight - this.#headHeight();
    if (top < this.#scroller.scrollTop)
      this.#scroller.scrollTop = top;
    else if (top + rowHeight > this.#scroller.scrollTop + height)
      this.#scroller.scrollTop = top + rowHeight - height;
  }
}
