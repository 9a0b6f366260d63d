// What goes out and comes in: events by topic, the queue, listeners.
import assert from "node:assert/strict";
import {test} from "node:test";

import {connect} from "../wsrelay.js";
import {FakeWorld} from "./fakes.js";

function start(options = {}) {
  const world = new FakeWorld();
  return {world, relay: connect("/ws", {world, ...options})};
}

function open(options) {
  const result = start(options);
  result.world.socket.open();
  return result;
}

const event = (topic, data) => JSON.stringify({topic, data});

test("events come by topic, other text and bytes by their hooks", () => {
  const {world, relay} = open();
  const log = [];
  relay.on("news", (data) => log.push(["news", data]));
  relay.when("message", (text) => log.push(["message", text]));
  relay.when("binary", (bytes) => log.push(["binary", bytes.byteLength]));
  relay.when("event", ({topic}) => log.push(["event", topic]));
  world.socket.take(event("news", [1]));
  world.socket.take("hello");
  world.socket.take(new ArrayBuffer(3));
  world.socket.take(event("other", null));
  world.socket.take('{"topic":"relay.parked","data":{"reason":"lost"}}');
  assert.deepEqual(log, [["news", [1]], ["event", "news"], ["message", "hello"],
    ["binary", 3], ["event", "other"], ["event", "relay.parked"]]);
});

test("an event has a topic and data, and nothing else", () => {
  const {world, relay} = open();
  const texts = [];
  relay.when("message", (text) => texts.push(text));
  relay.when("event", () => assert.fail("no event"));
  const others = ["", "{", "{}", "[]", "null", "1", '"topic"', '{"topic":"a"}',
    '{"topic":1,"data":2}', '{"topic":null,"data":2}', '{"data":2}',
    '{"topic":"a","data":2,"id":3}', ' {"topic":"a","data":2}'];
  others.forEach((text) => world.socket.take(text));
  assert.deepEqual(texts, others);
});

test("who hears of every event has its text, too", () => {
  const {world, relay} = open();
  const texts = [];
  relay.when("event", ({text}) => texts.push(text));
  world.socket.take('{"data": 1.0, "topic": "a"}');
  assert.deepEqual(texts, ['{"data": 1.0, "topic": "a"}']);
});

test("a topic is any text, and no hook", () => {
  const {world, relay} = open();
  const log = [];
  const topics = ["open", "message", "ended", "when open", "__proto__",
    "constructor", "", "größe"];
  for (const topic of topics)
    relay.on(topic, (data) => log.push([topic, data]));
  topics.forEach((topic, i) => world.socket.take(event(topic, i)));
  assert.deepEqual(log, topics.map((topic, i) => [topic, i]));
  world.socket.lose(1000);
  assert.equal(log.length, topics.length);
});

test("who listens can stop, also while listeners are called", () => {
  const {world, relay} = open();
  const log = [];
  const listen = (name) => relay.on("a", () => log.push(name));
  const first = relay.on("a", () => {
    first();
    second();
    listen("new"); // hears of the next one
  });
  const second = listen("second");
  const third = listen("third");
  world.socket.take(event("a", 0));
  assert.deepEqual(log, ["third"]);
  third();
  third();
  world.socket.take(event("a", 0));
  assert.deepEqual(log, ["third", "new"]);
});

test("one function may listen twice, and each stops alone", () => {
  const {world, relay} = open();
  let calls = 0;
  const count = () => { calls += 1; };
  const stop = relay.on("a", count);
  relay.on("a", count);
  world.socket.take(event("a", 0));
  stop();
  stop();
  world.socket.take(event("a", 0));
  assert.equal(calls, 3);
});

test("a listener that throws harms nobody", () => {
  const {world, relay} = open();
  const log = [];
  for (const name of ["a", "b"])
    relay.on("x", () => { log.push(name); throw new Error(name); });
  relay.when("waiting", () => { throw new Error("c"); });
  world.socket.take(event("x", 0));
  world.socket.lose();
  assert.deepEqual(log, ["a", "b"]);
  assert.deepEqual(world.errors, ["a", "b", "c"]);
  world.advance(500);
  assert.equal(world.sockets.length, 2);
});

