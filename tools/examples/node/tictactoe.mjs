// The rules of tic-tac-toe, and what players say. Cells are nine characters of `.XO`.

export const maxName = 32;
export const empty = ".".repeat(9);

const lines = [[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8],
  [0, 4, 8], [2, 4, 6]];

/** @returns {string|null} who has won, "" for nobody, null while it goes on */
export function outcomeOf(cells) {
  const line = lines.find(([a, b, c]) =>
    cells[a] !== "." && cells[a] === cells[b] && cells[a] === cells[c]);
  if (line)
    return cells[line[0]];
  return cells.includes(".") ? null : "";
}

/** A client may send anything: also bytes, and halves of characters. */
export function readMessage(message) {
  try {
    return typeof message === "string" ? JSON.parse(message) ?? {} : {};
  } catch {
    return {};
  }
}

/** @returns {string} the name, "" where it is none */
export function readName(value) {
  const name = typeof value === "string" ? value.trim() : "";
  const isGood = !/\p{Surrogate}/u.test(name) && [...name].length <= maxName;
  return isGood ? name : "";
}
