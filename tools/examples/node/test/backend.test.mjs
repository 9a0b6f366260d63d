// What a backend says to a relay, and when it comes back: no socket, no clock.
import assert from "node:assert/strict";
import {test} from "node:test";

import {Backend} from "../wsrelay_backend.mjs";
import {decode, encode} from "../wsrelay_socket.mjs";
import {FakeWorld, settled} from "./fakes.mjs";

const url = "ws://relay:9191/";

// -> {world, relay, log}: what was called and reported, in order.
function start(handlers = {}, options = {}) {
  const world = new FakeWorld();
  const log = [];
  const relay = new Backend(url, {game: handlers}, {world,
    report: (what) => log.push(what.message ?? what),
    onReady: (waiting) => log.push(`ready ${waiting}`), ...options});
  return {world, relay, log};
}

async function startOpen(handlers, options) {
  const all = start(handlers, options);
  all.world.socket.open();
  const [{id}] = all.world.socket.take();
  await all.world.socket.hear({type: "ok", id});
  all.log.length = 0;
  return all;
}

const errorOf = (promise) => promise.then(() => "none", ({error}) => error);

test("bytes stand beside JSON, text in it", () => {
  const bytes = Buffer.from([0, 255]);
  const frame = encode({type: "send", to: "x", data: bytes});
  assert.equal(frame.toString("latin1"),
    '\0\0\0\x18{"type":"send","to":"x"}\0\xff');
  assert.equal(encode({type: "event", data: {a: 1}}),
    '{"type":"event","data":{"a":1}}');
  const heard = encode({type: "message", seq: 1, data: bytes});
  assert.deepEqual(decode(heard), {type: "message", seq: 1, data: bytes});
  const body = encode({type: "http", ref: 1, body: Buffer.alloc(0)});
  assert.deepEqual(decode(body), {type: "http", ref: 1, body: Buffer.alloc(0)});
  for (const bad of ["{", Buffer.from([0, 0]), Buffer.from([0, 0, 0, 9, 123])])
    assert.throws(() => decode(bad));
});

test("it offers its names, then it is ready", async () => {
  const {world, log} = start({}, {token: "secret"});
  assert.equal(world.socket.url, url);
  assert.deepEqual(world.socket.protocols, ["wsrelay.backend.1"]);
  assert.deepEqual(world.socket.options,
    {headers: {Authorization: "Bearer secret"}});
  world.socket.open();
  assert.deepEqual(world.socket.take(),
    [{type: "offer", names: ["game"], acks: true, id: 1}]);
  assert.deepEqual(log, []);
  await world.socket.hear({type: "ok", id: 1, waiting: ["game"]});
  assert.deepEqual(log, ["ready game"]);
});

test("a handler's end is the answer", async () => {
  let go;
  const {world, log} = await startOpen({
    join: ({metadata}) => {
      if (metadata.user !== "ann")
        throw new Error("not you");
    },
    message: () => new Promise((resolve) => { go = resolve; }),
    http: ({path}) => ({status: 200, body: path}),
  });
  const {socket} = world;
  await socket.hear({type: "join", name: "game", pid: "1", ref: 5,
    metadata: {user: "ann"}});
  await socket.hear({type: "join", name: "game", pid: "2", ref: 6, metadata: {}});
  assert.deepEqual(socket.take(), [{type: "ok", ref: 5},
    {type: "error", ref: 6, text: "not you"}]);
  assert.deepEqual(log, ["refused: not you"]);
  await socket.hear({type: "message", name: "game", pid: "1", seq: 3, data: "x"});
  assert.deepEqual(socket.take(), []);
  go();
  await settled();
  assert.deepEqual(socket.take(), [{type: "taken", to: "1", seq: 3}]);
  await socket.hear({type: "http", name: "game", ref: 7, path: "/x"});
  await socket.hear({type: "leave", name: "game", pid: "1", ref: 8});
  await socket.hear({type: "leave", name: "game", pid: "2"});
  assert.deepEqual(socket.take(), [
    {type: "response", ref: 7, status: 200, body: "/x"}, {type: "ok", ref: 8}]);
});

test("an answer for a connection that is lost goes nowhere", async () => {
  let go;
  const {world} = await startOpen(
    {join: () => new Promise((resolve) => { go = resolve; })});
  await world.socket.hear({type: "join", name: "game", pid: "1", ref: 5});
  await world.socket.lose();
  await world.advance(250);
  world.socket.open();
  world.socket.take();
  go();
  await settled();
  assert.deepEqual(world.socket.take(), []);
});

