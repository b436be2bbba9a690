// Node's `ws` package, the WebSocket client that most JavaScript outside of browsers uses.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { Server } from './server.mjs';

// A socket with its messages in a queue, so that none is missed between two waits.
class Client {
  constructor(url, options) {
    this.ws = new WebSocket(url, options);
    this.messages = [];
    this.waiting = [];
    this.closed = new Promise((resolve) => this.ws.on('close', (code) => resolve(code)));
    this.ws.on('message', (data, isBinary) => {
      const message = isBinary ? data : data.toString();
      const waiter = this.waiting.shift();
      if (waiter) waiter(message);
      else this.messages.push(message);
    });
  }

  async open() {
    await once(this.ws, 'open');
    return this;
  }

  next() {
    if (this.messages.length) return Promise.resolve(this.messages.shift());
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  async json() {
    return JSON.parse(await this.next());
  }

  async close(code = 1000) {
    this.ws.close(code);
    return this.closed;
  }
}

const open = (server, path, options) => new Client(server.url(path), options).open();

async function refusal(server, path, options) {
  const ws = new WebSocket(server.url(path), options);
  ws.on('error', () => {});
  const [, response] = await once(ws, 'unexpected-response');
  response.resume();
  return response.statusCode;
}

const echo = new Server('echo');
const keeping = new Server('echo', '--ws-compress-takeover', 'both');
const recipe = new Server('realtime-update');

before(async () => {
  await echo.start();
  await keeping.start();
  await recipe.start();
});
after(async () => {
  await echo.finish();
  await keeping.finish();
  await recipe.finish();
});

test('text comes back as text, bytes as bytes', async () => {
  const client = await open(echo, '/ws/echo/');
  for (const text of ['hello', '', 'Grüße 🎉', 'x'.repeat(70000)]) {
    client.ws.send(text);
    assert.equal(await client.next(), text);
  }
  for (const size of [0, 1, 126, 70000]) {
    const bytes = Buffer.alloc(size, 7);
    client.ws.send(bytes);
    assert.deepEqual(await client.next(), bytes);
  }
  assert.equal(await client.close(4321), 4321);
});

test('fragments are put together', async () => {
  const client = await open(echo, '/ws/echo/');
  client.ws.send('one ', { fin: false });
  client.ws.send('two ', { fin: false });
  client.ws.send('three');
  assert.equal(await client.next(), 'one two three');
  await client.close();
});

test('a ping is answered', async () => {
  const client = await open(echo, '/ws/echo/');
  client.ws.ping('are you there');
  const [data] = await once(client.ws, 'pong');
  assert.equal(data.toString(), 'are you there');
  await client.close();
});

const compression = {
  'as it comes': {},
  'our window is small': { serverMaxWindowBits: 9, threshold: 0 },
  'their window is small': { clientMaxWindowBits: 9, threshold: 0 },
  'no takeover': { serverNoContextTakeover: true, clientNoContextTakeover: true, threshold: 0 },
};
const words = (count) => Array.from({ length: count }, (_, i) => `{"id":${i * 7919},"name":"note ${i % 13} 🎉"}`).join(',');

for (const [name, perMessageDeflate] of Object.entries(compression)) {
  for (const server of [() => echo, () => keeping]) {
    test(`compressed messages come back: ${name}${server() === echo ? '' : ', with takeover'}`, async () => {
      const client = await open(server(), '/ws/echo/', { perMessageDeflate });
      assert.match(client.ws.extensions, /permessage-deflate/);
      for (const count of [0, 1, 20, 20, 500, 20000]) {
        client.ws.send(words(count));
        assert.equal(await client.next(), words(count));
        const bytes = Buffer.from(words(count)).reverse();
        client.ws.send(bytes);
        assert.deepEqual(await client.next(), bytes);
      }
      client.ws.send(words(100), { fin: false });
      client.ws.send(words(200), { fin: true });
      assert.equal(await client.next(), words(100) + words(200));
      assert.equal(await client.close(4000), 4000);
    });
  }
}

test('the topic reaches all, the sender too', async () => {
  const clients = await Promise.all(Array.from({ length: 10 }, () => open(echo, '/ws/topic/')));
  clients[3].ws.send('to all');
  for (const client of clients) assert.equal(await client.next(), 'to all');
  await Promise.all(clients.map((client) => client.close()));
});

test('an unknown path is 404, a page of another site 403', async () => {
  assert.equal(await refusal(echo, '/ws/nothing/'), 404);
  assert.equal(await refusal(echo, '/ws/echo/', { origin: 'https://evil.example' }), 403);
  const client = await open(echo, '/ws/echo/', { origin: echo.origin });
  await client.close();
});

test('a list is watched: snapshot, then each change', async () => {
  const first = (await recipe.request('POST', '/api/notes/', { title: 'first', done: false })).json;
  const client = await open(recipe, '/api/notes/');
  const snapshot = await client.json();
  assert.equal(snapshot.type, 'snapshot');
  assert.deepEqual(snapshot.results, [first]);
  const made = (await recipe.request('POST', '/api/notes/', { title: 'second', done: false })).json;
  assert.deepEqual((await client.json()).changes, [{ op: 'create', id: made.id, data: made }]);
  const changed = (await recipe.request('PATCH', `/api/notes/${made.id}/`, { done: true })).json;
  assert.deepEqual((await client.json()).changes, [{ op: 'update', id: made.id, data: changed }]);
  await recipe.request('DELETE', `/api/notes/${made.id}/`);
  assert.deepEqual((await client.json()).changes, [{ op: 'delete', id: made.id }]);
  await client.close();
});

test('one row is watched at its own URL', async () => {
  const note = (await recipe.request('POST', '/api/notes/', { title: 'mine', done: false })).json;
  const client = await open(recipe, `/api/notes/${note.id}/`);
  assert.deepEqual((await client.json()).data, note);
  await recipe.request('POST', '/api/notes/', { title: 'another', done: false });
  const changed = (await recipe.request('PATCH', `/api/notes/${note.id}/`, { title: 'mine, changed' })).json;
  assert.deepEqual((await client.json()).changes, [{ op: 'update', id: note.id, data: changed }]);
  await client.close();
});

test('the recipe answers a message with the rows', async () => {
  const client = await open(recipe, '/ws/realtime-update/');
  client.ws.send('update, please');
  const rows = await client.json();
  assert.deepEqual(rows, (await recipe.request('GET', '/api/notes/')).json);
  assert.equal(await client.next(), 'update, please');
  await client.close();
});

test('a server that ends says so with 1001', async () => {
  const server = await new Server('echo').start();
  const client = await open(server, '/ws/echo/');
  await server.finish();
  assert.equal(await client.closed, 1001);
});
