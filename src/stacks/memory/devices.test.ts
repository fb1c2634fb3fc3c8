import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSocketAddress, type IpEndpoint, parseSocketAddress } from '../../base/socket-address.ts';
import { virtualClock } from '../../base/virtual-clock.ts';
import { deaf, type Flow } from '../../stack/flow.ts';
import type { ConnectOptions } from '../../stack/stack.ts';
import { rejection } from '../../testing/suite.ts';
import { type MemoryOptions, memory } from './memory.ts';

const { signal } = new AbortController();

const wired = { name: 'eth0', addresses: ['192.0.2.10', '2001:db8::10', 'fe80::10'], mtu: 1500 };
const radio = { name: 'wlan0', addresses: ['198.51.100.20'] };

function ground(options: MemoryOptions = { interfaces: [wired, radio] }) {
	const clock = virtualClock();
	const stack = memory({ clock, ...options });
	const log: string[] = [];
	const watching = stack.watch(({ added, removed, changed }) => {
		const texts = [added, removed, changed].map((list) =>
			list.map(({ name, addresses }) => [name, ...addresses].join()),
		);
		log.push(`${clock.now()} +${texts[0]!.join(' ')} -${texts[1]!.join(' ')} ~${texts[2]!.join(' ')}`);
	});
	const after = (milliseconds: number) => new Promise<void>((resolve) => void clock.after(milliseconds, resolve));
	async function connect(remote: string, rest: Partial<ConnectOptions> = {}): Promise<string> {
		const flow: Flow = await stack.connect(parseSocketAddress(remote), { signal, ...rest });
		flow.handler = deaf;
		const text = formatSocketAddress(flow.local);
		flow.abort();
		return text.slice(0, text.lastIndexOf(':'));
	}
	return { clock, stack, log, watching, after, connect };
}

function end(text: string): IpEndpoint {
	return parseSocketAddress(text) as IpEndpoint;
}

test('a stack has loopback and one more, unless it is told', async () => {
	const names = (options: MemoryOptions) =>
		memory(options)
			.interfaces()
			.map(({ name }) => name);
	assert.deepEqual(names({}), ['lo', 'memory0']);
	assert.deepEqual(names({ interfaces: [] }), []);
	const [lo, eth0] = memory({ interfaces: [{ name: 'lo', addresses: ['127.0.0.1'] }, wired] }).interfaces();
	assert.deepEqual([lo?.loopback, lo?.mtu, eth0?.loopback, eth0?.mtu], [true, 65_535, false, 1500]);
	assert.deepEqual(eth0?.addresses.map(String), ['192.0.2.10', '2001:db8::10', 'fe80::10%eth0']);
});

test('interfaces come, change, are renamed and go, and who watches hears it in virtual time', async () => {
	const { stack, log, after, watching } = ground({ interfaces: [wired] });
	await after(1000);
	stack.devices.set(radio);
	assert.deepEqual(log, [], 'nothing from inside a call');
	await after(1000);
	stack.devices.set({ ...radio, addresses: [...radio.addresses, 'fe80::20'] });
	await after(1000);
	stack.devices.set({ ...radio, addresses: [...radio.addresses, 'fe80::20'] });
	stack.devices.rename('wlan0', 'wlp1');
	await after(1000);
	stack.devices.delete('wlp1');
	stack.devices.delete('wlp1');
	await after(1000);
	assert.deepEqual(log.splice(0), [
		'1000 +wlan0,198.51.100.20 - ~',
		'2000 + - ~wlan0,198.51.100.20,fe80::20%wlan0',
		'3000 +wlp1,198.51.100.20,fe80::20%wlp1 -wlan0,198.51.100.20,fe80::20%wlan0 ~',
		'4000 + -wlp1,198.51.100.20,fe80::20%wlp1 ~',
	]);
	watching[Symbol.dispose]();
	stack.devices.delete('eth0');
	await after(1000);
	assert.deepEqual(log, []);
});