test("a promise is settled by the relay, the time or the loss", async () => {
  const {world, relay} = await startOpen({}, {timeout: 1000});
  const ok = relay.send("1", "a");
  const refused = errorOf(relay.control("1", {target: "x"}));
  const late = errorOf(relay.groupEvent("g", "t", {}, {except: "1"}));
  const said = world.socket.take();
  assert.deepEqual(said.map(({id, ...rest}) => rest), [
    {type: "send", to: "1", data: "a"}, {type: "control", to: "1", target: "x"},
    {type: "group_event", group: "g", topic: "t", data: {}, except: "1"}]);
  await world.socket.hear({type: "ok", id: said[0].id});
  await world.socket.hear({type: "error", id: said[1].id,
    error: "no_such_target", text: "none"});
  assert.deepEqual(await ok, []);
  assert.equal(await refused, "no_such_target");
  await world.advance(1000);
  assert.equal(await late, "timeout");
  await world.socket.hear({type: "ok", id: said[2].id}); // nobody waits for it
  const lost = errorOf(relay.close("1"));
  await world.socket.lose();
  assert.equal(await lost, "connection_lost");
  await assert.rejects(relay.event("1", "t", 1), /not connected/);
});

test("what the relay does not take is bounded", async () => {
  const {world, relay} = await startOpen();
  world.socket.bufferedAmount = 16 * 1024 * 1024 + 1;
  await assert.rejects(relay.send("1", "x"), /does not read/);
  world.socket.bufferedAmount -= 1;
  for (let i = 0; i < 10_000; i += 1)
    relay.send("1", "x");
  assert.equal(world.socket.take().length, 10_000);
  await assert.rejects(relay.send("1", "x"), /too much is not answered/);
});

test("it comes back, later and later, by chance", async () => {
  const waits = [];
  const {world} = start({}, {backoff: {base: 1000, max: 5000},
    onLost: ({wait}) => waits.push(wait)});
  for (world.chance of [0.5, 0.5, 1, 0, 1, 1]) {
    await world.socket.lose();
    await world.advance(waits.at(-1));
  }
  assert.deepEqual(waits, [500, 1000, 4000, 0, 5000, 5000]);
  assert.equal(world.sockets.length, 7);
  world.socket.open();
  await world.socket.hear({type: "ok", id: 1});
  await world.advance(9_999); // not long enough to count
  await world.socket.lose();
  assert.equal(waits.at(-1), 5000);
  await world.advance(5000);
  world.socket.open();
  await world.socket.hear({type: "ok", id: 2});
  await world.advance(10_000);
  await world.socket.lose(1012, "retry=3000");
  assert.equal(waits.at(-1), 4000);
});

test("a try without an answer, and a silent relay, are given up", async () => {
  const {world, log} = start({}, {timeout: 1000});
  const [first] = world.sockets;
  await world.advance(9_999);
  assert.deepEqual(first.closes, []);
  await world.advance(1);
  assert.deepEqual(first.closes, ["terminated"]);
  await world.advance(250);
  const {socket} = world;
  socket.open();
  await socket.hear({type: "ok", id: 1});
  socket.take();
  await world.advance(25_000);
  assert.equal(socket.take()[0].type, "offer");
  await world.advance(999);
  assert.deepEqual(socket.closes, []);
  await world.advance(1);
  assert.deepEqual(socket.closes, ["terminated"]);
  assert.deepEqual(log, ['lost: 1006 "no answer in time", again in 250 ms',
    "ready ", 'lost: 1006 "timeout: no answer", again in 250 ms']);
});

test("names that are refused, and what is no frame, end a connection", async () => {
  const {world, log} = start();
  world.socket.open();
  await world.socket.hear({type: "error", id: 1, error: "busy", text: "too many"});
  assert.deepEqual(log, ['lost: 1006 "busy: too many", again in 250 ms']);
  await world.advance(250);
  world.socket.open();
  await world.socket.hear("{");
  assert.match(log.at(-1), /^lost: 1006 ".*JSON/);
});

test("it stops for ever", async () => {
  const {world, relay, log} = await startOpen();
  const lost = errorOf(relay.send("1", "x"));
  relay.stop();
  assert.equal(await lost, "connection_lost");
  assert.deepEqual(world.socket.closes, [1000]);
  assert.deepEqual([world.timers, log], [[], []]);
});
