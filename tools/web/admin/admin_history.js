// The points of the last minutes: what /api/v1/history said and what /events
// added, and the series of the plots made of them.

export const windowMs = 15 * 60 * 1000;
const maxCodes = 7;  // series of their own; the others are one together

export class History {
  points = [];
  periodMs = 2000;

  replace({period_ms: period, points}) {
    this.periodMs = period || 2000;
    this.points = [...points].sort((a, b) => a.t - b.t);
    this.#forget();
  }

  add(point) {
    const last = this.points.at(-1);
    if (last && point.t <= last.t)
      return;  // was in the history already
    this.points.push(point);
    this.#forget();
  }

  get last() {
    return this.points.at(-1);
  }

  #forget() {
    const oldest = (this.last?.t ?? 0) - windowMs;
    const kept = this.points.findIndex((point) => point.t >= oldest);
    this.points.splice(0, Math.max(0, kept));
  }

  // Returns the points, with null where the node was not heard for a while: a
  // line must not lead across.
  withGaps() {
    const result = [];
    let before = null;
    for (const point of this.points) {
      if (before !== null && point.t - before > 4 * this.periodMs)
        result.push({t: before + this.periodMs, point: null});
      result.push({t: point.t, point});
      before = point.t;
    }
    return result;
  }

  // Returns the close codes to show, the most frequent ones.
  codes() {
    const sums = new Map();
    for (const {closed = {}} of this.points)
      for (const [code, number] of Object.entries(closed))
        sums.set(code, (sums.get(code) ?? 0) + number);
    const sorted = [...sums].sort((a, b) => b[1] - a[1]);
    const shown = sorted.slice(0, maxCodes).map(([code]) => code).sort();
    return sorted.length > maxCodes ? [...shown, "rest"] : shown;
  }
}

// Null at a node's first point, which is the end of no span.
export const perSecond = (point, key) =>
  point.span_ms > 0 ? (point[key] ?? 0) / (point.span_ms / 1000) : null;

// A percentile, or null where nothing was measured: it is 0 then, or not there.
export const sampled = (micros) => micros || null;

// The number of closes with a code; with "rest", of those not in `shown`.
export function closesOf(point, code, shown) {
  const closed = point.closed ?? {};
  if (code !== "rest")
    return closed[code] ?? 0;
  return Object.entries(closed)
    .filter(([each]) => !shown.includes(each))
    .reduce((sum, [, number]) => sum + number, 0);
}
