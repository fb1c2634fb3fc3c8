import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { IpAddress } from '../../base/address.ts';
import type { Answer, RecordType } from '../../stack/resolver.ts';
import { resolverSuite } from '../../testing/resolver-suite.ts';
import { rejection, settled, turns, until } from '../../testing/suite.ts';
import { OpenThings } from './open-things.ts';
import { KernelResolver, type KernelResolverOptions } from './resolver.ts';

/** Response code and records of an answer, or silence. */
interface Script {
	readonly code?: number;
	readonly records?: readonly string[];
	readonly ttl?: number;
	readonly cname?: string;
	readonly silent?: boolean;
	/** Milliseconds. */
	readonly delay?: number;
}

/** A DNS server that says what it was told (RFC 1035 §4). */
class TestServer {
	readonly #socket: Socket = createSocket('udp4');
	readonly asked: string[] = [];
	readonly scripts = new Map<string, Script>();

	async start(): Promise<string> {
		this.#socket.on('message', (query, { address, port }) =>
			this.#answer(query, (bytes) => void this.#socket.send(bytes, port, address)),
		);
		this.#socket.bind(0, '127.0.0.1');
		await once(this.#socket, 'listening');
		return `127.0.0.1:${this.#socket.address().port}`;
	}

	close(): void {
		this.#socket.close();
	}

	#answer(query: Buffer, send: (bytes: Uint8Array) => void): void {
		const labels: string[] = [];
		let offset = 12;
		for (let length = query[offset]!; length > 0; length = query[offset]!) {
			labels.push(query.toString('latin1', offset + 1, offset + 1 + length));
			offset += 1 + length;
		}
		const type: RecordType = query.readUInt16BE(offset + 1) === 1 ? 'A' : 'AAAA';
		const key = `${type} ${labels.join('.').toLowerCase()}`;
		this.asked.push(key);
		const { code = 0, records = [], ttl = 60, cname, silent = false, delay = 0 } = this.scripts.get(key) ?? { code: 3 };
		if (silent) return;

		const question = query.subarray(12, offset + 5);
		const chain = cname === undefined ? [] : [record(Buffer.from([0xc0, 12]), 5, ttl, encodeName(cname))];
		const owner = cname === undefined ? Buffer.from([0xc0, 12]) : encodeName(cname);
		const answers = records.map((text) => record(owner, type === 'A' ? 1 : 28, ttl, IpAddress.parse(text).bytes));
		const header = Buffer.alloc(12);
		query.copy(header, 0, 0, 2);
		header.writeUInt16BE(0x8180 | code, 2);
		header.writeUInt16BE(1, 4);
		header.writeUInt16BE(chain.length + answers.length, 6);
		setTimeout(() => send(Buffer.concat([header, question, ...chain, ...answers])), delay);
	}
}

