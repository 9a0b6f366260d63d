// What the chat takes from a client, and who is in which room.
import assert from "node:assert/strict";
import {test} from "node:test";

import {groupOf, read, roomOf, Rooms, Turns} from "../chat.mjs";

test("names and texts have their limits, in bytes", () => {
  const hello = (name) => read(JSON.stringify({type: "hello", name}));
  const say = (text) => read(JSON.stringify({type: "say", text}));
  assert.deepEqual(hello("ü".repeat(32)), {hello: "ü".repeat(32)});
  assert.deepEqual(say("x".repeat(4096)), {say: "x".repeat(4096)});
  for (const bad of [hello(""), hello(5), hello(), hello("ü".repeat(33)),
    hello("\ud800"), say(""), say(null), say("x".repeat(4097)), say("\udc00"),
    ...["", "{", "null", "5", "{}", Buffer.from("{}")].map(read)])
    assert.deepEqual(Object.keys(bad), ["error"]);
});

test("any room has a group", () => {
  assert.equal(roomOf({}), "lobby");
  assert.equal(roomOf({room: "ü".repeat(128)}), "ü".repeat(128));
  for (const room of ["ü".repeat(129), 5, null])
    assert.throws(() => roomOf({room}), RangeError);
  for (const room of ["", "the room", "größe", "x".repeat(10_000)])
    assert.match(groupOf(room), /^[A-Za-z0-9_-]{1,128}$/);
  assert.notEqual(groupOf("a"), groupOf("b"));
});

test("a room is there as long as somebody is in it", () => {
  const rooms = new Rooms();
  assert.deepEqual(rooms.enter("r", "1", "Ann"), ["Ann"]);
  assert.deepEqual(rooms.enter("r", "2", "Ben"), ["Ann", "Ben"]);
  assert.deepEqual(rooms.say("r", "2", "hi"), {from: "Ben", text: "hi"});
  assert.deepEqual(rooms.leave("r", "1"), {name: "Ann", members: ["Ben"]});
  assert.equal(rooms.leave("r", "1"), undefined);
  assert.equal(rooms.leave("s", "1"), undefined);
  assert.equal(rooms.say("r", "1", "too late"), undefined);
  assert.equal(rooms.say("s", "1", "too late"), undefined);
  for (let i = 0; i < 60; i += 1)
    rooms.say("r", "2", String(i));
  assert.deepEqual(rooms.history("r").map(({text}) => text),
    Array.from({length: 50}, (_, i) => String(i + 10)));
  rooms.leave("r", "2");
  assert.deepEqual(rooms.history("r"), []);
});

test("of one room one thing happens after the other", async () => {
  const turns = new Turns();
  const happened = [];
  let open;
  const first = turns.take("r", () => new Promise((_, reject) => { open = reject; }));
  const second = turns.take("r", () => happened.push("second"));
  await turns.take("s", () => happened.push("other"));
  assert.deepEqual(happened, ["other"]);
  open(new Error("oops"));
  await assert.rejects(first, {message: "oops"});
  await second;
  assert.deepEqual(happened, ["other", "second"]);
});
