// The browser of the admin page's tests: pages that report whatever goes wrong in
// them, and what every part of the tests asks of one.
"use strict";

const path = require("node:path");
const axe = require("axe-core");

const [url, tokenArgument = "-", folder] = process.argv.slice(2);
const token = tokenArgument === "-" ? "" : tokenArgument;
const problems = [];
const seen = {};
// Whether requests shall fail. With a token they do: the first ones have none.
const expected = {failures: Boolean(token)};

const check = (isTrue, what) => isTrue || problems.push(what);

function watch(page) {
  page.setDefaultTimeout(15000);
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (entry) => {
    const isWanted = expected.failures && /Failed to load/.test(entry.text());
    if (entry.type() === "error" && !isWanted)
      problems.push(`console: ${entry.text()} ${entry.location().url}`);
  });
  page.on("request", (request) => {
    const {host, protocol} = new URL(request.url());
    if (protocol !== "data:" && host !== new URL(url).host)
      problems.push(`a request to another host: ${request.url()}`);
  });
}

async function openPage(context) {
  const page = await context.newPage();
  watch(page);
  await page.exposeFunction("reportViolation",
    (text) => problems.push(`forbidden by the policy: ${text}`));
  await page.addInitScript(() => addEventListener("securitypolicyviolation",
    (event) => globalThis.reportViolation(
      `${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`)));
  return page;
}

const shoot = (page, name, fullPage = false) => folder
  && page.screenshot({path: path.join(folder, `${name}.png`), fullPage});

const waitForText = (page, selector, text) => page.waitForFunction(
  ([where, what]) =>
    document.querySelector(where)?.textContent.includes(what),
  [selector, text]);

const textOf = (page, selector) => page.textContent(selector);

async function show(page, address) {
  await page.evaluate((hash) => {
    location.hash = hash;
  }, address);
}

async function checkAccess(page, where) {
  await page.evaluate(axe.source);
  const {violations} = await page.evaluate(() => globalThis.axe.run());
  for (const {id, impact, nodes} of violations)
    if (["serious", "critical"].includes(impact))
      problems.push(`axe in ${where}: ${id} at ${
        nodes.slice(0, 3).map(({target}) => target).join(" ")}`);
}

const sideways = (page) => page.evaluate(() =>
  document.documentElement.scrollWidth - innerWidth);

// -- the table of connections ---------------------------------------------------

const lastRowIsThere = () => {
  const table = document.getElementById("connections-table");
  const last = table.getAttribute("aria-rowcount");
  const row = table.querySelector(`tr[aria-rowindex="${last}"]`);
  return row && row.cells[0].textContent !== "..." && last;
};

const pids = (page) => page.$$eval("#connections-rows a",
  (links) => links.map((link) => link.textContent));

async function waitForRows(page) {
  await page.waitForFunction(() => {
    const link = document.querySelector("#connections-rows a");
    return link && link.textContent !== "...";
  });
}

module.exports = {check, checkAccess, expected, lastRowIsThere, openPage, pids,
  problems, seen, shoot, show, sideways, textOf, token, url, waitForRows,
  waitForText};
