// Tic-tac-toe for two: who waits in the lobby, who plays, what that means. How it
// reaches its players is for others: `relay` has event(pid, topic, data) and
// control(pid, {target, metadata}): promises, which may fail unheard, and are kept
// in order for each pid.

import {empty, maxName, outcomeOf, readMessage, readName}
  from "./tictactoe.mjs";

// What becomes of a game of an earlier program: nobody knows it any more.
const forgotten = {winner: "", cells: empty, left: true};

export class Game {
  #relay;
  #players = new Map(); // by pid: {pid, name, match}; match: players, cells, ...
  #waiting = [];

  constructor(relay) {
    this.#relay = relay;
  }

  /**
   * A connection has come to `target`: lobby or game. `other` is the `opponent` of
   * its metadata, where those are kept: what an earlier program knew of it.
   */
  join(target, pid, other) {
    const isNew = !this.#players.has(pid);
    if (isNew)
      this.#players.set(pid, {pid, name: "", match: null});
    if (target === "lobby")
      this.#tellLobby([{pid}]);
    else if (isNew) {
      this.#sendBack({pid}, forgotten);
      this.#free(other);
    }
  }

  // Who was in a game of an earlier program, and may wait for a move in it.
  #free(pid) {
    if (!pid || this.#players.has(pid))
      return;
    this.#players.set(pid, {pid, name: "", match: null});
    this.#sendBack({pid}, forgotten).catch(() => this.leave(pid));
  }

  /** @returns {string|undefined} what is wrong with a message */
  message(target, pid, message, other) {
    if (!this.#players.has(pid)) // of an earlier program
      this.join(target, pid, other);
    const player = this.#players.get(pid);
    const {type, name, cell} = readMessage(message);
    if (type === "hello")
      return this.#hello(player, name);
    if (type === "move")
      return this.#move(player, cell);
    return "say hello, or move";
  }

  /** A connection has ended. */
  leave(pid, other) {
    const player = this.#players.get(pid);
    if (!this.#players.delete(pid))
      return this.#free(other);
    if (player.match !== null)
      return this.#finish(player.match, {winner: "", left: true});
    const others = this.#waiting.filter((each) => each !== player);
    if (others.length === this.#waiting.length)
      return;
    this.#waiting = others;
    this.#tellLobby(others);
  }

  #tellLobby(whom) {
    const waiting = this.#waiting.map(({name}) => name);
    for (const {pid} of whom)
      this.#relay.event(pid, "lobby", {waiting});
  }

  // Wherever it was heard: who has finished may be quicker than the move back.
  #hello(player, given) {
    const name = readName(given);
    if (name === "")
      return `a name has 1 to ${maxName} characters`;
    if (player.match !== null || this.#waiting.includes(player))
      return player.match ? "you play already" : "you wait already";
    player.name = name;
    this.#waiting.push(player);
    if (this.#waiting.length === 2)
      this.#start(...this.#waiting.splice(0));
    this.#tellLobby(this.#waiting);
  }

  #move({match, pid}, cell) {
    const {X, O, cells, turn} = match ?? {};
    if (!match?.hasBegun)
      return "there is no game yet";
    if ({X, O}[turn].pid !== pid)
      return "it is not your turn";
    if (!Number.isInteger(cell) || cells[cell] !== ".")
      return "that is no empty cell";
    match.cells = cells.slice(0, cell) + turn + cells.slice(cell + 1);
    match.turn = turn === "X" ? "O" : "X";
    this.#show(match);
    const winner = outcomeOf(match.cells);
    if (winner !== null)
      this.#finish(match, {winner, left: false});
  }

  async #start(X, O) {
    const match = {X, O, cells: empty, turn: "X", hasBegun: false};
    X.match = O.match = match;
    const moves = await Promise.allSettled([[X, O], [O, X]].map(([{pid}, other]) =>
      this.#relay.control(pid, {target: "game",
        metadata: {X: X.name, O: O.name, opponent: other.pid}})));
    if (X.match !== match || O.match !== match)
      return; // one has left meanwhile
    if (moves.some(({status}) => status === "rejected"))
      return this.#finish(match, {winner: "", left: true});
    match.hasBegun = true;
    this.#show(match);
  }

  #show({X, O, cells, turn}) {
    const players = {X: X.name, O: O.name};
    for (const [you, {pid}] of Object.entries({X, O}))
      this.#relay.event(pid, "board", {cells, you, turn, players});
  }

  #finish({X, O, cells}, {winner, left}) {
    for (const player of [X, O]) {
      player.match = null;
      if (this.#players.has(player.pid))
        this.#sendBack(player, {winner, cells, left});
    }
  }

  #sendBack({pid}, over) {
    this.#relay.event(pid, "over", over);
    return this.#relay.control(pid, {target: "lobby", metadata: {}});
  }
}
