// The chat of the demo page behind a backend.service: one WebSocket for everybody.
// Who is who stands in the metadata of the connections, so that a program that is
// started anew knows those that have waited for it (parking).
//
//   node chat_backend.mjs [--relay ws://HOST:PORT/]
import {parseArgs} from "node:util";

import {groupOf, read, roomOf, Rooms} from "./chat.mjs";
import {Backend} from "./wsrelay_backend.mjs";

const {values: options} = parseArgs({options: {
  relay: {type: "string", default: "ws://127.0.0.1:9191/"},
}});
const rooms = new Rooms();
const clients = new Map(); // by pid, {room, name}; no name before its hello

function join({pid, metadata}) {
  const room = roomOf(metadata), {name} = metadata;
  clients.set(pid, {room, name});
  if (name !== undefined)
    rooms.enter(room, pid, name);
}

function message({pid, data}) {
  const client = clients.get(pid);
  const {hello, say, error} = read(data);
  if (hello !== undefined && client.name === undefined)
    return enter(pid, client, hello);
  if (say !== undefined && client.name !== undefined)
    return tell(client.room, "message", rooms.say(client.room, pid, say));
  const text = error ?? (say ? "say hello first" : "you have a name already");
  return relay.event(pid, "chat.error", {text});
}

async function enter(pid, client, name) {
  const {room} = client;
  client.name = name;
  await relay.control(pid, {metadata: {room, name}, join_groups: [groupOf(room)]});
  if (!clients.has(pid))
    return; // it has left meanwhile
  const members = rooms.enter(room, pid, name);
  relay.event(pid, "chat.welcome",
    {room, you: pid, members, history: rooms.history(room)});
  tell(room, "joined", {name, members});
}

function leave({pid}) {
  const {room} = clients.get(pid) ?? {};
  clients.delete(pid);
  const left = rooms.leave(room, pid);
  if (left)
    tell(room, "left", left);
}

function tell(room, what, data) {
  return relay.groupEvent(groupOf(room), `chat.${what}`, data);
}

const relay = new Backend(options.relay, {rooms: {join, message, leave}}, {
  onReady: () => console.log("ready"),
  onLost: () => clients.forEach((_, pid) => leave({pid})), // they end, or join anew
});
for (const signal of ["SIGINT", "SIGTERM"])
  process.once(signal, () => relay.stop());
