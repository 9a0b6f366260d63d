// Numbers as people read them. Pure functions.

const whole = new Intl.NumberFormat("en", {maximumFractionDigits: 0});
const short = new Intl.NumberFormat("en", {maximumFractionDigits: 1});
const brief = new Intl.NumberFormat("en",
  {notation: "compact", maximumFractionDigits: 1});

// Stands where there is no number.
export const nothing = "\u2013";

// What the node could not find out is "".
export const count = (number) =>
  number === undefined ? "" : whole.format(number);

// For axes: 12K.
export const compact = (number) => brief.format(number);

export const rate = (number) =>
  number >= 100 ? whole.format(number) : short.format(number ?? 0);

export function bytes(number) {
  if (number === undefined)
    return "";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let rest = number;
  while (rest >= 1024 && unit < units.length - 1) {
    rest /= 1024;
    ++unit;
  }
  return `${unit === 0 ? whole.format(rest) : short.format(rest)} `
    + units[unit];
}

export function micros(us) {
  if (us === undefined || us === null)
    return nothing;
  if (us < 1000)
    return `${whole.format(us)} µs`;
  return us < 1e6 ? `${short.format(us / 1e3)} ms`
    : `${short.format(us / 1e6)} s`;
}

// The two largest units of a duration: "3 d 4 h". Nothing is "".
export function duration(ms) {
  if (ms === undefined)
    return "";
  if (ms < 1000)
    return `${whole.format(ms)} ms`;
  if (ms < 60e3)
    return `${short.format(ms / 1e3)} s`;
  const seconds = Math.floor(ms / 1e3);
  const parts = [
    [Math.floor(seconds / 86400), "d"], [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"], [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  return parts.slice(first, first + 2).map((part) => part.join(" ")).join(" ");
}

const pad = (number, digits = 2) => String(number).padStart(digits, "0");

// The time of day of Unix milliseconds: 23:59:59.
export function clock(ms) {
  const time = new Date(ms);
  return [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((part) => pad(part)).join(":");
}

export function moment(ms) {
  const time = new Date(ms);
  return `${time.getFullYear()}-${pad(time.getMonth() + 1)}-`
    + `${pad(time.getDate())} ${clock(ms)}`;
}

// The same, without the day where it is that of `now`.
export const recent = (ms, now = Date.now()) =>
  new Date(ms).toDateString() === new Date(now).toDateString() ? clock(ms)
    : moment(ms);

// A word of the API for people: "hung_up" is "hung up".
export const words = (text) => String(text ?? "").replaceAll("_", " ");
