/** For tests: a memory stack on a virtual clock, and races on it. Addresses have the short names of machine-harness.ts. */

import assert from 'node:assert/strict';
import { PostSocketsError } from '../../base/errors.ts';
import { virtualClock } from '../../base/virtual-clock.ts';
import type { Stack } from '../../stack/stack.ts';
import { type MemoryOptions, type MemoryStack, memory } from '../../stacks/memory/memory.ts';
import type { NameAnswers } from '../../stacks/memory/names.ts';
import type { ConnectScript } from '../../stacks/memory/script.ts';
import { Local } from '../endpoint/local.ts';
import { Remote, type RemoteLike } from '../endpoint/remote.ts';
import { tcp, unix } from '../transport/plain.ts';
import { type Transport, tlsFeatures } from '../transport/transport.ts';
import { EstablishmentError } from './failure.ts';
import { ip } from './machine-harness.ts';
import { type RaceOptions, type RaceWinner, race } from './race.ts';

export const ok = (rtt = 20): ConnectScript => ({ flow: 'silence', rtt });
export const refused = (rtt = 20): ConnectScript => ({ connect: 'refuse', rtt });
export const unreachable: ConnectScript = { connect: 'unreachable' };
export const silent: ConnectScript = { connect: 'black-hole' };
export const noRoute: ConnectScript = { connect: 'no-route' };
export const firstLost = ok(1_020);

export const text = (label: string) => String(ip(label));
export const where = (label: string) => (label.startsWith('6') ? `[${text(label)}]:80` : `${text(label)}:80`);
export const nothing = { flows: 0, listeners: 0, ports: 0, connects: 0, questions: 0 };
export const plain = (scheme: string | undefined) => (scheme === 'unix' ? [unix] : [tcp]);

export type Scripts = Readonly<Record<string, ConnectScript>>;

/** One memory stack on a virtual clock; a round trip is 20 ms. */
export function ground(scripts: Scripts = {}, options: MemoryOptions = {}, clock = virtualClock()) {
	const script = Object.fromEntries(Object.entries(scripts).map(([label, script]) => [text(label), script]));
	const stack = memory({ clock, rtt: 20, script, ...options });
	const run = (remote: RemoteLike, more: Partial<RaceOptions> = {}) =>
		race({
			remote: Remote.from(remote),
			locals: [new Local({ stack })],
			select: plain,
			security: {},
			timeout: 30_000,
			signal: new AbortController().signal,
			...more,
		});
	const after = (milliseconds: number) => new Promise<void>((resolve) => void clock.after(milliseconds, resolve));
	return { clock, stack, run, after };
}

export function listed(labels: readonly string[]): Remote {
	return new Remote({ scheme: 'tcp', addresses: labels.map(text), port: 80 });
}

export function nameOf(
	answers: Readonly<Record<string, readonly [after: number, what: readonly string[] | string]>>,
): NameAnswers {
	return Object.fromEntries(
		['AAAA', 'A'].map((type) => {
			const [after, what] = answers[type] ?? [0, 'never'];
			const answer = typeof what === 'string' ? { status: what } : { addresses: what.map(text) };
			return [type, { after, ...answer }];
		}),
	) as NameAnswers;
}

/** What a race was lost with. */
export async function loss(running: Promise<RaceWinner>): Promise<EstablishmentError> {
	const error: unknown = await running.then(
		() => assert.fail('the race was won'),
		(error: unknown) => error,
	);
	assert.ok(error instanceof EstablishmentError, String(error));
	assert.equal(error.name, 'EstablishmentError');
	assert.equal(error.operation, 'initiate');
	assert.deepEqual(JSON.parse(JSON.stringify(error.report)), error.report);
	return error;
}

/** Some of a stack's abilities, and not the others. */
export function only(stack: MemoryStack, abilities: Partial<Stack>): Stack {
	const { name, clock, features } = stack;
	return { name, clock, features, close: () => stack.close(), ...abilities };
}

/** A secure transport whose handshake takes what `handshakes` says, by address; without an entry it never ends. */
export function secureTransport(handshakes: Readonly<Record<string, number | PostSocketsError>>): Transport {
	return {
		name: 'tls',
		features: tlsFeatures,
		async establish({ stack, address, signal, onConnected }) {
			const flow = await stack.connect!(address, { signal });
			onConnected();
			const handshake = handshakes['address' in address ? String(address.address) : address.path];
			return new Promise((resolve, reject) => {
				const fail = (error: unknown) => {
					flow.abort();
					reject(error);
				};
				const after = typeof handshake === 'number' ? handshake : 20;
				const security = {
					protocol: 'TLSv1.3',
					cipher: 'none',
					alpn: undefined,
					resumed: false,
					peerFingerprint: undefined,
				};
				const timer = stack.clock.after(after, () => {
					if (handshake instanceof PostSocketsError) fail(handshake);
					else if (handshake !== undefined) resolve({ flow, security });
				});
				signal.addEventListener('abort', () => {
					timer.cancel();
					fail(signal.reason);
				});
			});
		},
		listen: () => assert.fail('nothing listens here'),
		accept: () => assert.fail('nothing is accepted here'),
	};
}
