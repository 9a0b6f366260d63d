// The chat of the demo page behind a backend.service: one WebSocket for everybody.
// Who is who stands in the metadata of the connections, so that a program that is
// started anew knows those that have waited for it (parking).
//
//   node chat_backend.mjs [--relay ws://HOST:PORT/]
import {setTimeout as sleep} from "node:timers/promises";
import {parseArgs} from "node:util";

import {groupOf, read, roomOf, Rooms, Turns} from "./chat.mjs";
import {Backend} from "./wsrelay_backend.mjs";

const {values: options} = parseArgs({options: {
  relay: {type: "string", default: "ws://127.0.0.1:9191/"},
}});
const rooms = new Rooms();
const turns = new Turns();
const clients = new Map(); // by pid, {room, name}; no name before its hello

function join({pid, metadata}) {
  const room = roomOf(metadata), {name} = metadata;
  clients.set(pid, {room, name});
  if (name !== undefined)
    rooms.enter(room, pid, name);
}

function message({pid, data}) {
  const client = clients.get(pid), {room} = client;
  const {hello, say, error} = read(data);
  if (hello !== undefined && client.name === undefined) {
    client.name = hello;
    return turns.take(room, () => enter(pid, client));
  }
  if (say !== undefined && client.name !== undefined)
    return turns.take(room, () => tell(room, "message", rooms.say(room, pid, say)));
  const text = error ?? (say ? "say hello first" : "you have a name already");
  return relay.event(pid, "chat.error", {text});
}

async function enter(pid, client) {
  const {room, name} = client;
  const isIn = await relay.control(pid,
    {metadata: {room, name}, join_groups: [groupOf(room)]})
    .then(() => true, () => relay.close(pid, 1011).catch(() => {}));
  if (isIn !== true || clients.get(pid) !== client)
    return; // it has left meanwhile
  const members = rooms.enter(room, pid, name);
  const welcome = relay.event(pid, "chat.welcome",
    {room, you: pid, members, history: rooms.history(room)});
  // The others do not wait for who does not read: it has this before what follows.
  await Promise.race([welcome.catch(() => {}), sleep(500, null, {ref: false})]);
  await tell(room, "joined", {name, members});
}

function leave({pid}) {
  const {room} = clients.get(pid) ?? {};
  clients.delete(pid);
  return turns.take(room, () => tell(room, "left", rooms.leave(room, pid)));
}

// That it was lost is told by the relay.
async function tell(room, what, data) {
  if (data !== undefined)
    await relay.groupEvent(groupOf(room), `chat.${what}`, data).catch(() => {});
}

const relay = new Backend(options.relay, {rooms: {join, message, leave}}, {
  onReady: () => console.log("ready"),
  onLost: () => clients.forEach((_, pid) => leave({pid})), // they end, or join anew
});
for (const signal of ["SIGINT", "SIGTERM"])
  process.once(signal, () => relay.stop());
