// The recipe's page in a real browser, in two tabs: what one does, the other sees.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { chromium } from 'playwright-core';
import { Server } from './server.mjs';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
const PATIENCE = 20000;

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser, server;
const tabs = [];

before(async () => {
  browser = await chromium.launch({ executablePath, args });
});
after(async () => browser.close());
beforeEach(async () => {
  server = await new Server('realtime-update').start();
});
afterEach(async () => {
  for (const tab of tabs.splice(0)) await tab.close();
  await server.finish();
});

// A tab of its own context (as another visitor), with the page live in it; `mistakes` holds what went wrong in it. `prepare`
// may do something to the page before it is opened; `origin` is how the server is called.
async function openTab({ prepare = async () => {}, origin = server.origin } = {}) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const mistakes = [];
  page.on('pageerror', (error) => mistakes.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(origin) && !request.url().startsWith('data:')) mistakes.push(`asked ${request.url()}`);
  });
  await prepare(page);
  await page.goto(`${origin}/`);
  const tab = {
    page,
    mistakes,
    state: (word) => page.locator(`#state[data-is="${word}"]`).waitFor(),
    row: (title) => page.locator('#rows tr:not(.gone)').filter({ has: page.locator('.text', { hasText: title }) }),
    titles: () => page.locator('#rows tr:not(.gone) .text').allTextContents(),
    close: async () => {
      assert.deepEqual(mistakes, []);
      await context.close();
    },
    add: async (title, done = false) => {
      await page.fill('#new-title', title);
      await page.setChecked('#new-done', done);
      await page.click('#add button');
    },
  };
  await tab.state('live');
  tabs.push(tab);
  return tab;
}

test('what is added in one tab appears in the other', async () => {
  const [a, b] = [await openTab(), await openTab()];
  await a.add('Call the bank');
  await b.row('Call the bank').waitFor();
  await a.row('Call the bank').waitFor();
  await b.add('Water the plants', true);
  await a.row('Water the plants').waitFor();
  assert.equal(await a.row('Water the plants').locator('input[type=checkbox]').isChecked(), true);
  for (const tab of [a, b]) assert.deepEqual((await tab.titles()).sort(), ['Call the bank', 'Water the plants']);
});

test('an edit in one tab is seen, and flashes, in the other', async () => {
  const [a, b] = [await openTab(), await openTab()];
  await a.add('Tea');
  const row = a.row('Tea');
  await row.getByRole('button', { name: 'Edit' }).click();
  await row.locator('td.title input').fill('Coffee');
  await row.getByRole('button', { name: 'Save' }).click();
  await b.row('Coffee').waitFor();
  await b.page.locator('#rows tr.changed').waitFor();
  await b.row('Coffee').locator('input[type=checkbox]').check();
  await a.page.locator('#rows tr.is-done', { hasText: 'Coffee' }).waitFor();
  const stored = (await server.request('GET', '/api/notes/')).json;
  assert.deepEqual(stored.map(({ title, done }) => ({ title, done })), [{ title: 'Coffee', done: true }]);
});

test('what is deleted in one tab goes from the other', async () => {
  const [a, b] = [await openTab(), await openTab()];
  await a.add('First');
  await b.row('First').waitFor();
  await b.add('Second');
  await a.row('Second').waitFor();
  await b.row('First').getByRole('button', { name: 'Delete' }).click();
  await a.page.waitForFunction(() => document.querySelectorAll('#rows tr:not(.gone)').length === 1);
  assert.deepEqual(await a.titles(), ['Second']);
  assert.deepEqual((await server.request('GET', '/api/notes/')).json.map((note) => note.title), ['Second']);
});

test('what the API refuses is said at its field', async () => {
  const a = await openTab();
  await a.add('');
  await a.page.locator('#new-title-error', { hasText: 'This field may not be blank.' }).waitFor();
  await a.add('x'.repeat(201));
  await a.page.locator('#new-title-error', { hasText: 'no more than 200 characters' }).waitFor();
  assert.deepEqual(await a.titles(), []);
  await a.add('now it is right');
  await a.row('now it is right').waitFor();
  assert.equal(await a.page.locator('#new-title-error').isVisible(), false);
});

test('a change by any other client is seen too', async () => {
  const a = await openTab();
  const note = (await server.request('POST', '/api/notes/', { title: 'by curl', done: false })).json;
  await a.row('by curl').waitFor();
  await server.request('PATCH', `/api/notes/${note.id}/`, { title: 'by curl, changed' });
  await a.row('by curl, changed').waitFor();
  await server.request('DELETE', `/api/notes/${note.id}/`);
  await a.page.waitForFunction(() => document.querySelectorAll('#rows tr:not(.gone)').length === 0);
});

