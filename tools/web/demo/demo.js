// The demo page: a chat room and an echo behind the relay, each over one
// WebSocket, and a log of what the sockets live through. Text from elsewhere
// only ever reaches the page as textContent.

import {connect} from "./wsrelay.js"; // tools/web/client

const maxLines = 500;     // of a list on the page; the oldest go first
const maxNameBytes = 64;  // what the chat takes

const element = (id) => document.getElementById(id);

// -- close codes -------------------------------------------------------------

// RFC 6455 section 7.4.1 and the IANA registry of close codes.
const closeWords = new Map([
  [1000, "closed normally"],
  [1001, "the server is going away"],
  [1002, "the protocol was violated"],
  [1003, "this type of message is not accepted"],
  [1005, "closed without a code"],
  [1006, "the connection was lost"],
  [1007, "a message was not valid text"],
  [1008, "not allowed"],
  [1009, "a message was too big"],
  [1010, "an extension is missing"],
  [1011, "the server's side ended with an error"],
  [1012, "the server restarts"],
  [1013, "the server is overloaded, try again later"],
  [1014, "a gateway got an invalid answer"],
  [1015, "the TLS handshake failed"],
]);

function describeClose({code, reason, wasOpen}) {
  const words = code === 1006 && !wasOpen
    ? "could not connect, or was refused"
    : closeWords.get(code)
      ?? (code >= 4000 ? "closed by the application" : "unknown code");
  return `${code}, ${words}` + (reason ? `: "${reason}"` : "");
}

// -- lists on the page -------------------------------------------------------

function span(className, text) {
  const part = document.createElement("span");
  part.className = className;
  part.textContent = text;
  return part;
}

// Appends an <li> of strings and elements; follows the end of the list unless
// the reader has scrolled up.
function addLine(list, className, ...parts) {
  const box = list.parentElement;
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  const line = document.createElement("li");
  line.className = className;
  line.append(...parts);  // a string becomes a text node
  list.append(line);
  while (list.childElementCount > maxLines)
    list.firstElementChild.remove();
  if (atEnd)
    box.scrollTop = box.scrollHeight;
}

function logLife(who, text, bad = false) {
  const time = new Date().toLocaleTimeString([], {hour12: false});
  addLine(element("life-log"), bad ? "bad" : "", span("time", `${time} `),
    `${who}: ${text}`);
}

function showStatus(output, state, text, code = "") {
  output.dataset.state = state;  // idle|connecting|open|waiting|closed
  output.dataset.code = code;
  output.textContent = text;
}

// -- connections that come back ----------------------------------------------

// One connection at a time. `listen` gives it its listeners; `change` is told
// state, text and the code with which it was closed, each in that state.
class Connection {
  #name;
  #listen;
  #change;
  #relay = null;
  #code = "";

  constructor(name, {listen, change}) {
    this.#name = name;
    this.#listen = listen;
    this.#change = change;
  }

  get active() {
    return this.#relay !== null && this.#relay.state !== "ended";
  }

