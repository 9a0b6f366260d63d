// The plots of the overview, drawn by dygraphs. Its own legend writes markup
// with styles, which the page's policy forbids: the legends here are lists.

import {element, make, setText} from "./admin_dom.js";
import {bytes, clock, compact, micros, nothing, rate} from "./admin_format.js";
import {closesOf, perSecond, sampled, windowMs} from "./admin_history.js";

const shortestWindow = 2 * 60 * 1000;

const barMs = 15 * 1000;  // of time are one bar

// A series is [label, point -> number]; where there are none, they are the
// close codes, as bars that stand on each other. An axis goes up to `least` at
// least: nothing looks like much otherwise.
const plots = [
  {
    title: "Messages per second", show: rate, axis: compact, least: 4,
    series: [["in", (point) => perSecond(point, "messages_in")],
      ["out", (point) => perSecond(point, "messages_out")]],
  },
  {
    title: "Connections", show: rate, axis: compact, least: 4,
    series: [["connections", (point) => point.connections],
      ["parked", (point) => point.parked]],
  },
  {
    title: "Time to an answer", show: micros, axis: micros, least: 100,
    series: [["p50", (point) => sampled(point.answer_p50_us)],
      ["p99", (point) => sampled(point.answer_p99_us)]],
  },
  {
    title: "Queued bytes", show: bytes, axis: bytes, least: 1024,
    series: [["queued", (point) => point.queued_bytes]],
  },
  {
    title: "Opened and refused per second", show: rate, axis: compact,
    least: 4,
    series: [["opened", (point) => perSecond(point, "opened")],
      ["refused", (point) => perSecond(point, "refused")]],
  },
  {
    title: "Closes by code, each 15 s", show: rate, axis: compact, least: 4,
    isBars: true,
  },
];

const seriesOf = (plot, history) => {
  if (plot.series)
    return plot.series;
  const codes = history.codes();
  return codes.length === 0 ? [["closes", () => 0]]
    : codes.map((code) => [code, (point) => closesOf(point, code, codes)]);
};

const barOf = (time) => Math.floor(time / barMs) * barMs;

// Adds up the rows of each bar.
function toBars(rows) {
  const bars = new Map();
  for (const [time, ...values] of rows) {
    const start = barOf(time);
    const sums = bars.get(start) ?? values.map(() => 0);
    bars.set(start, sums.map((sum, number) => sum + (values[number] ?? 0)));
  }
  return [...bars].map(([start, sums]) => [start, ...sums]);
}

// Draws one series of bars. Each stands on the sum of those that follow, which
// are drawn later, and over it.
function drawBars({drawingContext: context, points, color, dygraph}) {
  const bottom = dygraph.toDomYCoord(0);
  const width = dygraph.toDomXCoord(barMs) - dygraph.toDomXCoord(0);
  context.fillStyle = color;
  for (const {canvasx: x, canvasy: y} of points)
    context.fillRect(x, y, Math.max(1, width - 1), bottom - y);
}

// Colours are those of the theme; a canvas needs them resolved.
function resolved(names) {
  const probe = element("plots").appendChild(make("span", {hidden: ""}));
  const colours = names.map((name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  });
  probe.remove();
  return colours;
}

const palette = () => resolved([1, 2, 3, 4, 5, 6, 7, 8]
  .map((number) => `series-${number}`));

export class Plots {
  #plots;
  #history;
  #times = [];
  #chosen = null;  // a row, or null: the last one