test('text of a note is never taken for HTML', async () => {
  const a = await openTab();
  const title = '<img src=x onerror="document.title=1"> & "quotes" 日本語 🎉';
  await a.add(title);
  await a.row('日本語').waitFor();
  assert.deepEqual(await a.titles(), [title]);
  assert.equal(await a.page.locator('#rows img').count(), 0);
});

test('after a restart of the server both tabs come back and have what changed meanwhile', async () => {
  const [a, b] = [await openTab(), await openTab()];
  await a.add('before the restart');
  await b.row('before the restart').waitFor();
  await server.stop();
  for (const tab of [a, b]) await tab.state('offline');
  await server.start();
  await server.request('POST', '/api/notes/', { title: 'while they were away', done: false });
  for (const tab of [a, b]) {
    await tab.state('live');
    await tab.row('while they were away').waitFor();
    await tab.row('before the restart').waitFor();
  }
  await b.add('after the restart');
  await a.row('after the restart').waitFor();
});

test('an edit that is open is not lost when others write', async () => {
  const [a, b] = [await openTab(), await openTab()];
  await a.add('Mine');
  const row = a.row('Mine');
  await row.getByRole('button', { name: 'Edit' }).click();
  const input = a.page.locator('#rows td.title input');
  await input.fill('half written');
  await b.add('Another');
  await a.row('Another').waitFor();
  await b.row('Mine').locator('input[type=checkbox]').check();
  await a.page.locator('#rows tr.is-done').waitFor();
  assert.equal(await input.inputValue(), 'half written');
  await input.press('Enter');
  await b.row('half written').waitFor();
});

test('the page is whole on a narrow screen and by keyboard', async () => {
  const a = await openTab();
  await a.page.setViewportSize({ width: 320, height: 640 });
  await a.add('a'.repeat(120));
  await a.row('aaa').waitFor();
  const overflow = await a.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(overflow <= 0, `${overflow} pixels too wide`);
  await a.page.focus('#new-title');
  await a.page.keyboard.type('typed');
  await a.page.keyboard.press('Enter');
  await a.row('typed').waitFor();
  assert.equal(await a.page.evaluate(() => document.activeElement.id), 'new-title');
});

// A server of live notes within the test: what it says in one go comes in one go.
const noteOf = (id) => ({ id, title: `note ${id}`, done: id % 3 === 0, updated_at: '2026-01-02T03:04:05.678901Z' });
const instead = (results, then = () => {}) => (page) => page.routeWebSocket('**/api/notes/', (socket) => {
  socket.send(JSON.stringify({ type: 'snapshot', at: '1.0.0', results }));
  then(socket);
});

test('a burst of creates forces no layout and leaves all of them on the page', async () => {
  const countLayouts = (page) => page.addInitScript(() => {
    window.layouts = 0;
    const { get } = Object.getOwnPropertyDescriptor(HTMLElement.prototype, 'offsetWidth');
    Object.defineProperty(HTMLElement.prototype, 'offsetWidth', { get() { window.layouts++; return get.call(this); } });
  });
  const a = await openTab({ prepare: countLayouts });
  const titles = Array.from({ length: 500 }, (_, i) => `burst ${i}`);
  await Promise.all(titles.map((title) => server.request('POST', '/api/notes/', { title, done: false })));
  await a.page.locator('#count', { hasText: '500 notes' }).waitFor();
  assert.deepEqual((await a.titles()).sort(), titles.sort());
  assert.equal(await a.page.evaluate(() => window.layouts), 0);
});

test('what comes in one go is drawn by one paint', async () => {
  const burst = (socket) => {
    for (let id = 1; id <= 500; id++) {
      socket.send(JSON.stringify({ type: 'changes', at: `${id}.0.0`, changes: [{ op: 'create', id, data: noteOf(id) }] }));
    }
  };
  const countPaints = async (page) => {
    await page.addInitScript(() => {
      window.paints = 0;
      addEventListener('DOMContentLoaded', () => new MutationObserver(() => window.paints++)
        .observe(document.getElementById('rows'), { childList: true }));
    });
    await instead([], burst)(page);
  };
  const a = await openTab({ prepare: countPaints });
  await a.page.locator('#count', { hasText: '500 notes' }).waitFor();
  assert.equal(await a.page.locator('#rows tr').count(), 500);
  const paints = await a.page.evaluate(() => window.paints);
  assert.ok(paints < 250, `${paints} paints for 500 frames`);
});

