// The package's parts say the same: code, types, package.json, the project.
import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {test} from "node:test";

import * as client from "../wsrelay.js";
import {FakeWorld} from "./fakes.js";

const read = (name) =>
  readFileSync(new URL(`../${name}`, import.meta.url), "utf8");
const types = read("wsrelay.d.ts");
const code = read("wsrelay.js");
const about = JSON.parse(read("package.json"));

// The names at the margin of an interface's block.
function members(name) {
  const block = new RegExp(`interface ${name}\\b[^]*?\\n}\\n`).exec(types)[0];
  return [...block.matchAll(/^ {2}(?:readonly )?(\w+)\??[<(:]/gm)]
    .map((match) => match[1]).sort();
}

test("the types declare what the code exports", () => {
  const declared = [...types.matchAll(/^export function (\w+)/gm)];
  assert.deepEqual(declared.map((match) => match[1]).sort(),
    Object.keys(client).sort());
});

test("the types declare what a relay has", () => {
  const relay = client.connect("/ws", {world: new FakeWorld()});
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(relay));
  assert.deepEqual(names.filter((name) => name !== "constructor").sort(),
    members("Relay"));
  for (const hook of members("Hooks"))
    assert.doesNotThrow(() => relay.when(hook, () => {}));
  const [, hooks] = /hookNames = (\[[^]*?\])/.exec(code);
  assert.deepEqual(JSON.parse(hooks).sort(), members("Hooks"));
});

test("the types declare the options that the code reads", () => {
  const [, head] =
    /constructor\(url, options\) {\n([^]*?)} = options;/.exec(code);
  const names = head.replace(/\{base[^}]*\}/, "").match(/[a-zA-Z]\w*/g)
    .filter((name) => name !== "const");
  assert.deepEqual(names.sort(), members("ConnectOptions"));
});

test("what the hooks tell has the members that the types declare", () => {
  const world = new FakeWorld();
  const relay = client.connect("/ws", {world});
  const told = {};
  for (const hook of ["waiting", "ended"])
    relay.when(hook, (event) => { told[hook] = Object.keys(event).sort(); });
  world.socket.lose();
  relay.close();
  const close = members("Close");
  assert.deepEqual(told.waiting, [...close, "wait"].sort());
  assert.deepEqual(told.ended, [...close, "local", "unsent", "wait"]
    .filter((name) => name !== "wait").sort());
});

test("the package has the project's version, and files that are there", () => {
  const [, version] = /project\(wsrelay VERSION (\S+)/
    .exec(read("../../../CMakeLists.txt"));
  assert.equal(about.version, version);
  for (const name of [...about.files, about.types,
    ...Object.values(about.exports["."])])
    assert.ok(read(name), name);
  assert.equal(about.dependencies, undefined);
});

test("the client is one file of less than 300 lines", () => {
  assert.ok(code.split("\n").length - 1 < 300);
  assert.doesNotMatch(code, /^\s*import\s|\bimport\(/m);
});
