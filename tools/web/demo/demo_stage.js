// The connection that moves: its buttons, its numbers, and who is here. Behind it
// are two actors of its own, tools/targets/stage_session.cpp.

import {Connection, element, logLife, part, showStatus}
  from "./demo_connection.js";
import {shortPid} from "./demo_picture.js";

const countEvery = 900;   // ms
const maxPeopleShown = 50;
const other = {blue: "amber", amber: "blue"};

export class Stage {
  #picture;
  #name;                  // a function
  #you = "";              // PID of the connection
  #actor = "";            // PID of who has it
  #color = "blue";
  #killed = false;        // it was asked to crash
  #people = new Map();    // by PID
  #pending = new Map();   // number -> when it was sent
  #tally = {sent: 0, blue: 0, amber: 0, gone: 0};
  #socket = new Connection("stage", {
    listen: (relay) => this.#listen(relay),
    change: (...what) => this.#onChange(...what),
    refused: "refused twice: the stage is full, or this node has none, an "
      + "endpoint with the path /ws/stage and `func: demo_stage`",
    backoff: {base: 6000}, // a crash is to be seen for a while
    world: {random: () => 0.7 + 0.3 * Math.random()},
  });

  constructor(picture, name) {
    this.#picture = picture;
    this.#name = name;
    const on = (id, call) => element(id).addEventListener("click", ({target}) =>
      target.getAttribute("aria-disabled") !== "true" && call());
    on("stage-move", () => this.#ask("move"));
    on("stage-kill", () => this.#killOrConnect());
    on("stage-burst", () => this.#burst());
    on("stage-count", () => this.#toggleCount());
    setInterval(() => this.#count(), countEvery);
  }

  connect() {
    this.#socket.connect("/ws/stage");
  }

  /** Tells a new name. */
  rename() {
    this.#socket.send({type: "hello", name: this.#name()});
  }

  #listen(relay) {
    relay.when("open", () => {
      this.#picture.frame("stage", true, "hello");
      this.rename();
    });
    relay.on("stage.bound", (data) => this.#onBound(data));
    relay.on("stage.counted", (data) => this.#onCounted(data));
    relay.on("stage.people", ({people}) => {
      this.#people.clear();
      this.#onPeople(people, []);
    });
    relay.on("stage.changes", ({people, gone}) => this.#onPeople(people, gone));
    relay.on("stage.error", ({text}) => this.#say(text));
  }

  #onChange(state, text, code) {
    showStatus(element("stage-status"), state,
      code ? `closed with ${code}` : text, code);
    const isOpen = state === "open";
    for (const id of ["stage-move", "stage-burst"])
      element(id).setAttribute("aria-disabled", String(!isOpen));
    this.#picture.setLane("stage", state, isOpen ? this.#you : "");
    this.#showKill(state);
    if (isOpen || state === "connecting")
      return;
    this.#tally.gone += this.#pending.size;
    this.#pending.clear();
    this.#showTally();
    this.#onEnd(text, code);
  }

  #onEnd(text, code) {
    this.#picture.close(code);
    if (code === "1011")
      this.#picture.crash(this.#killed);
    this.#killed = false;
    this.#you = "";
    this.#people.clear();
    this.#showPeople();
    const words = code && !text.startsWith(code) ? `${code}, ${text}` : text;
    this.#say(`Closed with ${words}.`); // meaning and what to do are in it
  }

  // One button, so that the keyboard's focus stays where it is.
  #showKill(state) {
    const button = element("stage-kill");
    button.textContent = state === "open" ? "Kill my actor"
      : state === "connecting" ? "Connecting \u2026" : "Connect now";
    button.setAttribute("aria-disabled", String(state === "connecting"));
    button.classList.toggle("danger", state === "open");
  }

  #killOrConnect() {
    if (this.#socket.isOpen)
      this.#killed = this.#ask("crash");
    else if (this.#socket.active)
      this.#socket.retry();
    else
      this.connect();
  }

  #ask(type) {
    const isSent = this.#socket.send({type});
    if (isSent)
      this.#picture.frame("stage", true, type, type);
    return isSent;
  }

  #onBound({you, actor, color, heard}) {
    const isMove = you === this.#you;
    if (!isMove)
      this.#picture.forget();
    this.#you = you;
    this.#actor = actor;
    this.#color = color;
    this.#picture.setNode(you);
    this.#picture.setLane("stage", "open", you);
    this.#picture.bind(color, actor, isMove);
    this.#picture.frame("stage", false, "bound", color);
    element("stage-move").textContent = `Move me to ${other[color]}`;
    element("stage-status").textContent = `open, with the ${color} actor`;
    this.#showCommands();
    const has = heard === 0 ? "" : ` It has heard ${heard} of your messages.`;
    const what = `${isMove ? "Moved" : "Bound"} to the ${color} actor (${
      shortPid(actor)})`;
    logLife("stage", what);
    this.#say(isMove ? `${what}: another actor, the same socket.${has}`
      : `${what}. Your socket is an actor, too (${shortPid(you)}).`);
  }

  #say(text) {
    element("stage-text").textContent = text;
  }

  #showCommands() {
    element("commands").textContent = ["wsrelay ps",
      `wsrelay inspect '${this.#you}'`, `wsrelay close '${this.#you}'`,
      "", `# the actor behind it`, this.#actor].join("\n");
  }

  // -- numbers ---------------------------------------------------------------

  #sendNumber(isShown) {
    const number = this.#tally.sent + 1;
    if (!this.#socket.send({type: "count", number}))
      return;
    this.#tally.sent = number;
    this.#pending.set(number, performance.now());
    if (isShown)
      this.#picture.frame("stage", true, String(number));
  }

  #count() {
    const isOn = element("stage-count").getAttribute("aria-pressed") === "true";
    if (!isOn || document.hidden || !this.#socket.isOpen || this.#you === "")
      return;
    this.#sendNumber(true);
    this.#showTally();
  }

  #burst() {
    for (let i = 0; i < 100; ++i)
      this.#sendNumber(i % 10 === 0);
    this.#showTally();
  }

  #toggleCount() {
    const button = element("stage-count");
    const isOn = button.getAttribute("aria-pressed") === "true";
    button.setAttribute("aria-pressed", String(!isOn));
  }

  #onCounted({number, color}) {
    const sentAt = this.#pending.get(number);
    if (sentAt === undefined) {
      logLife("stage", `number ${number} was answered twice`, true);
      return;
    }
    this.#pending.delete(number);
    this.#tally[color] += 1;
    element("tally-took").textContent =
      `${(performance.now() - sentAt).toFixed(1)} ms`;
    if (this.#pending.size % 10 === 0)
      this.#picture.frame("stage", false, String(number), color);
    this.#showTally();
  }

  #showTally() {
    for (const [name, value] of Object.entries(this.#tally))
      element(`tally-${name}`).textContent = value;
    element("tally-way").textContent = this.#pending.size;
  }

  // -- people ----------------------------------------------------------------

  #onPeople(people, gone) {
    for (const each of people)
      this.#people.set(each.pid, each);
    for (const pid of gone)
      this.#people.delete(pid);
    this.#picture.frame("stage", false, "presence", "note");
    this.#showPeople();
  }

  // Oneself is first, the others as they came.
  #showPeople() {
    const all = [...this.#people.values()].sort((a, b) =>
      Number(b.pid === this.#you) - Number(a.pid === this.#you));
    const lines = all.slice(0, maxPeopleShown).map((each) => this.#personLine(each));
    if (all.length > maxPeopleShown)
      lines.push(part("li", "none", `and ${all.length - maxPeopleShown} more`));
    if (all.length === 0)
      lines.push(part("li", "none", this.#socket.isOpen ? "Nobody yet."
        : "Not connected: connect to see who is here."));
    element("people").replaceChildren(...lines);
    element("people-title").textContent =
      all.length === 0 ? "Here now" : `Here now: ${all.length}`;
  }

  #personLine({pid, name, actor, color}) {
    const line = part("li", color === "amber" ? "amber" : "blue", "");
    const pids = part("span", "pids", "");
    pids.append(part("code", "", shortPid(pid)), " with ",
      part("code", "", shortPid(actor)));
    pids.title = `${pid} with ${actor}`;
    line.append(part("bdi", "who", name));
    if (pid === this.#you)
      line.append(part("span", "you", "you"));
    line.append(pids);
    return line;
  }
}
