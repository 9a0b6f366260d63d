// The chat of the demo page behind an http.target: what clients say comes as
// requests, what they hear goes by the server API. Who is who stands in the state
// of the connections, so that a server that is started anew goes on with them.
//
//   node chat_webhooks.mjs [--listen HOST:PORT] [--api URL] [--secret whsec_...]
import {parseArgs} from "node:util";

import {groupOf, read, roomOf, Rooms, Turns} from "./chat.mjs";
import {serverApi} from "./wsrelay_api.mjs";
import {listen, serveWebhooks, stop} from "./wsrelay_webhooks.mjs";

const {values: options} = parseArgs({options: {
  listen: {type: "string", default: "127.0.0.1:8000"},
  api: {type: "string", default: "http://127.0.0.1:9090"},
  secret: {type: "string", multiple: true, default: []},
}});
const relay = serverApi(options.api);
const rooms = new Rooms();
const turns = new Turns();

function onEvent({type, pid, state, data}) {
  if (type === "connected")
    return connect(data);
  const client = JSON.parse(state);
  if (type === "message")
    return turns.take(client.room, () => onMessage(pid, client, data))
      .catch(unlessGone);
  if (type === "disconnected")
    return turns.take(client.room, () => leave(pid, client));
}

function connect(metadata) {
  try {
    return {state: JSON.stringify({room: roomOf(metadata)})};
  } catch {
    return {status: 403};
  }
}

// Its `disconnected` follows.
function unlessGone(error) {
  if (![404, 410].includes(error.status))
    throw error;
}

function onMessage(pid, client, data) {
  const {room, name} = client;
  const {hello, say, error} = read(data);
  if (hello !== undefined && name === undefined)
    return enter(pid, room, hello);
  if (say !== undefined && name !== undefined)
    return talk(pid, client, say);
  const text = error ?? (say ? "say hello first" : "you have a name already");
  return {event: {topic: "chat.error", data: {text}}};
}

async function enter(pid, room, name) {
  await relay.groupAdd(groupOf(room), pid);
  const members = rooms.enter(room, pid, name);
  await relay.event(pid, "chat.welcome",
    {room, you: pid, members, history: rooms.history(room)});
  await tell(room, "joined", {name, members});
  return {state: JSON.stringify({room, name})};
}

async function talk(pid, {room, name}, text) {
  rooms.enter(room, pid, name); // an earlier server may have welcomed it
  await tell(room, "message", rooms.say(room, pid, text));
}

async function leave(pid, {room}) {
  const left = rooms.leave(room, pid);
  if (left)
    await tell(room, "left", left);
}

function tell(room, what, data) {
  return relay.groupEvent(groupOf(room), `chat.${what}`, data);
}

const server = serveWebhooks({onEvent, secrets: options.secret});
console.log(`listening on ${await listen(server, options.listen)}`);
for (const signal of ["SIGINT", "SIGTERM"])
  process.once(signal, () => stop(server));
