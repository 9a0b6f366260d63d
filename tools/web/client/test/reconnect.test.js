// When the client tries again, and what it tells of that.
import assert from "node:assert/strict";
import {test} from "node:test";

import {connect} from "../wsrelay.js";
import {FakeWorld, record} from "./fakes.js";

// -> {world, relay, log}: a relay whose first try is under way.
function start(options = {}, url = "/ws/play?x=1") {
  const world = new FakeWorld();
  const relay = connect(url, {world, ...options});
  return {world, relay, log: record(relay)};
}

test("it connects to where the page is from", () => {
  const address = (url, href = "https://example.org/app/") => {
    const world = new FakeWorld();
    world.location = href && {href};
    connect(url, {world});
    return world.socket.url;
  };
  assert.equal(address("/ws?x=1#y"), "wss://example.org/ws?x=1");
  assert.equal(address("ws"), "wss://example.org/app/ws");
  assert.equal(address("/ws", "http://h:8080/"), "ws://h:8080/ws");
  assert.equal(address("ws://other/ws"), "ws://other/ws");
  assert.equal(address(new URL("https://other/ws"), ""), "wss://other/ws");
  assert.throws(() => address("/ws", ""), TypeError);
});

test("it offers subprotocols and tells which was chosen", () => {
  const {world, relay} = start({protocols: ["a", "b"]});
  assert.deepEqual(world.socket.protocols, ["a", "b"]);
  assert.equal(world.socket.binaryType, "arraybuffer");
  assert.equal(relay.protocol, "");
  world.socket.open("b");
  assert.equal(relay.protocol, "b");
  world.socket.lose();
  assert.equal(relay.protocol, "");
});

test("a connection that is lost is opened again", () => {
  const {world, relay, log} = start();
  assert.equal(relay.state, "connecting");
  world.socket.open();
  assert.equal(relay.state, "open");
  world.socket.lose(1006);
  assert.equal(relay.state, "waiting");
  world.advance(499);
  assert.equal(world.sockets.length, 1);
  world.advance(1);
  assert.equal(relay.state, "connecting");
  assert.equal(world.sockets.length, 2);
  world.socket.open();
  assert.deepEqual(log, ["open", "closed 1006 open", "waiting 500 1",
    "connecting 1", "open again"]);
  assert.equal(world.timers.length, 0);
});

