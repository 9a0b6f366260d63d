// The demo page: a connection that moves between actors, a chat room and an echo
// behind the relay, each over one WebSocket. This file has the name, the chat and
// the echo. Text from elsewhere only ever reaches the page as textContent.

import {Connection, addLine, element, logLife, part, showStatus}
  from "./demo_connection.js";
import {Picture, shortPid} from "./demo_picture.js";
import {Stage} from "./demo_stage.js";

const maxNameBytes = 64; // what the targets take

const picture = new Picture(element("picture"));
const nameInput = element("name");
const nameOfMine = () => nameInput.value.trim();

// Labels of a connect button, by the state of its socket.
const connectLabels = {
  connecting: "Cancel", open: "Disconnect", waiting: "Cancel",
  closed: "Connect",
};

// -- name --------------------------------------------------------------------

const moods = ["Brave", "Calm", "Clever", "Gentle", "Happy", "Kind", "Lucky",
  "Merry", "Quick", "Quiet", "Sunny", "Witty"];
const animals = ["Badger", "Beaver", "Finch", "Fox", "Heron", "Koala", "Lynx",
  "Otter", "Owl", "Panda", "Robin", "Seal", "Swift", "Tapir", "Wombat"];

const oneOf = (list) => list[Math.floor(Math.random() * list.length)];

let currentName = "";

function checkName() {
  const bytes = new TextEncoder().encode(nameOfMine()).length;
  const good = bytes >= 1 && bytes <= maxNameBytes;
  nameInput.setCustomValidity(
    good ? "" : `A name has 1 to ${maxNameBytes} bytes.`);
  return good;
}

function useName() {
  if (!checkName() || nameOfMine() === currentName)
    return;
  currentName = nameOfMine();
  picture.name = currentName;
  stage.rename();
  if (chatSocket.active)
    joinRoom(); // a room knows the name of a connection for good
}

nameInput.addEventListener("input", checkName);
nameInput.addEventListener("change", useName);
element("name-form").addEventListener("submit", (event) => {
  event.preventDefault();
  useName();
});

// -- stage -------------------------------------------------------------------

const stage = new Stage(picture, () => currentName);

// -- chat --------------------------------------------------------------------

const chat = {
  room: element("chat-room"),
  messages: element("chat-messages"),
  members: element("chat-members"),
  input: element("chat-input"),
  send: element("chat-send"),
};

const chatSocket = new Connection("chat", {
  listen: (relay) => {
    relay.when("open", () => sendChat({type: "hello", name: currentName}));
    for (const [topic, listener] of Object.entries(chatTopics))
      relay.on(topic, (data) => {
        picture.frame("chat", false, topic.slice("chat.".length), "note");
        listener(data);
      });
    relay.when("message", () =>
      logLife("chat", "got a message that is not of the chat", true));
  },
  change: onChatChange,
});

function sendChat(message) {
  const isSent = chatSocket.send(message);
  if (isSent)
    picture.frame("chat", true, message.text ?? message.type);
  return isSent;
}

function onChatChange(state, text, code) {
  showStatus(element("chat-status"), state, text, code);
  picture.setLane("chat", state);
  element("chat-connect").textContent = connectLabels[state];
  chat.room.disabled = chatSocket.active;
  chat.send.disabled = true; // until the room has welcomed this client
  if (state === "waiting")
    addNote(text, "note error");
  if (state !== "open")
    showMembers([]);
}

function addNote(text, className = "note") {
  addLine(chat.messages, className, text);
}

function addMessage({from, text}) {
  const mine = from === currentName;
  addLine(chat.messages, mine ? "mine" : "", part("bdi", "from", from), text);
}

function showMembers(names) {
  chat.members.replaceChildren();
  for (const name of names)
    addLine(chat.members, "", part("bdi", "", name));
}

const chatTopics = {
  "chat.welcome": (data) => {
    chat.messages.replaceChildren();
    data.history.forEach(addMessage);
    addNote(`You are ${shortPid(data.you)} in "${data.room}".`);
    showMembers(data.members);
    chat.send.disabled = false;
    element("chat-status").textContent = `connected to ${data.room}`;
    picture.setLane("chat", "open", data.you);
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
  element("invite").href = `?room=${encodeURIComponent(room)}`;
  return !bad;
}

chat.room.addEventListener("input", checkRoom);

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
  if (text.trim() && sendChat({type: "say", text}))
    chat.input.value = "";
});

// -- echo --------------------------------------------------------------------

let echoPending = []; // what was sent and not answered yet, oldest first
let isGreeted = false; // the page has shown an echo by itself

const echoSocket = new Connection("echo", {
  listen: (relay) => {
    relay.when("open", () => {
      if (!isGreeted)
        sendEcho(element("echo-input").value);
      isGreeted = true;
    });
    relay.when("message", onEcho);
    relay.when("binary", onEcho);
    relay.when("event", ({text}) => onEcho(text)); // who types one gets it back
  },
  change: onEchoChange,
});

function onEchoChange(state, text, code) {
  echoPending = [];
  showStatus(element("echo-status"), state, text, code);
  picture.setLane("echo", state);
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

const labelOf = (data) => typeof data === "string" ? data
  : `${data.byteLength} bytes`;

function sendEcho(data) {
  const sent = {shown: show(data), at: performance.now()};
  if (!echoSocket.send(data))
    return;
  echoPending.push(sent);
  picture.frame("echo", true, labelOf(data));
}

// The relay keeps the order: an answer belongs to the oldest message.
function onEcho(data) {
  const sent = echoPending.shift();
  const shown = show(data);
  const same = sent?.shown === shown;
  const took = sent ? `${(performance.now() - sent.at).toFixed(1)} ms` : "";
  picture.frame("echo", false, labelOf(data), "note");
  addLine(element("echo-output"), same ? "" : "bad", shown,
    part("span", "time", ` ${same ? "" : "differs "}${took}`));
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
nameInput.value = query.get("name") || `${oneOf(moods)} ${oneOf(animals)}`;
checkName();
useName();
stage.connect();
if (checkRoom() && currentName !== "")
  joinRoom();
echoSocket.connect("/ws/echo");
