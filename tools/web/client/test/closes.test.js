// Which closes come back, and after what wait at least: no socket, no clock.
import assert from "node:assert/strict";
import {test} from "node:test";

import {askedWait, comesBack} from "../wsrelay.js";

const refusal = (status, more = "") =>
  `{"status":${status},"check":"address"${more}}`;

test("codes that come back, and those that do not", () => {
  for (const code of [1001, 1005, 1006, 1011, 1012, 1013, 1014, 1015])
    assert.equal(comesBack(code), true, String(code));
  for (const code of [1000, 1002, 1003, 1007, 1008, 1009, 1010])
    assert.equal(comesBack(code), false, String(code));
  for (const code of [1004, 1016, 2999])
    assert.equal(comesBack(code), true, String(code));
  for (const code of [3000, 3999, 4000, 4401, 4409, 4429, 4503, 4999])
    assert.equal(comesBack(code), false, String(code));
});

test("the application's codes come back where the reason asks for it", () => {
  assert.equal(comesBack(4000, "retry=0"), true);
  assert.equal(comesBack(3000, "retry=5000"), true);
  assert.equal(comesBack(4999, "retry=x"), false);
  assert.equal(comesBack(4401, "session expired"), false);
});

test("a reason does not change what the protocol's codes say", () => {
  assert.equal(comesBack(1000, "retry=5000"), false);
  assert.equal(comesBack(1008, "retry=5000"), false);
  assert.equal(comesBack(1011, "no target"), true);
});

test("refusals that pass come back", () => {
  for (const status of [429, 500, 502, 503, 504, 999])
    assert.equal(comesBack(4000 + status, refusal(status)), true);
  for (const status of [400, 401, 403, 404, 428, 430, 499])
    assert.equal(comesBack(4000 + status, refusal(status)), false);
});

test("what only looks like a refusal does not", () => {
  assert.equal(comesBack(4429, refusal(503)), false);
  assert.equal(comesBack(4503, '{"status":503}'), false);
  assert.equal(comesBack(4503, '{"status":503,"check":'), false);
  assert.equal(comesBack(4503, '"check"'), false);
  assert.equal(comesBack(4503, "null"), false);
});

test("retry= is milliseconds, at most five minutes", () => {
  assert.equal(askedWait(1012, "retry=0"), 0);
  assert.equal(askedWait(1012, "retry=1234"), 1234);
  assert.equal(askedWait(1012, "retry=299999"), 299999);
  assert.equal(askedWait(1012, "retry=300000"), 300000);
  assert.equal(askedWait(1012, "retry=300001"), 300000);
  assert.equal(askedWait(1012, `retry=${"9".repeat(117)}`), 300000);
});

test("another form asks for nothing", () => {
  for (const reason of ["", "retry", "retry=", "retry=-1", "retry=1.5",
    "retry=1e3", "retry= 5", "retry=5 ", "xretry=5", "retry=5\n", "Retry=5",
    "retry=٣", "retry=5;retry=6"])
    assert.equal(askedWait(1012, reason), undefined, JSON.stringify(reason));
  assert.equal(askedWait(1012), undefined);
});

test("a refusal's retry is seconds", () => {
  assert.equal(askedWait(4429, refusal(429, ',"retry":7')), 7000);
  assert.equal(askedWait(4503, refusal(503, ',"retry":300')), 300000);
  assert.equal(askedWait(4503, refusal(503, ',"retry":301')), 300000);
  assert.equal(askedWait(4503, refusal(503, ',"retry":-1')), undefined);
  assert.equal(askedWait(4503, refusal(503, ',"retry":"soon"')), undefined);
  assert.equal(askedWait(4503, refusal(503)), undefined);
  assert.equal(askedWait(4000, '{"retry":7}'), undefined);
});
