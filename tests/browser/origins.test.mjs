// Pages of other origins in a real browser, as Vite serves them on a port of its own: one is named by --cors-origins, one not.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { Server } from './server.mjs';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

let browser, server, ours, foreign;

// A server of pages alone, as a developer has it beside the API.
async function servePages() {
  const pages = createServer((_, answer) => answer.setHeader('Content-Type', 'text/html').end('<!doctype html><title>a page</title>'));
  await new Promise((resolve) => pages.listen(0, '127.0.0.1', resolve));
  return { origin: `http://localhost:${pages.address().port}`, close: () => pages.close() };
}

before(async () => {
  [ours, foreign] = [await servePages(), await servePages()];
  server = await new Server('realtime-update', '--cors-origins', ours.origin).start();
  browser = await chromium.launch({ executablePath, args });
});
after(async () => {
  await browser.close();
  for (const pages of [ours, foreign]) pages.close();
  await server.finish();
});

// Run in a page of that origin.
async function inPage(origin, run) {
  const page = await browser.newPage();
  await page.goto(`${origin}/`);
  const result = await page.evaluate(run, { api: server.origin, live: server.url('/api/notes/') });
  await page.close();
  return result;
}

const titles = async () => (await server.request('GET', '/api/notes/')).json.map((note) => note.title);

test('a page that is named reads, writes, sees the place of its write, and watches', async () => {
  const seen = await inPage(ours.origin, async ({ api, live }) => {
    const socket = new WebSocket(live);
    const frames = [];
    const heard = (done) => new Promise((resolve, reject) => {
      socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`));
      socket.onmessage = ({ data }) => {
        frames.push(JSON.parse(data));
        if (done(frames)) resolve();
      };
    });
    await heard(() => true);
    const told = heard((all) => all.some(({ type }) => type === 'changes'));
    const made = await fetch(`${api}/api/notes/`, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"title":"from Vite","done":false}' });
    await told;
    const note = await made.json();
    const changed = await fetch(`${api}/api/notes/${note.id}/`, {
      method: 'PATCH', headers: { 'Content-Type': 'application/json' }, body: '{"done":true}' });
    const missing = await fetch(`${api}/api/notes/99999/`);
    const list = await (await fetch(`${api}/api/notes/`)).json();
    return { status: [made.status, changed.status, missing.status], at: made.headers.get('Freshet-At'), frames, list,
      detail: (await missing.json()).detail };
  });
  assert.deepEqual(seen.status, [201, 200, 404]);
  assert.equal(seen.detail, 'No Note matches the given query.');
  assert.deepEqual(seen.list.map(({ title, done }) => [title, done]), [['from Vite', true]]);
  const changes = seen.frames.find(({ type }) => type === 'changes');
  assert.ok(changes.at.startsWith(`${seen.at}.`), `${changes.at} ${seen.at}`);
});

test('a page that is not named reads nothing and writes nothing', async () => {
  const before = await titles();
  const seen = await inPage(foreign.origin, async ({ api }) => {
    const outcome = (promise) => promise.then((answer) => answer.type, (error) => error.name);
    const form = (mode, body) => outcome(fetch(`${api}/api/notes/`, { method: 'POST', mode, body, credentials: 'include' }));
    return [
      await outcome(fetch(`${api}/api/notes/`)),
      await outcome(fetch(`${api}/api/notes/`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' })),
      await outcome(fetch(`${api}/api/notes/1/`, { method: 'DELETE' })),
      await form('cors', new URLSearchParams({ title: 'forged', done: 'on' })),
      await form('no-cors', new URLSearchParams({ title: 'forged', done: 'on' })), // sent, and refused
    ];
  });
  assert.deepEqual(seen, ['TypeError', 'TypeError', 'TypeError', 'TypeError', 'opaque']);
  assert.deepEqual(await titles(), before);
  assert.match(server.output, /http\.foreign .*origin=http:\/\/localhost:\d+ site=cross-site host=127\.0\.0\.1:\d+/);
  assert.match(server.output, /http\.cors .*--cors-origins/);
});

test('a form that a page of another site submits makes no row', async () => {
  const page = await browser.newPage();
  await page.goto(`${foreign.origin}/`);
  const before = await titles();
  await page.evaluate((api) => {
    document.body.innerHTML = `<form method="post" action="${api}/api/notes/"><input name="title" value="forged"></form>`;
    document.forms[0].submit();
  }, server.origin);
  await page.waitForURL(`${server.origin}/api/notes/`);
  assert.match(await page.textContent('body'), /A page of another site may not change anything here/);
  await page.close();
  assert.deepEqual(await titles(), before);
});