test("what is no hook and no function throws", () => {
  const {relay} = open();
  assert.throws(() => relay.when("news", () => {}), /no hook "news"/);
  assert.throws(() => relay.on("news"), TypeError);
  assert.throws(() => relay.when("open", null), TypeError);
});

test("nothing of an old socket comes once a new one is there", () => {
  const {world, relay} = open();
  const old = world.socket;
  const texts = [];
  relay.when("message", (text) => texts.push(text));
  old.lose();
  old.take("while it waits");
  world.advance(500);
  old.take("while it connects");
  world.socket.open();
  old.take("while it is open");
  world.socket.take("new");
  old.lose();
  assert.deepEqual(texts, ["new"]);
  assert.equal(relay.state, "open");
});

test("text and bytes go out as they are, all else as JSON", () => {
  const {world, relay} = open();
  const bytes = new Uint8Array([1, 2]);
  for (const data of ["{}", bytes, bytes.buffer, {a: [1]}, [], null, 7, true])
    assert.equal(relay.send(data), true);
  assert.deepEqual(world.socket.sent,
    ["{}", bytes, bytes.buffer, '{"a":[1]}', "[]", "null", "7", "true"]);
  for (const data of [undefined, () => {}, Symbol("a")])
    assert.throws(() => relay.send(data), /only text, bytes and JSON/);
  assert.throws(() => relay.send(10n), TypeError);
});

test("without a queue nothing is taken while away", () => {
  const {world, relay} = start();
  assert.equal(relay.send("early"), false);
  world.socket.open();
  assert.equal(relay.send("now"), true);
  const old = world.socket;
  old.readyState = 2; // closing, and has not told yet
  assert.equal(relay.send("closing"), false);
  old.lose();
  assert.equal(relay.send("waiting"), false);
  world.advance(500);
  world.socket.open();
  relay.close();
  assert.equal(relay.send("ended"), false);
  assert.deepEqual([old.sent, world.socket.sent], [["now"], []]);
});

test("a queue takes as many as it may, and sends them in order", () => {
  const {world, relay} = start({queue: 2});
  assert.deepEqual(["a", "b", "c"].map((text) => relay.send(text)),
    [true, true, false]);
  relay.when("open", () => relay.send("hello"));
  world.socket.open();
  assert.deepEqual(world.socket.sent, ["hello", "a", "b"]);
  world.socket.lose();
  assert.deepEqual(["d", "e", "f"].map((text) => relay.send(text)),
    [true, true, false]);
  world.advance(500);
  world.socket.open();
  assert.deepEqual(world.socket.sent, ["hello", "d", "e"]);
});

test("what waits in the queue does not change", () => {
  const {world, relay} = start({queue: 2});
  const bytes = new Uint8Array([1, 2, 3, 4]);
  const value = {a: 1};
  relay.send(bytes.subarray(1, 3));
  relay.send(value);
  bytes.fill(0);
  value.a = 2;
  world.socket.open();
  assert.deepEqual([...world.socket.sent[0]], [2, 3]);
  assert.equal(world.socket.sent[1], '{"a":1}');
});

test("the end tells what is left in the queue", () => {
  const unsent = (finish) => {
    const {world, relay} = start({queue: 3});
    let left;
    relay.when("ended", (end) => { left = end.unsent; });
    relay.send("a");
    relay.send({b: 1});
    finish(world, relay);
    return left;
  };
  assert.deepEqual(unsent((world) => world.socket.lose(1008)),
    ["a", '{"b":1}']);
  assert.deepEqual(unsent((world, relay) => relay.close()), ["a", '{"b":1}']);
  assert.deepEqual(unsent((world, relay) => {
    relay.when("open", () => relay.close());
    world.socket.open();
  }), ["a", '{"b":1}']);
  assert.deepEqual(unsent((world, relay) => {
    world.socket.open();
    relay.close();
  }), []);
});

test("a browser's own things are there unless a world brings others", () => {
  assert.throws(() => connect("ws://127.0.0.1:1/", {world: {
    WebSocket: class { constructor(url) { throw new Error(url); } },
  }}), /ws:\/\/127\.0\.0\.1:1\//);
});