test('what changes in one turn is one event, and what changes back is none', async () => {
	const { stack, log, after } = ground({ interfaces: [wired] });
	stack.devices.set(radio);
	stack.devices.delete('eth0');
	await after(1);
	assert.deepEqual(log.splice(0), ['0 +wlan0,198.51.100.20 -eth0,192.0.2.10,2001:db8::10,fe80::10%eth0 ~']);
	stack.devices.delete('wlan0');
	stack.devices.set(radio);
	await after(1);
	assert.deepEqual(log, []);
	stack.devices.delete('wlan0');
	await stack.close();
	await after(1);
	assert.deepEqual(log, []);
	assert.throws(() => stack.watch(() => {}), { code: 'closed' });
});

test('a connect comes from the interface it names', async () => {
	const { connect, stack } = ground();
	for (const at of ['0.0.0.0:80', '[::]:80']) {
		await stack.listen(parseSocketAddress(at), { signal, handler: { onFlow: (flow) => flow.abort(), onClose() {} } });
	}
	assert.equal(await connect('203.0.113.1:80'), '192.0.2.10');
	assert.equal(await connect('203.0.113.1:80', { interface: 'wlan0' }), '198.51.100.20');
	assert.equal(await connect('[2001:db8::1]:80', { interface: 'eth0' }), '[2001:db8::10]');
	assert.equal(await connect('[fe80::1]:80', { interface: 'eth0' }), '[fe80::10%eth0]');
	assert.equal(await connect('127.0.0.1:80'), '127.0.0.1');
	assert.equal(await connect('203.0.113.1:80', { interface: 'eth0', local: end('192.0.2.10:7') }), '192.0.2.10');
	await rejection(connect('203.0.113.1:80', { interface: 'wlan0', local: end('192.0.2.10:7') }), 'address-unavailable');
	await rejection(connect('[2001:db8::1]:80', { interface: 'wlan0' }), 'address-unavailable');
	const { message } = await rejection(connect('203.0.113.1:80', { interface: 'eth7' }), 'address-unavailable');
	assert.match(message, /no interface eth7 is up here; there are: eth0, wlan0/);
	await rejection(connect('unix:/run/x', { interface: 'eth0' }), 'not-supported');
	await stack.close();
});

test('without an interface of the family there is no way out, and with one again there is', async () => {
	const { connect, stack, after } = ground({ interfaces: [radio] });
	await stack.listen(end('0.0.0.0:80'), { signal, handler: { onFlow: (flow) => flow.abort(), onClose() {} } });
	await rejection(connect('[2001:db8::1]:80'), 'unreachable');
	stack.devices.rename('wlan0', 'wlp1');
	assert.equal(await connect('203.0.113.1:80', { interface: 'wlp1' }), '198.51.100.20');
	stack.devices.delete('wlp1');
	await rejection(connect('203.0.113.1:80'), 'unreachable');
	const port = await stack.bind(end('0.0.0.0:0'), { signal });
	const codes: (string | undefined)[] = [];
	port.send(new Uint8Array(1), end('203.0.113.1:9'), (error) => codes.push(error?.code));
	await after(1);
	stack.devices.set(wired);
	port.send(new Uint8Array(1), end('203.0.113.1:9'), (error) => codes.push(error?.code));
	await after(1);
	assert.deepEqual(codes, ['unreachable', undefined]);
	assert.equal(await connect('203.0.113.1:80'), '192.0.2.10');
	await stack.close();
});

test('mistakes throw at once', () => {
	const { devices } = memory({ interfaces: [wired, radio] });
	const bad = { name: 'PostSocketsError', code: 'bad-argument' };
	assert.throws(() => devices.set({ name: '' }), bad);
	assert.throws(() => devices.set({ name: 'a b', addresses: ['fe80::1'] }), bad);
	assert.throws(() => devices.set({ name: 'eth1', addresses: ['nowhere'] }), bad);
	assert.throws(() => devices.set({ name: 'eth1', mtu: 67 }), bad);
	assert.throws(() => devices.rename('eth1', 'eth2'), bad);
	assert.throws(() => devices.rename('eth0', 'wlan0'), bad);
	assert.throws(() => memory({ interfaces: [wired, wired] }), bad);
	devices.rename('eth0', 'eth0');
});
