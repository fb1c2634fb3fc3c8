import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { outgoingOf, queuedIn, rowEnd } from './proc-net-tcp.ts';

test('ends are written as the tables of the kernel have them', () => {
	assert.equal(rowEnd('127.0.0.1', 2024, true), '0100007F:07E8');
	assert.equal(rowEnd('127.0.0.1', 2024, false), '7F000001:07E8');
	assert.equal(rowEnd('::ffff:127.0.0.1', 80, true), '0000000000000000FFFF00000100007F:0050');
});

test('what is queued is found in the row of both ends, and not in a part of it', () => {
	const ends = '0100007F:8E6B 0100007F:07E8';
	const row = `   7: ${ends} 01 0002F000:00000010 00:00000000 00000000     0        0 2071647`;
	assert.equal(queuedIn(`head\n${row}\n`, ends), 0x2f000);
	assert.equal(queuedIn(row.replace('8E6B', '8E6C'), ends), undefined);
	for (let end = 0; end < row.indexOf(':00000010'); end += 1)
		assert.equal(queuedIn(row.slice(0, end), ends), undefined);
});

test('any table gives a number or nothing', () => {
	const text = fc
		.array(fc.constantFrom(' ', '01', '0100007F:07E8', ':', 'A', '0000000F', '\n'))
		.map((parts) => parts.join(''));
	fc.assert(
		fc.property(text, (rows) => {
			const found = queuedIn(rows, '0100007F:07E8 0100007F:07E8');
			assert.ok(found === undefined || (Number.isInteger(found) && found >= 0));
		}),
	);
});

test('what this machine holds of a connection that nobody reads', { skip: process.platform !== 'linux' }, async (t) => {
	const accepted = Promise.withResolvers<Socket>();
	const server = createServer({ pauseOnConnect: true }, accepted.resolve).listen(0, '127.0.0.1');
	await once(server, 'listening');
	const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
	await once(socket, 'connect');
	t.after(() => {
		socket.destroy();
		server.close();
	});
	assert.equal(outgoingOf(socket), 0);
	socket.write(new Uint8Array(32 * 2 ** 20));
	while (!outgoingOf(socket)) await new Promise((resolve) => setImmediate(resolve));
	(await accepted.promise).destroy();
	socket.on('error', () => {}).destroy();
	assert.equal(outgoingOf(socket), undefined);
});
