// The game behind a backend.service, whose names are lobby and game: one WebSocket
// for everybody.
//
//   node game_backend.mjs [--relay ws://HOST:PORT/]
import {parseArgs} from "node:util";

import {Game} from "./game.mjs";
import {Backend} from "./wsrelay_backend.mjs";

const {values: options} = parseArgs({options: {
  relay: {type: "string", default: "ws://127.0.0.1:9191/"},
}});
let game;

const handlers = {
  join({name, pid}) { game.join(name, pid); },
  message({name, pid, data}) {
    const text = game.message(name, pid, data);
    return text && relay.event(pid, "error", {text});
  },
  leave({pid, reason}) {
    if (reason !== "transferred")
      game.leave(pid);
  },
};

const relay = new Backend(options.relay, {lobby: handlers, game: handlers}, {
  onReady: () => console.log("ready"),
  onLost: () => { game = new Game(relay); }, // connections end, or join anew
});
game = new Game(relay);
for (const signal of ["SIGINT", "SIGTERM"])
  process.once(signal, () => relay.stop());
