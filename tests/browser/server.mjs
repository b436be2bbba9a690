// A program of ours on a free port with a database of its own, as tests/system/server.py has it for Python.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const build = process.env.FR_BUILD ?? join(root, 'build', 'dev');

export class Server {
  constructor(name, ...options) {
    this.name = name;
    this.options = options;
    this.folder = mkdtempSync(join(tmpdir(), 'freshet-'));
    this.output = '';
  }

  // Resolves when it listens. A restart takes the port that it had.
  async start() {
    const listen = `127.0.0.1:${this.port ?? 0}`;
    const options = ['--listen', listen, '--workers', '2', '--log', 'warn', ...this.options];
    if (this.name !== 'echo') options.push('--db', `sqlite:${join(this.folder, 'test.db')}`);
    this.process = spawn(join(build, 'examples', this.name), options, { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    this.ended = new Promise((resolve) => this.process.on('exit', (code, signal) => resolve(code ?? signal)));
    await new Promise((resolve, reject) => {
      const hear = (data) => {
        this.output += data;
        const found = /listening on http:\/\/127\.0\.0\.1:(\d+)\//.exec(this.output);
        if (found) {
          this.port = Number(found[1]);
          resolve();
        }
      };
      this.process.stdout.on('data', hear);
      this.process.stderr.on('data', hear);
      this.process.on('error', reject);
      this.ended.then((code) => reject(new Error(`${this.name} ended with ${code}: ${this.output}`)));
    });
    this.output = '';
    return this;
  }

  async stop() {
    this.process.kill('SIGTERM');
    return this.ended;
  }

  // At the end of a test: it must go in order.
  async finish() {
    const code = await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
    if (code !== 0) throw new Error(`${this.name} ended with ${code}: ${this.output}`);
  }

  get origin() {
    return `http://127.0.0.1:${this.port}`;
  }

  url(path) {
    return `ws://127.0.0.1:${this.port}${path}`;
  }

  async request(method, path, body) {
    const answer = await fetch(this.origin + path, {
      method,
      headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, json: text ? JSON.parse(text) : null };
  }
}
