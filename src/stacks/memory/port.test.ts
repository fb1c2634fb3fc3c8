import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSocketAddress, type IpEndpoint, parseSocketAddress } from '../../base/socket-address.ts';
import { virtualClock } from '../../base/virtual-clock.ts';
import type { BindOptions } from '../../stack/stack.ts';
import { memory } from './memory.ts';

function ground() {
	const clock = virtualClock();
	const stack = memory({ clock, rtt: 20 });
	const log: string[] = [];
	const note = (text: string) => log.push(`${clock.now()} ${text}`);
	async function bind(name: string, local: string, options: Partial<BindOptions> = {}) {
		const port = await stack.bind(end(local), { signal: new AbortController().signal, ...options });
		port.handler = {
			onDatagram: (bytes, from) => note(`${name} got ${bytes.length} from ${formatSocketAddress(from)}`),
			onError: (error) => note(`${name} error ${error.code}`),
			onClose: (error) => note(`${name} close${error ? ` ${error.code}` : ''}`),
		};
		return port;
	}
	const after = (milliseconds: number) => new Promise<void>((resolve) => void clock.after(milliseconds, resolve));
	return { clock, stack, bind, log, note, after };
}

function end(text: string): IpEndpoint {
	return parseSocketAddress(text) as IpEndpoint;
}

test('a datagram takes half a round trip, and a refusal the whole', async () => {
	const { bind, log, note, after, clock, stack } = ground();
	const a = await bind('a', '192.0.2.1:1000');
	const b = await bind('b', '192.0.2.2:1000', { remote: a.local });
	b.send(new Uint8Array(3), undefined, () => note('done'));
	await after(100);
	a.close();
	b.send(new Uint8Array(4), undefined);
	await after(100);
	assert.deepEqual(log, ['0 done', '10 a got 3 from 192.0.2.2:1000', '100 a close', '120 b error refused']);
	b.send(new Uint8Array(4), undefined);
	await stack.close();
	assert.equal(clock.pending, 0);
});

test('the most specific port hears: connected before others, one address before all', async () => {
	const { bind, log, after } = ground();
	const from = await bind('from', '192.0.2.9:9');
	await bind('all', '0.0.0.0:53', { shared: true });
	await bind('one', '192.0.2.1:53', { shared: true });
	await bind('peer', '192.0.2.1:53', { shared: true, remote: end('192.0.2.9:9') });
	await bind('other', '192.0.2.1:53', { shared: true, remote: end('192.0.2.8:9') });
	from.send(new Uint8Array(1), end('192.0.2.1:53'));
	from.send(new Uint8Array(2), end('192.0.2.2:53'));
	const stranger = await bind('stranger', '192.0.2.7:9');
	stranger.send(new Uint8Array(3), end('192.0.2.1:53'));
	await after(100);
	assert.deepEqual(log, [
		'10 peer got 1 from 192.0.2.9:9',
		'10 all got 2 from 192.0.2.9:9',
		'10 one got 3 from 192.0.2.7:9',
	]);
});

test('a multicast datagram reaches every port that has joined the group', async () => {
	const { bind, log, after } = ground();
	const group = { address: end('224.0.0.251:5353').address };
	await bind('a', '224.0.0.251:5353', { group });
	await bind('b', '0.0.0.0:5353', { group });
	await bind('others', '0.0.0.0:5353', { shared: true });
	const c = await bind('c', '0.0.0.0:0');
	c.send(new Uint8Array(5), end('224.0.0.251:5353'));
	c.send(new Uint8Array(6), end('224.0.0.252:1'));
	await after(100);
	assert.deepEqual(log, ['10 a got 5 from 198.18.0.1:49152', '10 b got 5 from 198.18.0.1:49152']);
});

test('what one port has under way is bounded; the rest is lost without an error', async () => {
	const { bind, after } = ground();
	const a = await bind('a', '192.0.2.1:1');
	const b = await bind('b', '192.0.2.2:1');
	let got = 0;
	b.handler = { onDatagram: (bytes) => void (got += bytes.length), onError() {}, onClose() {} };
	const errors: unknown[] = [];
	for (let index = 0; index < 100; index += 1) a.send(new Uint8Array(2 ** 15), b.local, (error) => errors.push(error));
	await after(100);
	assert.equal(got, 2 ** 21);
	assert.deepEqual(errors, new Array(100).fill(undefined));
	a.send(new Uint8Array(1), b.local);
	await after(100);
	assert.equal(got, 2 ** 21 + 1);
});

test('the largest datagram of each family arrives, one byte more fails', async () => {
	const { bind, note, log, after } = ground();
	for (const [at, most] of [
		['192.0.2.1:1', 65_507],
		['[2001:db8::1]:1', 65_527],
	] as const) {
		const port = await bind('it', at);
		port.send(new Uint8Array(most), port.local);
		port.send(new Uint8Array(most + 1), port.local, (error) => note(`${error?.code}`));
		await after(10);
		assert.deepEqual(
			log.splice(0).map((line) => line.split(' ').slice(1, 4).join(' ')),
			['too-large', `it got ${most}`],
		);
	}
});

test('a datagram of the other family fails alone', async () => {
	const { bind, after } = ground();
	const port = await bind('it', '192.0.2.1:1');
	let code: string | undefined;
	port.send(new Uint8Array(1), end('[2001:db8::1]:1'), (error) => (code = error?.code));
	await after(1);
	assert.equal(code, 'unreachable');
});
