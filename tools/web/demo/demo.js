// The demo page: a chat room and an echo behind the relay, each over one
// WebSocket, and a log of what the sockets live through. Text from elsewhere
// only ever reaches the page as textContent.

const maxLines = 500;        // of a list on the page; the oldest go first
const firstDelay = 500;      // ms before the first try to reconnect
const longestDelay = 30000;  // ms between two tries
const stableAfter = 5000;    // ms open that start the back-off afresh
const maxNameBytes = 64;     // what the chat takes

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

function describeClose(code, reason, wasOpen) {
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

// -- a socket that comes back ------------------------------------------------

// Half of the delay is fixed and half random, so that the clients of a node
// that went down do not all return at once.
function retryDelay(attempt) {
  const delay = Math.min(longestDelay, firstDelay * 2 ** attempt);
  return delay / 2 + Math.random() * delay / 2;
}

// One WebSocket at a time. After a close with any code but 1000 it connects
// again, until disconnect() is called. `on` holds open(), message(data),
// change(state, text, code); each is called in the state it tells of.
class ReturningSocket {
  #name;
  #on;
  #path = "";
  #socket = null;
  #timer = 0;
  #attempt = 0;
  #openedAt = 0;

  constructor(name, on) {
    this.#name = name;
    this.#on = on;
  }

  get active() {
    return this.#socket !== null || this.#timer !== 0;
  }

  connect(path) {
    this.disconnect();
    this.#path = path;
    this.#attempt = 0;
    this.#open();
  }

  // Closes with 1000, or stops trying; does nothing when there is neither.
  disconnect() {
    if (this.#timer !== 0)
      this.#stopWaiting();
    else if (this.#socket !== null)
      this.#leave();
  }

  // Returns whether the browser took the data.
  send(data) {
    if (this.#socket?.readyState !== WebSocket.OPEN)
      return false;
    this.#socket.send(data);
    return true;
  }

  #open() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}${this.#path}`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#onOpen();
    socket.onmessage = (event) => this.#on.message(event.data);
    socket.onclose = (event) => this.#onClose(event);
    this.#socket = socket;
    this.#openedAt = 0;
    logLife(this.#name, `connecting to ${this.#path}`);
    this.#on.change("connecting", "connecting ...", "");
  }

  #onOpen() {
    this.#openedAt = performance.now();
    logLife(this.#name, "open");
    this.#on.change("open", "connected", "");
    this.#on.open();
  }

  #onClose(event) {
    const wasOpen = this.#openedAt !== 0;
    const text = describeClose(event.code, event.reason, wasOpen);
    this.#socket = null;
    logLife(this.#name, text, event.code !== 1000);
    if (event.code === 1000)
      this.#on.change("closed", text, "1000");
    else
      this.#retryLater(text, String(event.code));
  }

  #retryLater(text, code) {
    const stable = this.#openedAt !== 0
      && performance.now() - this.#openedAt >= stableAfter;
    this.#attempt = stable ? 0 : this.#attempt;
    const delay = retryDelay(this.#attempt++);
    const seconds = (delay / 1000).toFixed(1);
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#open();
    }, delay);
    logLife(this.#name, `trying again in ${seconds} s`);
    this.#on.change("waiting", `${text}; trying again in ${seconds} s`, code);
  }

  #stopWaiting() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    logLife(this.#name, "no longer trying");
    this.#on.change("closed", "not connected", "");
  }

  // The close frame may never be answered: the page does not wait for it.
  #leave() {
    const socket = this.#socket;
    const wasOpen = this.#openedAt !== 0;
    this.#socket = null;
    socket.onopen = socket.onmessage = null;
    socket.onclose = (event) => logLife(this.#name,
      describeClose(event.code, event.reason, wasOpen));
    socket.close(1000, "left");
    logLife(this.#name, "leaving");
    this.#on.change("closed", "not connected", "1000");
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

const chatSocket = new ReturningSocket("chat", {
  open: () => chatSocket.send(
    JSON.stringify({type: "hello", name: chat.name.value.trim()})),
  message: onChatMessage,
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

function onChatMessage(text) {
  try {
    const {topic, data} = JSON.parse(text);
    if (Object.hasOwn(chatTopics, topic))
      chatTopics[topic](data);
  } catch {
    logLife("chat", "got a message that is not of the chat", true);
  }
}

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
  if (text.trim() && chatSocket.send(JSON.stringify({type: "say", text})))
    chat.input.value = "";
});

// -- echo --------------------------------------------------------------------

let echoPending = [];  // what was sent and not answered yet, oldest first

const echoSocket = new ReturningSocket("echo", {
  open: () => {},
  message: onEcho,
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
