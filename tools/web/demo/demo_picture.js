// The picture: the browser, its connections, the actors behind them, and what
// goes back and forth. It shows what it is told, slowly enough for the eye.

const names = ["stage", "chat", "echo"]; // of the lanes
const maxDots = 40;      // under way at a time; of more, some are not shown
const travel = 900;      // ms, of a dot from end to end
const nodeHeight = 46;
const rows = {blue: 58, amber: 124, chat: 204, echo: 270};
const lanes = {stage: 91, chat: 204, echo: 270};
const height = 312;

const still = matchMedia("(prefers-reduced-motion: reduce)");

function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes))
    made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Returns as much of a PID as there is room for. */
export const shortPid = (pid) =>
  pid.length > 10 ? `${pid.slice(0, pid.indexOf("@") + 5)}\u2026` : pid;

function shortText(text, most) {
  const letters = [...text];
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}\u2026`
    : text;
}

// A box with a title and a line below.
class Box {
  #rect = svg("rect", {rx: 9});
  #title = svg("text", {class: "box-title"});
  #line = svg("text", {class: "box-line"});

  constructor(className, title) {
    this.group = svg("g", {class: `box ${className}`}, this.#rect, this.#title,
      this.#line);
    this.#title.textContent = title;
  }

  set title(text) { this.#title.textContent = text; }
  set line(text) { this.#line.textContent = text; }
  set state(state) { this.group.dataset.state = state; }

  place(x, y, width, tall = nodeHeight) {
    Object.assign(this, {x, y, width});
    const set = (part, attributes) => Object.entries(attributes).forEach(
      ([name, value]) => part.setAttribute(name, value));
    set(this.#rect, {x, y: y - tall / 2, width, height: tall});
    set(this.#title, {x: x + width / 2, y: y - 3});
    set(this.#line, {x: x + width / 2, y: y + 14});
  }
}

export class Picture {
  #root;
  #node = svg("rect", {class: "node", rx: 14});
  #nodeTitle = svg("text", {class: "node-title"});
  #lines = svg("g");
  #dots = svg("g");
  #browser = new Box("browser", "you");
  #connections = {};
  #actors = {};
  #paths = {};
  #badge = svg("text", {class: "badge"}); // of the stage's broken line
  #bound = "blue";       // who has the stage's connection
  #end = rows.blue;      // where its line ends, while it moves, too
  #moving = 0;           // the animation's frame
  #later = 0;            // the timer of what waits for its dot
  #name = "";
  #narrow = false;
  #busyUntil = {};       // by lane: when the last dot to the right arrives

  constructor(root) {
    this.#root = root;
    for (const name of names) {
      this.#connections[name] = new Box("connection", name);
      this.#paths[name] = [svg("path", {class: `line ${name}`}),
        svg("path", {class: `line ${name}`})];
      this.#lines.append(...this.#paths[name]);
    }
    for (const name of Object.keys(rows))
      this.#actors[name] = new Box(`actor ${name}`, name);
    const boxes = [this.#browser, ...Object.values(this.#connections),
      ...Object.values(this.#actors)];
    // Dots pass below the boxes: what stands in these can be read.
    root.append(this.#node, this.#nodeTitle, this.#lines, this.#dots,
      ...boxes.map(({group}) => group), this.#badge);
    for (const name of names)
      this.setLane(name, "idle");
    this.#actors.chat.line = this.#actors.echo.line = "one for all";
    new ResizeObserver(() => this.#layOut()).observe(root);
    this.#layOut();
  }

  /** Whose browser it is. */
  set name(name) {
    this.#name = name;
    this.#browser.title = this.#narrow ? "you" : shortText(name, 16);
    this.#browser.line = "this tab";
  }

  /** State as in showStatus; `pid` of the connection, if it is known. */
  setLane(lane, state, pid = "") {
    const shown = state === "open" ? shortPid(pid) || "open" : state;
    this.#connections[lane].line = shown;
    this.#connections[lane].state = state;
    for (const path of this.#paths[lane])
      path.dataset.state = state;
    const actors = lane === "stage" ? [] : [this.#actors[lane]];
    for (const each of actors)
      each.state = state === "open" ? "bound" : "free";
  }

  setNode(pid) {
    this.#nodeTitle.textContent = `node ${pid.slice(pid.indexOf("@") + 1)
      .slice(0, 8)}`;
  }

  /** The stage's connection is this one's now; `isMove`: behind an order to. */
  bind(color, pid, isMove) {
    this.#whenSeen(isMove, () => {
      for (const name of ["blue", "amber"])
        this.#actors[name].state = name === color ? "bound" : "free";
      this.#actors[color].line = shortPid(pid);
      this.#bound = color;
      this.#moveLine(rows[color]);
    });
  }

  /** Another connection: nobody knows the actors of the last one any more. */
  forget() {
    this.#badge.textContent = "";
    for (const name of ["blue", "amber"]) {
      this.#actors[name].state = "free";
      this.#actors[name].line = "not yet";
    }
  }

  /** The stage's connection was closed with a code. */
  close(code) {
    this.#badge.textContent = `\u2715 ${code}`;
  }

  /** The actor behind it has crashed, and with it the other one. */
  crash(isOrdered) {
    this.#whenSeen(isOrdered, () => {
      for (const name of ["blue", "amber"]) {
        this.#actors[name].state = name === this.#bound ? "dead" : "free";
        this.#actors[name].line = name === this.#bound ? "crashed" : "gone";
      }
    });
  }

  // What was ordered is shown when the order's dot has arrived.
  #whenSeen(isOrdered, show) {
    clearTimeout(this.#later);
    if (isOrdered && !still.matches && !document.hidden)
      this.#later = setTimeout(show, travel * 0.8);
    else
      show();
  }

  /** A frame to the server, or from it. `kind` is a class for its looks. */
  frame(lane, isOut, label, kind = "") {
    const isFull = this.#dots.childElementCount >= maxDots;
    if (document.hidden || still.matches || isFull)
      return;
    const dot = svg("g", {class: `dot ${isOut ? "out" : "in"} ${kind}`},
      svg("circle", {r: 6}), svg("text", {y: -11}));
    dot.lastChild.textContent = shortText(label, this.#narrow ? 7 : 14);
    this.#send(dot, lane, isOut);
  }

  // An answer starts when what it answers has arrived.
  #send(dot, lane, isOut) {
    const now = performance.now();
    const delay = isOut ? 0 : Math.max(0, (this.#busyUntil[lane] ?? 0) - now);
    if (isOut)
      this.#busyUntil[lane] = now + travel;
    const points = this.#way(lane);
    const steps = (isOut ? points : points.reverse()).map(([x, y]) =>
      ({transform: `translate(${x}px, ${y}px)`, opacity: 1}));
    this.#dots.append(dot);
    const run = dot.animate(steps, {duration: travel, delay,
      easing: "ease-in-out"}); // its looks before and after: invisible
    run.onfinish = run.oncancel = () => dot.remove();
  }

  #way(lane) {
    const box = this.#connections[lane];
    const actor = this.#actors[lane === "stage" ? this.#bound : lane];
    return [[this.#browser.width, box.y], [box.x, box.y],
      [box.x + box.width, box.y], [actor.x, actor.y]];
  }

  #layOut() {
    const width = this.#root.clientWidth;
    this.#narrow = width < 560;
    const [browser, connection, actor, pad] = this.#narrow
      ? [60, 84, 84, 7] : [120, 150, 170, 16];
    const gap = (width - browser - connection - actor - 2 * pad) / 2;
    const left = browser + gap + pad;
    this.#root.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.#browser.place(1, (lanes.stage + lanes.echo) / 2, browser - 1,
      lanes.echo - lanes.stage + nodeHeight);
    for (const name of names)
      this.#connections[name].place(left, lanes[name], connection);
    for (const name of Object.keys(rows))
      this.#actors[name].place(width - pad - actor, rows[name], actor);
    const frame = {x: left - pad, y: 1, width: width - left + pad - 1,
      height: height - 2};
    for (const [name, value] of Object.entries(frame))
      this.#node.setAttribute(name, value);
    this.#nodeTitle.setAttribute("x", left);
    this.#nodeTitle.setAttribute("y", 20);
    this.#badge.setAttribute("x", (browser + left) / 2);
    this.#badge.setAttribute("y", lanes.stage - 9);
    this.name = this.#name;
    this.#drawLines();
  }

  #drawLines() {
    for (const name of names) {
      const box = this.#connections[name];
      const [outer, inner] = this.#paths[name];
      const end = name === "stage" ? this.#end : rows[name];
      const [from, to] = [box.x + box.width, this.#actors.blue.x];
      const middle = (from + to) / 2;
      outer.setAttribute("d", `M${this.#browser.width} ${box.y}H${box.x}`);
      inner.setAttribute("d",
        `M${from} ${box.y}C${middle} ${box.y} ${middle} ${end} ${to} ${end}`);
    }
  }

  #moveLine(end) {
    cancelAnimationFrame(this.#moving);
    const [start, from] = [performance.now(), this.#end];
    const step = (now) => {
      const part = still.matches ? 1 : Math.min(1, Math.max(0, (now - start) / 500));
      this.#end = from + (end - from) * part * (2 - part);
      this.#drawLines();
      if (part < 1)
        this.#moving = requestAnimationFrame(step);
    };
    step(start);
  }
}
