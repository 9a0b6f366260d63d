// A picture of who is connected to whom: clients on the left, a box for each
// node with its targets, a wire from the clients to each target that has some,
// dashed lines between nodes. The tables below it say the same.

import {count} from "./admin_format.js";

const most = 8;          // targets shown of a node
const rowHeight = 34;    // px
const titleHeight = 30;
const gap = 18;          // between boxes
const characterWidth = 8.2;  // px, of text of 14 px, on average

function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes))
    node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const cut = (text, width) => {
  const room = Math.max(2, Math.floor(width / characterWidth));
  return text.length <= room ? text : `${text.slice(0, room - 1)}\u2026`;
};

const byConnections = (a, b) =>
  b.connections - a.connections || a.name.localeCompare(b.name);

// Returns a group for each node: this one, its peers, those that only targets
// tell of, and "" where it is unknown.
function groupsOf(own, targets, peers) {
  const groups = new Map();
  const group = (name, kind) => {
    if (!groups.has(name))
      groups.set(name, {name, kind, targets: []});
    return groups.get(name);
  };
  group(own, "own");
  for (const {name} of peers)
    group(name, "peer");
  for (const target of targets)
    group(target.node, "other").targets.push(target);
  for (const each of groups.values())
    each.targets.sort(byConnections);
  return [...groups.values()];
}

// Gives everything its place; x and y are left and top.
function place(groups, width) {
  const isNarrow = width < 560;
  const hub = {x: 1, width: isNarrow ? 72 : 150};
  const box = {x: hub.width + (isNarrow ? 34 : width * 0.2)};
  box.width = Math.min(680, width - box.x - (isNarrow ? 24 : 60));
  let y = 1;
  for (const group of groups) {
    group.shown = group.targets.slice(0, most);
    group.rest = group.targets.slice(most);
    const rows = group.shown.length + (group.rest.length > 0 ? 1 : 0);
    group.y = y;
    group.height = titleHeight + Math.max(1, rows) * rowHeight + 8;
    y += group.height + gap;
  }
  box.margin = width - box.x - box.width;
  return {hub, box, height: y - gap + 1};
}

const kindWidth = 62;  // px, of the longest of them
const kinds = {own: "this node", peer: "peer", other: "away"};

function drawTarget(target, box, y) {
  const name = target.name || "without a name";
  const number = count(target.connections);
  const room = box.width - 40 - number.length * characterWidth;
  const query = new URLSearchParams({target: target.name || target.pid});
  return svg("a", {href: `#/connections?${query}`},
  svg("rect", {class: "target", x: box.x + 10, y: y + 3, rx: 6,
    width: box.width - 20, height: rowHeight - 6}),
  svg("text", {x: box.x + 20, y: y + 22}, cut(name, room)),
  svg("text", {x: box.x + box.width - 20, y: y + 22,
    "text-anchor": "end"}, ` ${number}`));
}

function drawWire(from, x, y, connections) {
  const middle = (from.x + x) / 2;
  return svg("path", {
    class: "wire",
    d: `M${from.x},${from.y} C${middle},${from.y} ${middle},${y} ${x},${y}`,
    "stroke-width": (1 + 1.5 * Math.log10(1 + connections)).toFixed(1),
  });
}

// One group: its box, its targets, and the wires that lead to them.
function drawGroup(group, box, from) {
  const wires = [];
  const parts = [
    svg("rect", {class: "box", x: box.x, y: group.y, rx: 10,
      width: box.width, height: group.height}),
    svg("text", {x: box.x + 12, y: group.y + 21},
      cut(group.name || "unknown node",
      box.width - (group.name ? 24 + kindWidth : 24))),
    svg("text", {class: "soft", x: box.x + box.width - 12, y: group.y + 21,
      "text-anchor": "end"}, group.name ? kinds[group.kind] : ""),
  ];
  let y = group.y + titleHeight;
  for (const target of group.shown) {
    parts.push(drawTarget(target, box, y));
    if (target.connections > 0)
      wires.push(drawWire(from, box.x + 10, y + rowHeight / 2,
        target.connections));
    y += rowHeight;
  }
  parts.push(...drawRest(group, box, y));
  return {parts, wires};
}

function drawRest({shown, rest}, box, y) {
  if (shown.length > 0 && rest.length === 0)
    return [];
  const sum = rest.reduce((all, {connections}) => all + connections, 0);
  const text = rest.length === 0 ? "no targets"
    : `${count(rest.length)} more: ${count(sum)}`;
  return [svg("text", {class: "soft", x: box.x + 20, y: y + 22}, text)];
}

function drawHub(hub, y, connections) {
  return [
    svg("rect", {class: "hub", x: hub.x, y: y - 32, rx: 10,
      width: hub.width, height: 64}),
    svg("text", {class: "on-hub", x: hub.x + hub.width / 2, y: y - 3,
      "text-anchor": "middle"}, count(connections)),
    svg("text", {class: "on-hub", x: hub.x + hub.width / 2, y: y + 17,
      "text-anchor": "middle"}, hub.width < 100 ? "clients"
        : "connections"),
  ];
}

// A dashed line from this node to each peer, past the boxes between.
function drawLinks([own, ...others], box) {
  const x = box.x + box.width;
  const peers = others.filter(({kind}) => kind === "peer");
  const step = Math.min(12, (box.margin - 2) / Math.max(1, peers.length));
  return peers.map((peer, number) => {
    const far = x + (number + 1) * step;
    const from = own.y + 16;
    const to = peer.y + 16;
    return svg("path", {class: "link",
      d: `M${x},${from} C${far},${from} ${far},${from} ${far},${from + 20}`
        + ` L${far},${to - 20} C${far},${to} ${far},${to} ${x},${to}`});
  });
}

// Returns the picture for a width in pixels.
export function drawGraph({own, connections, targets, peers}, width) {
  const groups = groupsOf(own, targets, peers);
  const {hub, box, height} = place(groups, width);
  const middle = groups[0].y + groups[0].height / 2;
  const from = {x: hub.x + hub.width, y: Math.max(middle, 34)};
  const drawn = groups.map((group) => drawGroup(group, box, from));
  return svg("svg", {
    viewBox: `0 0 ${width} ${height}`, width, height, role: "group",
    "aria-label": "Who is connected to whom",
  },
  ...drawn.flatMap(({wires}) => wires),
  ...drawLinks(groups, box),
  ...drawHub(hub, from.y, connections),
  ...drawn.flatMap(({parts}) => parts));
}
