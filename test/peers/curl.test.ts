/** curl against HTTP written by hand over `lines()`: what a framing adds to the wire is what its name says. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Carrier, lines, listen, selfSigned } from '../../src/entry/index.ts';
import { needs, start } from './programs.ts';

async function answer(carrier: Carrier<string, string>) {
	const request: string[] = [];
	for await (const { content } of carrier) {
		if (content === '') break;
		request.push(content);
	}
	const body = `you asked: ${request[0]}`;
	for (const line of ['HTTP/1.1 200 OK', 'Content-Type: text/plain', `Content-Length: ${body.length + 1}`, '', body]) {
		carrier.post(line);
	}
	await carrier.close();
}

test('P-101 G-10 curl gets a page from a lines() listener over TCP', needs('curl'), async (t) => {
	await using server = await listen('tcp://127.0.0.1:0', { protocol: lines() });
	const curl = start(t, 'curl', ['-sS', '--fail', `http://127.0.0.1:${server.port}/hello`]);
	await answer((await server.accept())!);
	assert.equal(await curl.output, 'you asked: GET /hello HTTP/1.1\n');
});

test('P-101 curl gets a page over TLS, by the pinned certificate as its authority', needs('curl'), async (t) => {
	const security = selfSigned();
	await using server = await listen('localhost:0', {
		protocol: lines(),
		security: { ...security, alpn: ['http/1.1'] },
	});
	const curl = start(t, 'sh', [
		'-c',
		'curl -sS --fail --cacert /dev/fd/3 "$0" 3<<EOF\n' + security.cert + 'EOF',
		`https://localhost:${server.port}/`,
	]);
	await answer((await server.accept())!);
	assert.equal(await curl.output, 'you asked: GET / HTTP/1.1\n');
});
