// The game behind two http.targets, lobby and game, which both post here; what
// players hear goes by the server API.
//
//   node game_webhooks.mjs [--listen HOST:PORT] [--api URL] [--secret whsec_...]
import {parseArgs} from "node:util";

import {Game} from "./game.mjs";
import {serverApi} from "./wsrelay_api.mjs";
import {listen, serveWebhooks, stop} from "./wsrelay_webhooks.mjs";

const {values: options} = parseArgs({options: {
  listen: {type: "string", default: "127.0.0.1:8000"},
  api: {type: "string", default: "http://127.0.0.1:9090"},
  secret: {type: "string", multiple: true, default: []},
}});
const game = new Game(serverApi(options.api));

// The state of a player is the opponent: a program that is started anew frees both.
function onEvent({type, target, pid, state, data}) {
  if (type === "connected") {
    const opponent = target === "game" ? data.opponent : "";
    game.join(target, pid, opponent);
    return {state: opponent};
  }
  if (type === "disconnected" && data.reason !== "transferred")
    game.leave(pid, state);
  else if (type === "message") {
    const text = game.message(target, pid, data, state);
    return text && {event: {topic: "error", data: {text}}};
  }
}

const server = serveWebhooks({onEvent, secrets: options.secret});
console.log(`listening on ${await listen(server, options.listen)}`);
for (const signal of ["SIGINT", "SIGTERM"])
  process.once(signal, () => stop(server));
