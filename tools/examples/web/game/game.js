// The page of the game: says hello and moves, and shows what the server tells.
// Who may move and who has won is the server's affair. Text from elsewhere only
// ever reaches the page as textContent.

import {connect} from "./client/wsrelay.js"; // tools/web/client

const element = (id) => document.getElementById(id);
const [name, play, board] = ["name", "play", "board"].map(element);

const marks = {"X": "X", "O": "O", ".": ""};
const rows = ["top", "middle", "bottom"];
const columns = ["left", "middle", "right"];

let seen = null;  // the last board

// -- what is shown -----------------------------------------------------------

// connecting|lobby|queued|playing|over|waiting|ended
function show(state, text) {
  element("status").dataset.state = state;
  element("status").textContent = text;
}

function makeCell(cell) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.cell = cell;
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-disabled") !== "true")
      relay.send({type: "move", cell});
  });
  return button;
}

// Cells keep the focus while it is not one's turn: so they are never disabled.
function showCells(cells, isMyTurn) {
  for (const [cell, button] of [...board.children].entries()) {
    const mark = marks[cells[cell]];
    const row = rows[Math.floor(cell / 3)];
    const place = cell === 4 ? "center" : `${row} ${columns[cell % 3]}`;
    button.textContent = mark;
    button.setAttribute("aria-label", `${place}: ${mark || "empty"}`);
    button.setAttribute("aria-disabled", String(!isMyTurn || mark !== ""));
  }
}

function showBoard(data) {
  const {cells, you, turn, players} = seen = data;
  const other = players[you === "X" ? "O" : "X"];
  element("result").textContent = "";
  play.disabled = true;
  showCells(cells, turn === you);
  show("playing", turn === you
    ? `You are ${you}, against ${other}. It is your turn.`
    : `You are ${you}, against ${other}, whose turn it is.`);
}

function showOver({winner, cells, left}) {
  showCells(cells, false);
  element("result").textContent = left ? "The other player has left."
    : winner === "" ? "Nobody has won."
    : winner === seen?.you ? "You have won!"
    : `${seen?.players[winner]} has won.`;
  play.textContent = "Play again";
  show("over", "The game is over.");
}

// This client is in the lobby: it may say hello, unless it has.
function showLobby({waiting}) {
  const state = element("status").dataset.state;
  if (state === "queued")
    return;
  play.disabled = false;
  if (state !== "over")
    show("lobby", waiting.length > 0
      ? `${waiting.join(", ")} would like to play.` : "Nobody waits here yet.");
}

// The server takes no move out of turn and no bad name; all stays as it was. A move
// may have crossed the end of the game: that is no news.
function showError({text}) {
  const state = element("status").dataset.state;
  if (state === "over")
    return;
  element("result").textContent = text;
  if (state !== "queued")
    return;
  play.disabled = false;
  show("lobby", "You are in the lobby.");
}

// -- the connection ----------------------------------------------------------

for (let cell = 0; cell < 9; ++cell)
  board.append(makeCell(cell));
showCells(".........", false);

const relay = connect("/ws/game");
relay.on("lobby", showLobby);
relay.on("board", showBoard);
relay.on("over", showOver);
relay.on("error", showError);
relay.when("closed", () => {
  play.disabled = true; // a new connection knows of no game
  showCells(".........", false);
});
relay.when("connecting", () => show("connecting", "Connecting ..."));
relay.when("waiting",
  () => show("waiting", "The connection was lost. Trying again ..."));
relay.when("ended",
  ({code}) => show("ended", `The connection has ended: ${code}.`));

element("hello").addEventListener("submit", (event) => {
  event.preventDefault();
  if (play.disabled || !relay.send({type: "hello", name: name.value}))
    return;
  play.disabled = true;
  element("result").textContent = "";
  show("queued", "Waiting for somebody to play with ...");
});