  connect(path) {
    this.disconnect();
    this.#code = "";
    const relay = this.#relay = connect(path);
    relay.when("connecting", () => this.#onConnecting(path));
    relay.when("open", () => this.#onOpen());
    relay.when("closed", (close) => this.#onClosed(close));
    relay.when("waiting", (close) => this.#onWaiting(close));
    relay.when("ended", (close) => this.#onEnded(close));
    this.#listen(relay);
    this.#onConnecting(path);
  }

  // Closes with 1000, or stops trying; does nothing when there is neither.
  disconnect() {
    this.#relay?.close(1000, "left");
  }

  // Returns whether the browser took the data.
  send(data) {
    return this.#relay?.send(data) ?? false;
  }

  #tell(state, text, life) {
    logLife(this.#name, life);
    this.#change(state, text, this.#code);
  }

  #onConnecting(path) {
    this.#tell("connecting", "connecting ...", `connecting to ${path}`);
  }

  #onOpen() {
    this.#code = "";
    this.#tell("open", "connected", "open");
  }

  // The code is that of the connection, not of a try that came after it.
  #onClosed(close) {
    logLife(this.#name, describeClose(close), close.code !== 1000);
    if (close.wasOpen || this.#code === "")
      this.#code = String(close.code);
  }

  #onWaiting(close) {
    const when = close.wait < Infinity
      ? `trying again in ${(close.wait / 1000).toFixed(1)} s`
      : "trying again when the page is shown";
    this.#tell("waiting", `${describeClose(close)}; ${when}`, when);
  }

  #onEnded(close) {
    this.#code = String(close.code);
    if (close.local)
      this.#tell("closed", "not connected", "left");
    else
      this.#tell("closed", describeClose(close), "not trying again");
  }
}

// Labels of a connect button, by the state of its socket.
const connectLabels = {
  connecting: "Cancel", open: "Disconnect", waiting: "Cancel",
  closed: "Connect",
};

// -- chat --------------------------------------------------------------------

const chat = {
  name: element("chat-name"),
  room: element("chat-room"),
  messages: element("chat-messages"),
  members: element("chat-members"),
  input: element("chat-input"),
  send: element("chat-send"),
};

const chatSocket = new Connection("chat", {
  listen: (relay) => {
    relay.when("open", () =>
      relay.send({type: "hello", name: chat.name.value.trim()}));
    for (const [topic, listener] of Object.entries(chatTopics))
      relay.on(topic, listener);
    relay.when("message", () =>
      logLife("chat", "got a message that is not of the chat", true));
  },
  change: onChatChange,
});

function onChatChange(state, text, code) {
  showStatus(element("chat-status"), state, text, code);
  element("chat-connect").textContent = connectLabels[state];
  chat.name.disabled = chat.room.disabled = chatSocket.active;
  chat.send.disabled = true;  // until the room has welcomed this client
  if (state === "waiting")
    addNote(text, "note error");
  if (state !== "open")
    showMembers([]);
}

function addNote(text, className = "note") {
  addLine(chat.messages, className, text);
}

function addMessage({from, text}) {
  const mine = from === chat.name.value.trim();
  addLine(chat.messages, mine ? "mine" : "", span("from", from), text);
}

function showMembers(names) {
  chat.members.replaceChildren();
  for (const name of names)
    addLine(chat.members, "", name);
}

const chatTopics = {
  "chat.welcome": (data) => {
    chat.messages.replaceChildren();
    data.history.forEach(addMessage);
    addNote(`You are in "${data.room}" as ${data.you}.`);
    showMembers(data.members);
    chat.send.disabled = false;
    element("chat-status").textContent = `connected to ${data.room}`;
  },
  "chat.joined": (data) => {
    addNote(`${data.name} joined.`);
    showMembers(data.members);
  },
  "chat.left": (data) => {
    addNote(`${data.name} left.`);
    showMembers(data.members);
  },
  "chat.message": addMessage,
  "chat.error": (data) => addNote(data.text, "note error"),
};

function joinRoom() {
  const room = chat.room.value.trim();
  chat.messages.replaceChildren();
  chatSocket.connect(`/ws/chat/${encodeURIComponent(room)}`);
}

// A URL drops the segments "." and "..", in whatever way they are escaped.
function checkRoom() {
  const room = chat.room.value.trim();
  const bad = room === "" || room === "." || room === "..";
  chat.room.setCustomValidity(bad ? "This cannot be the name of a room." : "");
  element("chat-invite").href = `?room=${encodeURIComponent(room)}`;
}

function checkName() {
  const bytes = new TextEncoder().encode(chat.name.value.trim()).length;
  const good = bytes >= 1 && bytes <= maxNameBytes;
  chat.name.setCustomValidity(
    good ? "" : `A name has 1 to ${maxNameBytes} bytes.`);
}

chat.room.addEventListener("input", checkRoom);
chat.name.addEventListener("input", checkName);

element("chat-join").addEventListener("submit", (event) => {
  event.preventDefault();
  if (chatSocket.active)
    chatSocket.disconnect();
  else
    joinRoom();
});

element("chat-say").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = chat.input.value;
  if (text.trim() && chatSocket.send({type: "say", text}))
    chat.input.value = "";
});

// -- echo --------------------------------------------------------------------

let echoPending = [];  // what was sent and not answered yet, oldest first

const echoSocket = new Connection("echo", {
  listen: (relay) => {
    relay.when("message", onEcho);
    relay.when("binary", onEcho);
    relay.when("event", ({text}) => onEcho(text)); // who types one gets it back
  },
  change: onEchoChange,
});

function onEchoChange(state, text, code) {
  echoPending = [];
  showStatus(element("echo-status"), state, text, code);
  element("echo-connect").textContent = connectLabels[state];
  element("echo-send").disabled = state !== "open";
  element("echo-send-binary").disabled = state !== "open";
}

// A text as it is; bytes as hexadecimal digits.
function show(data) {
  if (typeof data === "string")
    return `"${data}"`;
  const digits = Array.from(new Uint8Array(data),
    (byte) => byte.toString(16).padStart(2, "0"));
  return `${digits.length} bytes ${digits.join(" ")}`;
}

function sendEcho(data) {
  const sent = {shown: show(data), at: performance.now()};
  if (echoSocket.send(data))
    echoPending.push(sent);
}

// The relay keeps the order: an answer belongs to the oldest message.
function onEcho(data) {
  const sent = echoPending.shift();
  const shown = show(data);
  const same = sent?.shown === shown;
  const took = sent ? `${(performance.now() - sent.at).toFixed(1)} ms` : "";
  addLine(element("echo-output"), same ? "" : "bad", shown,
    span("time", ` ${same ? "" : "differs "}${took}`));
}

element("echo-connect").addEventListener("click", () => {
  if (echoSocket.active)
    echoSocket.disconnect();
  else
    echoSocket.connect("/ws/echo");
});

element("echo-form").addEventListener("submit", (event) => {
  event.preventDefault();
  sendEcho(element("echo-input").value);
});

element("echo-send-binary").addEventListener("click",
  () => sendEcho(crypto.getRandomValues(new Uint8Array(16)).buffer));

// -- start -------------------------------------------------------------------

const query = new URLSearchParams(location.search);
chat.room.value = query.get("room") || chat.room.value;
chat.name.value = query.get("name") || "";
checkRoom();
checkName();
if (query.get("name") && query.get("room"))
  element("chat-join").requestSubmit();