  constructor(history) {
    this.#history = history;
    this.#plots = plots.map((plot) => this.#prepare(plot));
    new ResizeObserver(() => this.#plots.forEach(({graph}) => graph?.resize()))
      .observe(element("plots"));
    element("look").addEventListener("input", () => this.#look());
  }

  #prepare(plot) {
    const canvas = make("div", {class: "canvas", "aria-hidden": "true"});
    const legend = make("ul", {class: "legend"});
    element("plots").append(make("figure", {class: "card plot"},
      make("figcaption", {text: plot.title}), canvas, legend));
    return {...plot, canvas, legend, graph: null, list: []};
  }

  // Draws what the history holds now.
  draw() {
    const points = this.#history.withGaps();
    if (points.length === 0 || element("plots").offsetParent === null)
      return;
    // The row that somebody looks at keeps its time, not its number.
    const time = this.#chosen === null ? null : this.#times[this.#chosen];
    this.#times = points.map(({t}) => t);
    const row = time === null ? -1 : this.#times.indexOf(time);
    this.#chosen = row < 0 ? null : row;
    for (const plot of this.#plots)
      this.#drawOne(plot, points);
    element("plots").dataset.end = this.#times.at(-1);
    this.#showSlider();
    this.#showValues();
  }

  // The theme has changed: colours are read again.
  recolour() {
    for (const plot of this.#plots) {
      plot.graph?.destroy();
      plot.graph = null;
    }
    this.draw();
  }

  #drawOne(plot, points) {
    plot.list = seriesOf(plot, this.#history);
    plot.rows = points.map(({t, point}) => [t,
      ...plot.list.map(([, value]) => point ? value(point) ?? null : null)]);
    if (plot.isBars)
      plot.rows = toBars(plot.rows);
    const labels = ["time", ...plot.list.map(([label]) => label)];
    const end = this.#times.at(-1);
    const span = Math.min(windowMs,
      Math.max(shortestWindow, end - this.#times[0]));
    const most = Math.max(...plot.rows.map(([, ...values]) => plot.isBars
      ? values.reduce((sum, value) => sum + value, 0) : Math.max(...values)));
    const changing = {
      file: plot.rows, labels, dateWindow: [end - span, end],
      valueRange: most < plot.least ? [0, plot.least] : null,
    };
    if (plot.graph && plot.labels === labels.join()) {
      plot.graph.updateOptions(changing);
      return;
    }
    plot.labels = labels.join();
    plot.graph?.destroy();
    plot.graph = this.#make(plot, changing);
    this.#makeLegend(plot);
  }

  #make(plot, {file, ...options}) {
    const {Dygraph} = globalThis;
    if (!Dygraph)
      return null;
    Dygraph.PLUGINS = Dygraph.PLUGINS.filter(
      (plugin) => plugin !== Dygraph.Plugins.Legend);
    const [grid] = resolved(["line"]);
    return new Dygraph(plot.canvas, file, {
      ...options,
      colors: palette().slice(0, plot.list.length),
      gridLineColor: grid,
      axisLineColor: grid,
      axisLabelWidth: 62,
      includeZero: true,
      strokeWidth: 1.5,
      highlightCircleSize: 3,
      interactionModel: {},  // no zoom, no pan: it moves, and phones scroll
      stackedGraph: Boolean(plot.isBars),
      ...(plot.isBars ? {plotter: drawBars} : {fillGraph: true}),
      fillAlpha: 0.12,
      axes: {
        x: {ticker: Dygraph.dateTicker,
          axisLabelFormatter: (time, granularity) => clock(Number(time))
            .slice(0, granularity < Dygraph.Granularity.MINUTELY ? 8 : 5),
          axisLabelWidth: 60, pixelsPerLabel: 80},
        y: {axisLabelFormatter: plot.axis, pixelsPerLabel: 28,
          labelsKMG2: plot.axis === bytes},
      },
      highlightCallback: (event, time) => this.#choose(this.#rowAt(time)),
      unhighlightCallback: () => this.#choose(null),
    });
  }

  #makeLegend(plot) {
    const colours = palette();
    plot.legend.replaceChildren(...plot.list.map(([label], number) => {
      const swatch = make("span", {class: "swatch"});
      swatch.style.background = colours[number];
      return make("li", {}, swatch, `${label} `, make("b"));
    }));
  }

  #look() {
    const slider = element("look");
    const row = Number(slider.value);
    this.#choose(row >= this.#times.length - 1 ? null : row);
  }

  #choose(row) {
    this.#chosen = row;
    for (const plot of this.#plots) {
      const {graph} = plot;
      if (row === null)
        graph?.clearSelection();
      else
        graph?.setSelection(this.#rowIn(plot, row));
    }
    this.#showSlider();
    this.#showValues();
  }

  // The row at a time, or the one before.
  #rowAt(time) {
    return Math.max(0, this.#times.findLastIndex((each) => each <= time));
  }

  // The row of a plot that belongs to one of #times.
  #rowIn({isBars, rows}, row) {
    return isBars ? rows.findIndex(([time]) => time === barOf(this.#times[row]))
      : row;
  }

  #showSlider() {
    const slider = element("look");
    const last = this.#times.length - 1;
    const row = this.#chosen ?? last;
    slider.max = String(last);
    slider.value = String(row);
    const text = this.#chosen === null ? "now" : clock(this.#times[row]);
    slider.setAttribute("aria-valuetext", text);
    setText(element("look-time"), text);
  }

  #showValues() {
    for (const plot of this.#plots) {
      const {legend, rows = [], show} = plot;
      const row = this.#chosen === null ? rows.length - 1
        : this.#rowIn(plot, this.#chosen);
      const values = rows[row]?.slice(1) ?? [];
      [...legend.querySelectorAll("b")].forEach((place, number) => {
        const value = values[number];
        setText(place, value === null || value === undefined ? nothing
          : show(value));
      });
    }
  }
}
