"use strict";
const STACKS = JSON.parse(document.getElementById("stacks").textContent);
const CPU = "CPU time", POOL = "connections of the pool";

// The arithmetic of loadtests/analysis/sizing.py, line by line; a test compares the two.
function each(stack, kind, d) {
  if (kind === "one") return 1;
  if (kind === "threads") return d.threads * (stack.one ? d.workers : 1);
  if (kind === "connections") return stack.connections;
  const siblings = stack.one || d.workers === 1 ? 0 : 1;
  const left = Math.max(1, d.nofile - stack.own - siblings * stack.siblings);
  return kind === "two descriptors" ? Math.floor(left / 2) : left;
}

function bounds(stack, d) {
  const workers = stack.one ? 1 : d.workers;
  const wait = d.wait_ms / 1e3, cpu = d.cpu_us / 1e6;
  const slow = d.slow_percent / 100 * d.slow_s;
  const found = stack.supplies.map(([name, kind, handler, body]) => {
    const time = (wait + cpu) * handler + slow * body;
    const places = workers * each(stack, kind, d);
    return [time ? places / time : Infinity, name];
  });
  found.push([cpu ? Math.min(d.cores, workers) / cpu : Infinity, CPU]);
  if (d.pool && wait) found.push([workers * d.pool / wait, POOL]);
  return found;
}

function size(stack, d) {
  const found = bounds(stack, d);
  const [perS, first] = found.reduce((a, b) =>
    b[0] < a[0] || (b[0] === a[0] && b[1] < a[1]) ? b : a);
  return { perS, first, use: d.rate_per_s / perS };
}

function memoryMb(stack, d) {
  if (stack.idle === null) return null;
  const workers = stack.one ? 1 : d.workers;
  const inProgress = d.rate_per_s * (d.wait_ms / 1e3 + d.slow_percent / 100 * d.slow_s);
  return stack.idle * workers / stack.measuredWorkers + inProgress * (stack.each || 0) / 1024;
}

const form = document.getElementById("demand");
const body = document.querySelector("#sizes tbody");
const said = document.getElementById("said");
const number = n => !isFinite(n) ? "no limit" : n >= 100 ? Math.round(n).toLocaleString("en") :
  n >= 10 ? n.toFixed(0) : n.toPrecision(2);

function demand() {
  const found = {};
  for (const input of form.elements) {
    if (!input.name) continue;
    const value = Number(input.value);
    const wrong = input.value === "" || !input.checkValidity() || !isFinite(value);
    input.setAttribute("aria-invalid", wrong);
    if (wrong) return null;
    found[input.name] = value;
  }
  return found;
}

function cell(row, text, label, name) {
  const made = document.createElement(name || "td");
  made.textContent = text;
  if (label) made.dataset.label = label;
  if (name) made.scope = "row";
  row.append(made);
  return made;
}

function show() {
  const d = demand();
  if (!d) {
    said.textContent = "A number is missing or out of its range: see the marked field.";
    return;
  }
  const sizes = STACKS.map(stack => ({ stack, ...size(stack, d) }))
    .sort((a, b) => b.perS - a.perS || (a.stack.id < b.stack.id ? -1 : 1));
  const enough = sizes.filter(one => one.use <= 1).length;
  said.textContent = `${enough} of ${sizes.length} stacks take ${number(d.rate_per_s)} requests a second.`;
  body.replaceChildren(...sizes.map(one => {
    const row = document.createElement("tr");
    if (one.use > 1) row.className = "small";
    cell(row, one.stack.id, "", "th");
    cell(row, number(one.perS), "takes, /s");
    cell(row, one.first, "runs out of");
    const use = isFinite(one.perS) ? Math.round(100 * one.use) : 0;
    cell(row, one.use > 1 ? `${number(100 * one.use)} %: too small` : `${use} %`, "in use");
    const mb = memoryMb(one.stack, d);
    cell(row, mb === null ? "–" : `${number(mb)} MB`, "memory");
    cell(row, one.stack.measured.join(", ") || "–", "measured");
    return row;
  }));
}

form.addEventListener("input", show);
form.addEventListener("submit", event => event.preventDefault());
show();
