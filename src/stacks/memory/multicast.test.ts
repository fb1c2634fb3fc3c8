import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IpAddress } from '../../base/address.ts';
import { formatSocketAddress, type IpEndpoint, parseSocketAddress } from '../../base/socket-address.ts';
import { virtualClock } from '../../base/virtual-clock.ts';
import type { BindOptions, MulticastGroup } from '../../stack/stack.ts';
import { rejection } from '../../testing/suite.ts';
import { memory } from './memory.ts';

const { signal } = new AbortController();

function ground() {
	const clock = virtualClock();
	const stack = memory({
		clock,
		rtt: 20,
		interfaces: [
			{ name: 'eth0', addresses: ['192.0.2.10', 'fe80::10'] },
			{ name: 'eth1', addresses: ['198.51.100.20', 'fe80::20'] },
			{ name: 'four0', addresses: ['203.0.113.30'] },
		],
	});
	const log: string[] = [];
	async function bind(name: string, local: string, options: Partial<BindOptions> = {}) {
		const port = await stack.bind(end(local), { signal, ...options });
		port.handler = {
			onDatagram: (bytes, from) => log.push(`${name} ${bytes.length} ${formatSocketAddress(from)}`),
			onError() {},
			onClose() {},
		};
		return port;
	}
	const join = (name: string, group: string, rest: Omit<MulticastGroup, 'address'> = {}) => {
		const { address, port } = end(group);
		const local = address.family === 4 ? `0.0.0.0:${port}` : `[::]:${port}`;
		return bind(name, local, { group: { address, ...rest } });
	};
	/** Sends and lets it arrive; the code of the error if there was one. */
	async function send(options: Partial<BindOptions> & { from?: string }, length: number, to: string) {
		const { from = end(to).address.family === 4 ? '0.0.0.0:9' : '[::]:9', ...rest } = options;
		const port = await stack.bind(end(from), { signal, ...rest });
		let code: string | undefined;
		port.send(new Uint8Array(length), end(to), (error) => (code = error?.code));
		await new Promise<void>((resolve) => void clock.after(100, resolve));
		port.close();
		return code;
	}
	return { stack, bind, join, send, log };
}

function end(text: string): IpEndpoint {
	return parseSocketAddress(text) as IpEndpoint;
}

test('a membership is on one interface, and hears what comes by that', async () => {
	const { join, send, log } = ground();
	await join('usual', '239.1.1.1:5000');
	await join('eth0', '239.1.1.1:5000', { interface: 'eth0' });
	await join('eth1', '239.1.1.1:5000', { interface: 'eth1' });
	await send({}, 1, '239.1.1.1:5000');
	await send({ interface: 'eth1' }, 2, '239.1.1.1:5000');
	await send({ from: '198.51.100.20:9' }, 3, '239.1.1.1:5000');
	assert.deepEqual(log, [
		'usual 1 192.0.2.10:9',
		'eth0 1 192.0.2.10:9',
		'eth1 2 198.51.100.20:9',
		'eth1 3 198.51.100.20:9',
	]);
});

test('a group of one link is another on each', async () => {
	const { join, send, log } = ground();
	await join('eth0', '[ff02::fb]:5353', { interface: 'eth0' });
	const port = await join('eth1', '[ff02::fb%eth1]:5353');
	assert.equal(formatSocketAddress(port.local), '[ff02::fb%eth1]:5353');
	await send({ interface: 'eth0' }, 1, '[ff02::fb]:5353');
	await send({ interface: 'eth0' }, 2, '[ff02::fb%eth1]:5353');
	assert.deepEqual(log, ['eth0 1 [fe80::10%eth0]:9', 'eth1 2 [fe80::20%eth1]:9']);
});

test('a source-specific member hears that source, from wherever it sends', async () => {
	const { join, send, log } = ground();
	await join('it', '232.1.1.1:5000', { source: IpAddress.parse('192.0.2.77') });
	await send({ from: '192.0.2.77:1' }, 1, '232.1.1.1:5000');
	await send({ from: '192.0.2.78:1' }, 2, '232.1.1.1:5000');
	assert.deepEqual(log, ['it 1 192.0.2.77:1']);
});

test('a connected member hears its peer alone', async () => {
	const { bind, send, log } = ground();
	const group = { address: IpAddress.parse('239.1.1.1') };
	await bind('it', '239.1.1.1:5000', { group, remote: end('192.0.2.77:1') });
	await send({ from: '192.0.2.77:1' }, 1, '239.1.1.1:5000');
	await send({ from: '192.0.2.77:2' }, 2, '239.1.1.1:5000');
	assert.deepEqual(log, ['it 1 192.0.2.77:1']);
});

test('a membership follows its interface when that is renamed, and goes with it', async () => {
	const { stack, join, send, log } = ground();
	await join('it', '239.1.1.1:5000', { interface: 'eth1' });
	stack.devices.rename('eth1', 'wan0');
	await send({ interface: 'wan0' }, 1, '239.1.1.1:5000');
	stack.devices.delete('wan0');
	stack.devices.set({ name: 'wan0', addresses: ['198.51.100.20'] });
	await send({ interface: 'wan0' }, 2, '239.1.1.1:5000');
	assert.deepEqual(log, ['it 1 198.51.100.20:9']);
});

test('what has no interface to leave by is unreachable', async () => {
	const { stack, send, bind } = ground();
	assert.equal(await send({}, 1, '[ff02::1%eth7]:1'), 'unreachable');
	const port = await bind('it', '0.0.0.0:1', { interface: 'eth0' });
	stack.devices.delete('eth0');
	const error = await new Promise((resolve) => port.send(new Uint8Array(1), end('239.1.1.1:1'), resolve));
	assert.equal((error as { code: string }).code, 'unreachable');
	for (const name of ['eth1', 'four0']) stack.devices.delete(name);
	assert.equal(await send({}, 1, '239.1.1.1:1'), 'unreachable');
});

test('an interface without the family, or none at all, cannot be joined on', async () => {
	const { stack, join, bind } = ground();
	await rejection(join('it', '[ff15::1]:1', { interface: 'four0' }), 'address-unavailable');
	await rejection(bind('it', '[::]:1', { interface: 'four0' }), 'address-unavailable');
	for (const { name } of stack.interfaces()) stack.devices.delete(name);
	await rejection(join('it', '239.1.1.1:1'), 'address-unavailable');
	assert.equal(stack.sockets.ports, 0);
});
