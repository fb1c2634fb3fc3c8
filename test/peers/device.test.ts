/** A connection leaves by the interface that was asked for, also where the routing table prefers another. */

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { openLibc } from '../../src/stacks/kernel/native/libc.ts';
import type { Reaching } from './children/reach.ts';
import { cable, namespace, needsNamespaces } from './namespaces.ts';

const native = openLibc(createRequire(import.meta.url)) !== undefined;
const missing = native ? needsNamespaces() : { skip: 'koffi is not here, or this is not Linux' };

test('a connect by an interface leaves by it, against the routing table', missing, async (t) => {
	const [host, right, wrong] = [namespace(t), namespace(t), namespace(t)];
	await cable(
		{ at: host, name: 'wrong0', addresses: ['10.81.0.1/24', 'fd81::1/64'] },
		{ at: wrong, name: 'wrong1', addresses: ['10.81.0.2/24', 'fd81::2/64'] },
	);
	await cable(
		{ at: host, name: 'right0', addresses: ['10.82.0.1/24', 'fd82::1/64'] },
		{ at: right, name: 'right1', addresses: ['10.82.0.2/24', 'fd82::2/64'] },
	);
	for (const { target, by, back } of [
		{ target: '10.89.0.1', by: ['10.81.0.2', '10.82.0.2'], back: '10.82.0.1' },
		{ target: 'fd89::1', by: ['fd81::2', 'fd82::2'], back: 'fd82::1' },
	] as const) {
		host.ip(`route add default via ${by[0]} dev wrong0 metric 10`);
		host.ip(`route add default via ${by[1]} dev right0 metric 20`);
		assert.match(host.ip(`route get ${target} from ${back}`), /dev wrong0/);
		const v6 = target.includes(':');
		right.ip(`addr add ${target}/${v6 ? '128 nodad' : '32'} dev lo`);
		const address = v6 ? `[${target}]:7000` : `${target}:7000`;
		const server = right.child('reach.ts', { role: 'accept', address } satisfies Reaching);
		await server.says('ready');
		const client = host.child('reach.ts', { role: 'connect', address, interface: 'right0' } satisfies Reaching);
		await client.says(`from ${v6 ? `[${back}]` : back}:`);
		client.child.stdin.end();
		server.child.stdin.end();
		await Promise.all([client.output, server.output]);
	}
});
