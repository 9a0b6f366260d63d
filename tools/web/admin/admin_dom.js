// Elements of the page, made and filled by script. Text from elsewhere only
// ever becomes textContent; attributes never hold markup or styles.

export const element = (id) => document.getElementById(id);

// Makes an element with attributes; `text` and `class` are short forms.
export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text")
      node.textContent = value;
    else if (value !== undefined && value !== false)
      node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// Leaves the element alone where nothing changes: neither layout nor screen
// readers have work then.
export function setText(node, text) {
  const wanted = String(text);
  if (node.textContent !== wanted)
    node.textContent = wanted;
}

// A cell is a text, or {text, href, class}.
export function fillCell(cell, content) {
  const {text, href, class: name = ""} =
    typeof content === "object" ? content : {text: content};
  if (href === undefined) {
    setText(cell, text);
  } else {
    const link = cell.firstElementChild ?? cell.appendChild(make("a"));
    setText(link, text);
    if (link.getAttribute("href") !== href)
      link.setAttribute("href", href);
  }
  if (cell.className !== name)
    cell.className = name;
}

// Makes the rows of a table's body equal to `rows`, each a list of cells. Rows
// stay where they are, so that the focus does.
export function fillRows(body, rows) {
  while (body.rows.length > rows.length)
    body.lastElementChild.remove();
  rows.forEach((cells, number) => {
    const row = body.rows[number] ?? body.insertRow();
    cells.forEach((content, column) => {
      const cell = row.cells[column] ?? row.insertCell();
      // A cell that had a link and has none now starts afresh.
      if (cell.firstElementChild && content.href === undefined)
        cell.replaceChildren();
      fillCell(cell, content);
    });
  });
}

// Fills a <dl> with pairs of a name and a text; without a text it is left out.
export function fillFacts(list, pairs, grouped = false) {
  const shown = pairs.filter(([, text]) => text !== undefined);
  const names = shown.map(([name]) => name).join("\n");
  if (list.dataset.names !== names) {
    list.dataset.names = names;
    list.replaceChildren();
    for (const [name] of shown) {
      const pair = [make("dt", {text: name}), make("dd")];
      list.append(...(grouped ? [make("div", {}, ...pair)] : pair));
    }
  }
  const values = list.querySelectorAll("dd");
  shown.forEach(([, text], number) => setText(values[number], text));
}

// Makes the choices of a <select> after its first one equal to `values`.
export function fillChoices(select, values) {
  const present = [...select.options].slice(1).map((option) => option.value);
  if (present.join("\n") === values.join("\n"))
    return;
  const chosen = select.value;
  while (select.options.length > 1)
    select.lastElementChild.remove();
  for (const value of values)
    select.append(make("option", {value, text: value}));
  select.value = values.includes(chosen) ? chosen : "";
}

// Runs `task` now and then again `period` ms after each end, until the returned
// function is called. It rests while nobody sees the page.
export function repeat(task, period, failed) {
  const stopper = new AbortController();
  const {signal} = stopper;
  let timer = 0;
  async function run() {
    try {
      if (!document.hidden)
        await task(signal);
    } catch (error) {
      if (!signal.aborted)
        failed(error);
    }
    if (!signal.aborted)
      timer = setTimeout(run, period);
  }
  run();
  return () => {
    stopper.abort();
    clearTimeout(timer);
  };
}
