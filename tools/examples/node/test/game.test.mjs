// The rules of the game, and who is told and moved: no relay.
import assert from "node:assert/strict";
import {test} from "node:test";

import {Game} from "../game.mjs";
import {settled} from "./fakes.mjs";

// A relay that moves who is not in `gone`, and keeps what players hear.
class FakeRelay {
  heard = {};
  gone = new Set();

  event(pid, topic, data) {
    (this.heard[pid] ??= []).push({topic, ...data});
  }

  control(pid, {target}) {
    const done = this.gone.has(pid) ? Promise.reject(new Error("gone"))
      : Promise.resolve(this.event(pid, "moved", {target}));
    done.catch(() => {});
    return done;
  }

  take(pid) {
    return this.heard[pid]?.splice(0) ?? [];
  }
}

const hello = (name) => JSON.stringify({type: "hello", name});
const move = (cell) => JSON.stringify({type: "move", cell});
const topics = (events) => events.map(({topic, target}) => target ?? topic);

// -> {game, relay}: a and b are in the lobby.
function start() {
  const relay = new FakeRelay();
  const game = new Game(relay);
  for (const pid of ["a", "b"])
    game.join("lobby", pid);
  return {game, relay};
}

// The same in a game: a is X.
async function startGame() {
  const {game, relay} = start();
  game.message("lobby", "a", hello("Ann"));
  game.message("lobby", "b", hello("Ben"));
  await settled();
  for (const pid of ["a", "b"]) {
    game.join("game", pid);
    relay.take(pid);
  }
  return {game, relay};
}

test("two who wait play", async () => {
  const {game, relay} = start();
  assert.equal(game.message("lobby", "a", hello("Ann")), undefined);
  game.join("lobby", "c");
  game.message("lobby", "b", hello("Ben"));
  await settled();
  const players = {X: "Ann", O: "Ben"};
  const board = {topic: "board", cells: ".........", turn: "X", players};
  assert.deepEqual(relay.take("a"), [{topic: "lobby", waiting: []},
    {topic: "lobby", waiting: ["Ann"]}, {topic: "moved", target: "game"},
    {...board, you: "X"}]);
  assert.deepEqual(relay.take("b"), [{topic: "lobby", waiting: []},
    {topic: "moved", target: "game"}, {...board, you: "O"}]);
  assert.deepEqual(relay.take("c"), [{topic: "lobby", waiting: ["Ann"]}]);
});

test("a line wins, a full board does not", async () => {
  for (const [cells, winner] of [[[0, 3, 1, 4, 2], "X"], [[0, 2, 1, 4, 8, 6], "O"],
    [[0, 1, 2, 4, 3, 5, 7, 6, 8], ""], [[0, 1, 2, 4, 3, 5, 7, 8, 6], "X"]]) {
    const {game, relay} = await startGame();
    for (const [i, cell] of cells.entries())
      assert.equal(game.message("game", i % 2 ? "b" : "a", move(cell)), undefined);
    for (const pid of ["a", "b"]) {
      const heard = relay.take(pid);
      assert.deepEqual(topics(heard),
        [...cells.map(() => "board"), "over", "lobby"]);
      const {winner: found, left} = heard.at(-2);
      assert.deepEqual([found, left], [winner, false]);
    }
  }
});

test("what is wrong changes nothing", async () => {
  const {game, relay} = start();
  for (const bad of ["", "{", "null", "5", "[]", '"x"', "{}", '{"type":[]}',
    hello(), hello(5), hello(""), hello("  "), hello("x".repeat(33)), hello("\ud800"),
    move(0), Buffer.from(hello("Ann")), "[".repeat(100_000)])
    assert.equal(typeof game.message("lobby", "a", bad), "string", String(bad));
  assert.equal(game.message("lobby", "a", hello("\u{1f600}".repeat(32))),
    undefined);
  assert.match(game.message("lobby", "a", hello("Ann")), /wait/);
  const playing = await startGame();
  for (const bad of [move(9), move(99), move(-1), move(0.5), move("0"), move(),
    move(null), hello("Ann")])
    assert.equal(typeof playing.game.message("game", "a", bad), "string", bad);
  assert.match(playing.game.message("game", "b", move(0)), /turn/);
  playing.game.message("game", "a", move(0));
  assert.match(playing.game.message("game", "b", move(0)), /empty/);
  assert.deepEqual(topics(playing.relay.take("a")), ["board"]);
  assert.deepEqual(topics(relay.take("b")), ["lobby"]);
});

test("who is left goes back to the lobby, and may play again", async () => {
  const {game, relay} = await startGame();
  game.leave("a");
  game.leave("a");
  assert.deepEqual(relay.take("b"), [
    {topic: "over", winner: "", cells: ".........", left: true},
    {topic: "moved", target: "lobby"}]);
  assert.deepEqual(relay.take("a"), []);
  // Quicker than the move.
  assert.equal(game.message("game", "b", hello("Ben")), undefined);
  assert.deepEqual(relay.take("b"), [{topic: "lobby", waiting: ["Ben"]}]);
  game.leave("b");
  game.join("lobby", "c");
  assert.deepEqual(relay.take("c"), [{topic: "lobby", waiting: []}]);
});

test("who leaves while both are moved is told of once", async () => {
  const {game, relay} = start();
  game.message("lobby", "a", hello("Ann"));
  game.message("lobby", "b", hello("Ben"));
  relay.take("b");
  game.leave("a");
  game.join("game", "b");
  await settled();
  assert.deepEqual(topics(relay.take("b")), ["over", "lobby"]);
});

test("a game of which one cannot be moved is none", async () => {
  const {game, relay} = start();
  relay.gone.add("a");
  game.message("lobby", "a", hello("Ann"));
  game.message("lobby", "b", hello("Ben"));
  await settled();
  assert.deepEqual(topics(relay.take("b")),
    ["lobby", "game", "over", "lobby"]);
});

test("a game of an earlier program is over", () => {
  const relay = new FakeRelay();
  const game = new Game(relay);
  assert.equal(typeof game.message("game", "a", move(0)), "string");
  assert.deepEqual(topics(relay.take("a")), ["over", "lobby"]);
  game.join("game", "b");
  assert.deepEqual(topics(relay.take("b")), ["over", "lobby"]);
});

test("both of a game of an earlier program are freed", async () => {
  const free = ["over", "lobby"];
  for (const [say, mine] of [
    [(game) => game.message("game", "a", move(0), "b"), free],
    [(game) => game.join("game", "a", "b"), free],
    [(game) => game.leave("a", "b"), []]]) {
    const relay = new FakeRelay();
    const game = new Game(relay);
    say(game);
    assert.deepEqual(topics(relay.take("a")), mine);
    assert.deepEqual(topics(relay.take("b")), free);
    game.message("game", "b", hello("Ben"), "a"); // quicker than the move
    assert.deepEqual(topics(relay.take("b")), ["lobby"]);
  }
  const relay = new FakeRelay();
  const game = new Game(relay);
  relay.gone.add("b");
  game.message("game", "a", move(0), "b");
  await settled();
  relay.gone.clear();
  relay.take("b");
  game.message("game", "b", move(0), "a"); // it was not gone, but moved now
  assert.deepEqual(topics(relay.take("b")), free);
  assert.deepEqual(topics(relay.take("a")), free); // once
});