test("full jitter doubles its range up to the longest", () => {
  const waits = (chance, backoff) => {
    const {world, relay} = start({backoff});
    const seen = [];
    relay.when("waiting", ({wait}) => seen.push(wait));
    for (world.chance = chance; seen.length < 7; world.wait())
      world.socket.lose();
    return seen;
  };
  assert.deepEqual(waits(0), [0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(waits(0.5), [500, 1000, 2000, 4000, 8000, 15000, 15000]);
  assert.deepEqual(waits(0.5, {base: 3, max: 10}), [1.5, 3, 5, 5, 5, 5, 5]);
  assert.deepEqual(waits(0.5, {base: 20, max: 10}), Array(7).fill(5));
});

test("however many tries have failed, the wait has its bound", () => {
  const {world, log} = start();
  for (let i = 0; i < 1200; ++i) {
    world.socket.lose();
    world.wait();
  }
  assert.equal(log.at(-2), "waiting 15000 1200");
  assert.equal(world.timers.length, 1);
});

test("a connection that has lasted begins anew", () => {
  const waits = (open) => {
    const {world, log} = start();
    world.socket.lose();
    world.advance(500);
    world.socket.open();
    world.advance(open);
    world.socket.lose();
    return log.at(-1);
  };
  assert.equal(waits(9999), "waiting 1000 2");
  assert.equal(waits(10000), "waiting 500 1");
});

test("a try that is silent for too long has failed", () => {
  const {world, relay, log} = start({connectTimeout: 5000});
  const first = world.socket;
  world.advance(4999);
  assert.equal(relay.state, "connecting");
  world.advance(1);
  assert.deepEqual(log, ["closed 1006 never", "waiting 500 1"]);
  assert.equal(first.closes.length, 1);
  world.advance(500);
  first.open(); // nothing is heard of it any more
  first.take("late");
  first.lose();
  assert.equal(relay.state, "connecting");
  assert.deepEqual(log.slice(2), ["connecting 1"]);
});

test("an open connection has no deadline", () => {
  const {world, relay} = start();
  world.advance(9999);
  world.socket.open();
  assert.equal(world.timers.length, 0);
  world.advance(1e9);
  assert.equal(relay.state, "open");
});

test("what the server asks for is the least, with jitter behind it", () => {
  const waits = (chance, reason, code = 1012) => {
    const {world, log} = start();
    world.chance = chance;
    world.socket.open();
    world.socket.lose(code, reason);
    return log.at(-1);
  };
  assert.equal(waits(0, "retry=2000"), "waiting 2000 1");
  assert.equal(waits(0.5, "retry=2000"), "waiting 2500 1");
  assert.equal(waits(0, "retry=300001"), "waiting 300000 1");
  assert.equal(waits(0.5, "retry=-1"), "waiting 500 1");
  assert.equal(waits(0, '{"status":503,"check":"target","retry":7}', 4503),
    "waiting 7000 1");
});

test("a close that does not come back is the end", () => {
  for (const code of [1000, 1002, 1008, 1009, 4000, 4401]) {
    const {world, relay, log} = start();
    world.socket.open();
    world.socket.lose(code, "why");
    assert.equal(relay.state, "ended");
    assert.deepEqual(log.slice(1),
      [`closed ${code} open`, `ended ${code} why there`]);
    assert.equal(world.timers.length, 0);
    assert.equal(world.pageListeners, 0);
    relay.retry();
    relay.close();
    world.page("online");
    world.advance(1e6);
    assert.equal(world.sockets.length, 1);
    assert.equal(log.length, 3);
  }
});

test("comeBack decides, where it says something", () => {
  const states = (code, comeBack) => {
    const {world, relay} = start({comeBack});
    world.socket.lose(code);
    return [relay.state, world.errors.join()];
  };
  assert.deepEqual(states(4409, () => true), ["waiting", ""]);
  assert.deepEqual(states(1006, () => false), ["ended", ""]);
  assert.deepEqual(states(1006, () => undefined), ["waiting", ""]);
  assert.deepEqual(states(4409, () => undefined), ["ended", ""]);
  assert.deepEqual(states(1006, () => { throw new Error("no"); }),
    ["waiting", "no"]);
});

test("comeBack can give up after some tries", () => {
  const seen = [];
  const {world, relay} = start({comeBack: (close) => {
    seen.push({...close});
    return close.tries < 3;
  }});
  world.socket.lose();
  world.wait();
  world.socket.lose();
  world.wait();
  world.socket.lose();
  assert.equal(relay.state, "ended");
  assert.equal(world.sockets.length, 3);
  assert.deepEqual(seen.at(-1),
    {code: 1006, reason: "", wasOpen: false, tries: 3});
});

test("close ends it in every state, and no timer is left", () => {
  const end = (prepare) => {
    const {world, relay, log} = start();
    prepare(world);
    const {length} = log;
    relay.close(4000, "bye");
    relay.close();
    assert.equal(relay.state, "ended");
    assert.equal(world.timers.length + world.pageListeners, 0);
    const {socket} = world;
    socket.take?.("late");
    socket.lose(1006);
    world.advance(1e6);
    assert.equal(world.sockets.length, 1);
    return [...log.slice(length), ...socket.closes.map((each) => each.join())];
  };
  assert.deepEqual(end(() => {}),
    ["closed 4000 never", "ended 4000 bye here", "4000,bye"]);
  assert.deepEqual(end(({socket}) => socket.open()),
    ["closed 4000 open", "ended 4000 bye here", "4000,bye"]);
  assert.deepEqual(end(({socket}) => socket.lose()), ["ended 4000 bye here"]);
});

test("a code that may not be sent throws, and nothing has happened", () => {
  const {world, relay} = start();
  world.socket.open();
  assert.throws(() => relay.close(1001));
  assert.equal(relay.state, "open");
});

test("a page that is online again tries at once", () => {
  const {world, log} = start();
  world.socket.lose();
  world.wait();
  world.socket.lose();
  world.wait();
  world.socket.lose();
  world.page("online");
  world.page("online");
  assert.equal(world.timers.length, 1);
  world.advance(0);
  assert.equal(world.sockets.length, 4);
  world.socket.lose(); // and begins anew
  assert.equal(log.at(-1), "waiting 500 1");
});

test("no event and no call beats what the server has asked for", () => {
  const {world, relay, log} = start();
  world.socket.open();
  world.socket.lose(1012, "retry=60000");
  assert.equal(log.at(-1), "waiting 60500 1");
  world.advance(1000);
  world.page("online");
  relay.retry();
  assert.equal(log.at(-1), "waiting 59000 1");
  world.advance(58999);
  assert.equal(world.sockets.length, 1);
  world.advance(1);
  assert.equal(world.sockets.length, 2);
});

test("online and retry leave a connection alone", () => {
  const {world, relay} = start();
  relay.retry();
  world.page("online");
  world.socket.open();
  world.page("online");
  world.advance(60000);
  assert.equal(world.sockets.length, 1);
  assert.equal(relay.state, "open");
});

test("a page that is kept lets go, and comes back when it is shown", () => {
  const {world, relay, log} = start();
  world.socket.open();
  const first = world.socket;
  world.page("pagehide", true);
  assert.deepEqual(first.closes, [[]]);
  assert.deepEqual(log.slice(1), ["closed 1001 open", "waiting Infinity 0"]);
  first.take("late");
  first.lose(1006);
  world.advance(1e9);
  assert.equal(world.sockets.length, 1);
  assert.equal(world.timers.length, 0);
  world.page("pageshow", true);
  world.advance(0);
  assert.equal(world.sockets.length, 2);
  assert.equal(relay.state, "connecting");
});

test("a page that waits is kept, too, and one that goes is left alone", () => {
  const {world, relay, log} = start();
  world.socket.lose();
  world.page("pageshow", false); // as every page when it was loaded
  assert.deepEqual(log.slice(1), ["waiting 500 1"]);
  world.page("pagehide", true);
  assert.equal(world.timers.length, 0);
  world.page("pageshow", true);
  world.advance(0);
  world.socket.open();
  world.page("pagehide", false);
  world.page("pageshow", false);
  assert.equal(relay.state, "open");
  assert.equal(world.socket.closes.length, 0);
});

test("a URL may be made for each try", () => {
  let token = 0;
  const {world} = start({}, () => `/ws?token=${++token}`);
  world.socket.lose();
  world.advance(500);
  assert.deepEqual(world.sockets.map(({url}) => url.slice(-1)), ["1", "2"]);
});

test("a URL that cannot be made: the first throws, others are tries", () => {
  const throws = () => { throw new Error("no token"); };
  assert.throws(() => start({}, throws), /token/);
  let fails = false;
  const {world, log} = start({}, () => {
    if (fails)
      throw new Error("no token");
    return "/ws";
  });
  fails = true;
  world.socket.lose();
  world.advance(500);
  assert.deepEqual(world.errors, ["no token"]);
  assert.deepEqual(log.slice(1), ["waiting 500 1", "waiting 1000 2"]);
  fails = false;
  world.advance(1000);
  assert.equal(world.sockets.length, 2);
});

test("whatever function closes it, it stays closed", () => {
  const closing = (make) => {
    let relay;
    const world = new FakeWorld();
    relay = connect(() => {
      if (relay && make === "url")
        relay.close();
      return "/ws";
    }, {world, comeBack: () => make !== "comeBack" || (relay.close(), true)});
    const log = record(relay);
    for (const hook of ["connecting", "open", "closed", "waiting"])
      relay.when(hook, () => hook === make && relay.close());
    world.socket.open();
    world.socket.lose();
    world.advance(30000);
    assert.deepEqual([relay.state, world.timers.length], ["ended", 0], make);
    assert.equal(log.at(-1).split(" ").at(-1), "here", make); // and no more
    assert.ok(world.sockets.every((socket) => socket.readyState >= 2), make);
  };
  ["connecting", "open", "closed", "waiting", "url", "comeBack"]
    .forEach(closing);
});

test("options out of their range throw, at their limits they do not", () => {
  const day = 86_400_000;
  const make = (options) => () => start(options);
  for (const [name, least] of [["queue", 0], ["stableAfter", 0],
    ["connectTimeout", 1]]) {
    assert.throws(make({[name]: least - 1}), RangeError, name);
    assert.throws(make({[name]: day + 1}), RangeError, name);
    assert.throws(make({[name]: NaN}), RangeError, name);
    assert.doesNotThrow(make({[name]: least}), name);
    assert.doesNotThrow(make({[name]: day}), name);
  }
  for (const name of ["base", "max"]) {
    assert.throws(make({backoff: {[name]: 0}}), RangeError, name);
    assert.throws(make({backoff: {[name]: day + 1}}), RangeError, name);
    assert.doesNotThrow(make({backoff: {[name]: 1}}), name);
  }
});