test('of five thousand rows a thousand are drawn, and more on demand', async () => {
  const a = await openTab({ prepare: instead(Array.from({ length: 5000 }, (_, i) => noteOf(5000 - i))) });
  await a.page.locator('#count', { hasText: '5000 notes' }).waitFor();
  assert.equal(await a.page.locator('#rows tr').count(), 1000);
  assert.equal(await a.page.locator('#rows tr .text').first().textContent(), 'note 5000');
  await a.page.getByRole('button', { name: 'Show 1000 more of 4000' }).click();
  await a.page.getByRole('button', { name: 'Show 1000 more of 3000' }).waitFor();
  assert.equal(await a.page.locator('#rows tr').count(), 2000);
});

test('after a delete by keyboard the focus is at the neighbour', async () => {
  const a = await openTab();
  for (const title of ['third', 'second', 'first']) {
    await a.add(title);
    await a.row(title).waitFor();
  }
  const focused = () => a.page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.id);
  const deleteFocused = async (title) => {
    await a.page.keyboard.press('Enter');
    await a.page.waitForFunction((gone) => ![...document.querySelectorAll('#rows tr:not(.gone) .text')].some((e) => e.textContent === gone), title);
  };
  await a.row('second').getByRole('button', { name: 'Delete' }).focus();
  await deleteFocused('second');
  assert.equal(await focused(), 'Delete: third');
  await deleteFocused('third');
  assert.equal(await focused(), 'Delete: first');
  await deleteFocused('first');
  assert.equal(await focused(), 'new-title');
});

test('the header says that it is live; the token is shown on demand', async () => {
  const a = await openTab();
  assert.equal((await a.page.locator('#state').innerText()).trim(), 'live');
  assert.equal(await a.page.locator('#at').isVisible(), false);
  await a.page.click('#token summary');
  assert.match(await a.page.locator('#at').innerText(), /^\d+\.[0-9a-f]+\.[0-9a-f]+$/);
});

test('without notes the page says so, inside its card', async () => {
  const a = await openTab();
  for (const width of [800, 320]) {
    await a.page.setViewportSize({ width, height: 640 });
    const text = await a.page.locator('#none').boundingBox();
    const card = await a.page.locator('.card', { has: a.page.locator('#none') }).boundingBox();
    assert.ok(text.x >= card.x && text.x + text.width <= card.x + card.width, `${width} pixels wide`);
    assert.ok(text.y >= card.y && text.y + text.height <= card.y + card.height, `${width} pixels wide`);
    assert.equal(await a.page.locator('#head').isVisible(), false);
  }
});

test('what the server will not show is told in its words', async () => {
  await server.stop();
  server.options.push('--snapshot-rows', '1');
  await server.start();
  for (const title of ['one', 'two']) await server.request('POST', '/api/notes/', { title, done: false });
  const page = await browser.newPage();
  await page.goto(`${server.origin}/`);
  await page.locator('#state[data-is="offline"]').waitFor();
  const told = await page.locator('#state').innerText();
  assert.match(told, /at most 1 rows.*--snapshot-rows/);
  assert.doesNotMatch(told, /econnecting|again in/); // it is final
  await page.close();
});

test('words of what may pass stay while the page tries again', async () => {
  const page = await browser.newPage();
  await page.routeWebSocket('**/api/notes/', (socket) => {
    socket.send('{"type":"error","status":503,"detail":"The database does not answer, try again."}');
    socket.close({ code: 1013 });
  });
  await page.goto(`${server.origin}/`);
  await page.locator('#state-more', { hasText: /The database does not answer, try again\. Trying again in \d+ s/ }).waitFor();
  await page.close();
});

test('the page works whichever name of this machine it is opened by', async () => {
  const a = await openTab({ origin: server.origin.replace('127.0.0.1', 'localhost') });
  const b = await openTab();
  await a.add('by localhost');
  await b.row('by localhost').waitFor();
  await b.add('by address');
  await a.row('by address').waitFor();
});

test('axe finds nothing serious, empty, with rows, while editing and after a refusal', async () => {
  for (const colorScheme of ['light', 'dark']) {
    const a = await openTab({ prepare: (page) => page.emulateMedia({ colorScheme, reducedMotion: 'reduce' }) });
    const check = async (state) => {
      await a.page.evaluate(axe);
      const { violations } = await a.page.evaluate(() => window.axe.run());
      const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`), [], `${colorScheme}, ${state}`);
    };
    await check('as it opens');
    await a.add('');
    await a.page.locator('#new-title-error', { hasText: 'blank' }).waitFor();
    await a.add(`Tea ${colorScheme}`, true);
    await a.row(`Tea ${colorScheme}`).waitFor();
    await a.add('');
    await a.page.locator('#new-title-error', { hasText: 'blank' }).waitFor();
    await check('rows and a refusal');
    await a.row(`Tea ${colorScheme}`).getByRole('button', { name: 'Edit' }).click();
    await a.page.click('#token summary');
    await check('an edit and the token');
  }
});