function encodeName(name: string): Buffer {
	return Buffer.concat([
		...name.split('.').map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`)),
		Buffer.of(0),
	]);
}

function record(owner: Uint8Array, type: number, ttl: number, data: Uint8Array): Buffer {
	const fixed = Buffer.alloc(10);
	fixed.writeUInt16BE(type, 0);
	fixed.writeUInt16BE(1, 2);
	fixed.writeUInt32BE(ttl, 4);
	fixed.writeUInt16BE(data.length, 8);
	return Buffer.concat([owner, fixed, data]);
}

const server = new TestServer();
const directory = mkdtempSync(join(tmpdir(), 'post-sockets-'));
const hostsFile = join(directory, 'hosts');
const { signal } = new AbortController();
const address = await server.start();
writeFileSync(hostsFile, '192.0.2.77 hosts.test Alias\n2001:db8::77 six.test\n');

after(() => {
	server.close();
	rmSync(directory, { recursive: true });
});

server.scripts
	.set('A both.test', { records: ['192.0.2.2', '192.0.2.1'], ttl: 77 })
	.set('AAAA both.test', { records: ['2001:db8::2', '2001:db8::1'], delay: 2 })
	.set('A four.test', { records: ['192.0.2.4'] })
	.set('AAAA four.test', { code: 0 })
	.set('A silent.test', { silent: true })
	.set('AAAA silent.test', { silent: true })
	.set('A broken.test', { code: 2 })
	.set('A refused.test', { code: 5 })
	.set('A alias.test', { cname: 'target.test', records: ['192.0.2.5'], ttl: 30 })
	.set('A slow.test', { records: ['192.0.2.6'], delay: 300 })
	.set('A xn--bcher-kva.test', { records: ['192.0.2.8'] });

function fresh(options: KernelResolverOptions = {}): { resolver: KernelResolver; things: OpenThings } {
	const things = new OpenThings();
	return { resolver: new KernelResolver({ hostsFile, servers: [address], ...options }, things), things };
}

function ask(name: string, type: RecordType = 'A', options?: KernelResolverOptions): Promise<Answer> {
	return fresh(options).resolver.resolve(name, type, signal);
}

resolverSuite('kernel resolver', async () => {
	const { resolver, things } = fresh();
	return {
		resolver,
		both: { name: 'both.test', A: ['192.0.2.2', '192.0.2.1'], AAAA: ['2001:db8::2', '2001:db8::1'] },
		onlyA: { name: 'four.test', A: ['192.0.2.4'] },
		missing: 'missing.test',
		silent: 'silent.test',
		pending: () => things.size,
	};
});

test('an answer of DNS has its TTL and says who gave it', async () => {
	assert.deepEqual(await ask('both.test'), {
		type: 'A',
		status: 'found',
		records: [
			{ address: IpAddress.parse('192.0.2.2'), ttl: 77 },
			{ address: IpAddress.parse('192.0.2.1'), ttl: 77 },
		],
		source: `dns ${address}`,
	});
});

test('an alias is followed', async () => {
	const { status, records } = await ask('alias.test');
	assert.deepEqual([status, records[0]?.address.toString()], ['found', '192.0.2.5']);
});

test('an error of a server is failed, silence is timed-out, an impossible name is not-found', async () => {
	assert.equal((await ask('broken.test')).status, 'failed');
	assert.equal((await ask('refused.test')).status, 'failed');
	assert.equal((await ask('silent.test', 'A', { timeout: 300, tries: 1 })).status, 'timed-out');
	assert.equal((await ask(`${'x'.repeat(64)}.test`)).status, 'not-found');
	assert.equal((await ask('a..test')).status, 'not-found');
});

test('names in other letters are asked for in ASCII', async () => {
	assert.equal((await ask('Bücher.test')).status, 'found');
});

test('localhost is here, and .invalid nowhere, without a question', async () => {
	const before = server.asked.length;
	for (const name of ['localhost', 'LocalHost.', 'a.b.localhost']) {
		const [four, six] = [await ask(name), await ask(name, 'AAAA')];
		assert.deepEqual([four.records.map(String).length, four.source], [1, 'localhost']);
		assert.deepEqual([four.records[0]?.address.toString(), six.records[0]?.address.toString()], ['127.0.0.1', '::1']);
	}
	assert.equal((await ask('some.invalid')).status, 'not-found');
	assert.equal(server.asked.length, before);
});

test('a name that only ends like localhost is asked for', async () => {
	assert.equal((await ask('notlocalhost')).status, 'not-found');
	assert.equal(server.asked.at(-1), 'A notlocalhost');
});

test('the hosts file has the last word, on the other type too', async () => {
	const before = server.asked.length;
	const found = await ask('HOSTS.test.');
	assert.deepEqual([found.status, found.source], ['found', 'hosts file']);
	assert.deepEqual(found.records, [{ address: IpAddress.parse('192.0.2.77'), ttl: 0 }]);
	assert.equal((await ask('hosts.test', 'AAAA')).status, 'empty');
	assert.equal((await ask('alias')).status, 'found');
	assert.equal((await ask('six.test', 'AAAA')).records[0]?.address.toString(), '2001:db8::77');
	assert.equal(server.asked.length, before);
});

test('search domains are not tried', async () => {
	assert.equal((await ask('both')).status, 'not-found');
	assert.equal(server.asked.at(-1), 'A both');
});

test('aborting one question leaves the others alone, and nothing behind', async () => {
	const { resolver, things } = fresh();
	const controller = new AbortController();
	const doomed = resolver.resolve('silent.test', 'A', controller.signal);
	const slow = resolver.resolve('slow.test', 'A', signal);
	await turns(3);
	assert.equal(things.size, 2);
	controller.abort();
	await rejection(doomed, 'aborted');
	assert.equal((await slow).status, 'found');
	assert.equal(things.size, 0);
});

test('a question that is over leaves no socket and no timer', async () => {
	const resources = () => process.getActiveResourcesInfo().sort().join();
	const before = await settled(resources);
	const { resolver } = fresh();
	for (let index = 0; index < 20; index += 1) {
		const controller = new AbortController();
		const asking = resolver.resolve('silent.test', 'A', controller.signal).catch(() => {});
		const answering = resolver.resolve('both.test', 'AAAA', signal);
		controller.abort();
		await Promise.all([asking, answering]);
	}
	await until('everything is gone', () => resources() === before);
});
