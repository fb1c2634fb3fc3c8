/** Sinks: many peers, one sequence; what harms one peer harms no other. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PostSocketsError } from '../../base/errors.ts';
import { settled, turns, until } from '../../testing/suite.ts';
import { codec } from '../message/codecs.ts';
import { frame } from '../message/framing.ts';
import { messages } from '../message/protocol.ts';
import { lines } from '../message/text-lines.ts';
import { profiles } from '../policy/profiles.ts';
import { selfSigned } from '../policy/self-signed.ts';
import { type Arm, closeAll, collect, memoryArm, onArm, onBothArms, onMemory, uncaughtDuring } from './arms-harness.ts';
import { type SinkOptions, sink } from './sink.ts';
import { source } from './source.ts';

const policy = profiles.unreliableDatagram;
const protocol = messages(frame.lengthPrefix(), codec.json<string>());
const security = selfSigned();
type Scheme = 'udp' | 'tcp' | 'tls' | 'unix';

async function ground(arm: Arm, scheme: Scheme = 'tcp', options: SinkOptions<string> = {}) {
	const { stack } = arm;
	const place = scheme === 'unix' ? { path: arm.path() } : { scheme, address: '127.0.0.1' };
	const hearing = await sink<string>({ ...place, stack }, { protocol, policy, security, ...options });
	const remote = scheme === 'unix' ? `unix:${arm.path()}` : `${scheme}://127.0.0.1:${hearing.port}`;
	const dial = () => source(remote, { protocol, policy, local: { stack }, security: { pin: security.fingerprint } });
	return { hearing, dial };
}

/** A port in memory that is bound to every address says just that of itself. */
const portOf = (place: string) => place.replace(/.*:/, '');

/** A group that no other test has, and the interface it is on. */
function groupOf({ name }: Arm) {
	groups += 1;
	const by = name === 'memory' ? 'memory0' : 'lo';
	return { address: `239.255.78.${groups}`, port: 20_000 + groups, interface: by, scheme: 'udp' };
}
let groups = 0;

describe('sink', () => {
	for (const scheme of ['udp', 'tcp', 'tls', 'unix'] as const) {
		onBothArms(`P-23 over ${scheme} it hears all peers, and has nothing to send by`, async (arm) => {
			const { hearing, dial } = await ground(arm, scheme);
			for (const member of ['send', 'post', 'request', 'fork', 'accept']) assert.ok(!(member in hearing), member);
			const outs = [await dial(), await dial(), await dial()];
			const names = outs.map(({ transients: [transient] }) => portOf(transient!.local));
			for (const [index, out] of outs.entries()) for (let n = 0; n < 10; n += 1) out.post(`${index} ${n}`);
			const heard: string[][] = [[], [], []];
			for (let count = 0; count < 30; count += 1) {
				const { content, from } = (await hearing.receive())!;
				const index = Number(content[0]);
				assert.equal(portOf(from), names[index]);
				heard[index]!.push(content);
			}
			for (const [index, its] of heard.entries()) {
				assert.deepEqual(
					its,
					Array.from({ length: 10 }, (_, n) => `${index} ${n}`),
				);
			}
			assert.equal(hearing.peers, 3);
			await closeAll(...outs);
			await closeAll(hearing);
			assert.equal(await hearing.receive(), undefined);
			assert.equal(await hearing.closed, undefined);
		});
	}

	onBothArms('each peer has its turn, however much another sends', async (arm) => {
		const { hearing, dial } = await ground(arm);
		const [loud, quiet] = [await dial(), await dial()];
		for (let n = 0; n < 5_000; n += 1) loud.post('loud');
		assert.equal((await hearing.receive())!.content, 'loud');
		for (let n = 0; n < 5; n += 1) quiet.post('quiet');
		await until('both are there', () => hearing.peers === 2);
		await quiet.send('quiet');
		await turns(20);
		await settled(() => hearing.peers);
		const heard: string[] = [];
		for (let n = 0; n < 12; n += 1) heard.push((await hearing.receive())!.content);
		assert.equal(heard.filter((each) => each === 'quiet').length, 6, heard.join(' '));
		loud.abort();
		await closeAll(quiet, hearing);
	});

	onBothArms('who is not heard is not read from: back-pressure reaches every peer', async (arm) => {
		const { hearing, dial } = await ground(arm);
		const outs = [await dial(), await dial()];
		const piece = 'x'.repeat(2 ** 20);
		for (const out of outs) {
			for (let count = 0; out.post(piece); count += 1) assert.ok(count < 64, 'nobody hears, and more is welcome');
		}
		const waiting = outs.map((out) => out.drained());
		const heard = hearing.onMessage(() => {});
		await Promise.all(waiting);
		heard[Symbol.dispose]();
		for (const out of outs) out.abort();
		await hearing.close();
	});

	onBothArms('a peer that is malformed or reset ends alone, and is heard of', async (arm) => {
		const errors: PostSocketsError[] = [];
		const { hearing, dial } = await ground(arm, 'tcp', { onError: (error) => void errors.push(error) });
		const polite = await dial();
		const bad = await arm.rawClient(hearing);
		bad.write(new Uint8Array([0, 0, 0, 1, 0x7b]));
		await until('the malformed is heard of', () => errors.length === 1);
		assert.equal(errors[0]!.code, 'malformed');
		const gone = await arm.rawClient(hearing);
		gone.write(new Uint8Array(2));
		await until('it is there', () => hearing.peers === 2);
		gone.flow.abort();
		await until('the reset is heard of', () => errors.length === 2);
		assert.equal(errors[1]!.code, 'reset');
		polite.post('hello');
		assert.equal((await hearing.receive())!.content, 'hello');
		await until('the others have left', () => hearing.peers === 1);
		await closeAll(polite, hearing);
	});

	onBothArms('over datagrams a malformed one is dropped, and is heard of', async (arm) => {
		const errors: unknown[][] = [];
		const { hearing, dial } = await ground(arm, 'udp', { onError: (...told) => void errors.push(told) });
		const rude = await source(`udp://127.0.0.1:${hearing.port}`, { policy, local: { stack: arm.stack } });
		rude.post(new Uint8Array(3));
		const polite = await dial();
		polite.post('hello');
		assert.equal((await hearing.receive())!.content, 'hello');
		await until('it is heard of', () => errors.length === 1);
		assert.deepEqual(
			errors[0]!.map((each) => (each as PostSocketsError).code),
			['malformed'],
		);
		await closeAll(rude, polite, hearing);
	});

	onBothArms('one consumer at a time; a handler stops with false, an iterator with the sink', async (arm) => {
		const { hearing, dial } = await ground(arm);
		const out = await dial();
		const heard: string[] = [];
		const done = Promise.withResolvers<void>();
		hearing.onMessage(({ content }) => {
			heard.push(content);
			if (content !== 'stop') return true;
			done.resolve();
			return false;
		});
		assert.throws(() => hearing.receive(), { code: 'bad-argument', message: /onMessage/ });
		assert.throws(() => hearing.onMessage(() => {}), { code: 'bad-argument' });
		for (const word of ['one', 'stop', 'pulled', 'iterated']) out.post(word);
		await done.promise;
		assert.deepEqual(heard, ['one', 'stop']);
		assert.equal((await hearing.receive())!.content, 'pulled');
		for await (const { content } of hearing) {
			assert.equal(content, 'iterated');
			assert.throws(() => hearing.receive(), { message: /iterator/ });
			break;
		}
		const rest = collect(hearing);
		out.post('last');
		await out.close();
		await until('the peer has left', () => hearing.peers === 0);
		await hearing.close();
		assert.deepEqual(await rest, ['last']);
	});

	onBothArms('a handler that throws is uncaught and goes on', async (arm) => {
		const { hearing, dial } = await ground(arm);
		const heard: string[] = [];
		const uncaught = await uncaughtDuring(async () => {
			const out = await dial();
			out.post('first');
			await until('it is in line', () => hearing.peers === 1);
			hearing.onMessage(({ content }) => {
				heard.push(content);
				throw new Error(content);
			});
			await out.send('second');
			await until('both were handled', () => heard.length === 2);
			await out.close();
		});
		assert.deepEqual(uncaught.map(String), ['Error: first', 'Error: second']);
		await hearing.close();
	});

	onBothArms('receive can be given up, and then has taken nothing', async (arm) => {
		const { hearing, dial } = await ground(arm);
		const giveUp = new AbortController();
		const given = hearing.receive({ signal: giveUp.signal });
		const waiting = hearing.receive();
		giveUp.abort();
		await assert.rejects(given, { code: 'aborted' });
		await assert.rejects(hearing.receive({ signal: giveUp.signal }), { code: 'aborted' });
		const out = await dial();
		out.post('hello');
		assert.equal((await waiting)!.content, 'hello');
		await closeAll(out, hearing);
	});

	onBothArms('limits.peers: one more waits for one to leave', async (arm) => {
		const { hearing, dial } = await ground(arm, 'tcp', { limits: { peers: 1 } });
		const [first, second] = [await dial(), await dial()];
		second.post('second');
		first.post('first');
		assert.equal((await hearing.receive())!.content, 'first');
		assert.equal(hearing.peers, 1);
		await first.close();
		assert.equal((await hearing.receive())!.content, 'second');
		await closeAll(second, hearing);
		await assert.rejects(ground(arm, 'tcp', { limits: { peers: 0 } }), {
			code: 'bad-argument',
			message: /limits.peers/,
		});
	});

	test('when the stack ends it, what was read is still given, then the end', async () => {
		const arm = memoryArm();
		const { hearing, dial } = await ground(arm);
		const out = await dial();
		for (const word of ['one', 'two']) await out.send(word);
		await until('the peer is there', () => hearing.peers === 1);
		await arm.after(50);
		await arm.stack.close();
		assert.equal((await hearing.closed)?.code, 'closed');
		assert.deepEqual(await collect(hearing), ['one', 'two']);
	});
});

describe('sink of a group', () => {
	onBothArms('P-98 I-10.5-02 every sink at one group and port hears every source', async (arm) => {
		const { stack } = arm;
		const group = groupOf(arm);
		const place = { ...group, stack };
		const hearing = [
			await sink(place, { protocol: lines(), policy }),
			await sink(place, { protocol: lines(), policy }),
		];
		const remote = `udp://${group.address}:${group.port}`;
		const local = { stack, interface: group.interface };
		const dial = () => source(remote, { protocol: lines(), policy, local });
		const outs = [await dial(), await dial()];
		for (const each of hearing) assert.deepEqual(each.locals, [`${group.address}:${group.port}`]);
		for (const [index, out] of outs.entries()) {
			out.post(`from ${index}`);
			for (const each of hearing) {
				const { content, from } = (await each.receive())!;
				assert.deepEqual([content, from], [`from ${index}`, out.transients[0]!.local]);
			}
		}
		for (const each of hearing) assert.equal(each.peers, 2);
		await closeAll(...outs, ...hearing);
	});

	onBothArms('with sources it hears those alone, each by a membership of its own', async (arm) => {
		const { stack } = arm;
		const group = groupOf(arm);
		const place = { ...group, stack };
		const own = arm.name === 'memory' ? '198.18.0.1' : '127.0.0.1';
		const options = { protocol: lines(), policy };
		const mine = await sink(place, { ...options, sources: ['203.0.113.1', own] });
		const theirs = await sink(place, { ...options, sources: ['203.0.113.1'] });
		const all = await sink(place, options);
		const heard: string[] = [];
		theirs.onMessage(({ content }) => void heard.push(content));
		assert.equal(mine.locals.length, 2);
		const local = { stack, interface: group.interface };
		const out = await source(`udp://${group.address}:${group.port}`, { ...options, local });
		out.post('hello');
		assert.equal((await all.receive())!.content, 'hello');
		assert.equal((await mine.receive())!.content, 'hello');
		await turns(5);
		assert.deepEqual(heard, []);
		await closeAll(out, mine, theirs, all);
	});

	onMemory('T-6.1.1-07 on one interface it hears what comes there, and nothing else', async (arm) => {
		const { stack } = arm;
		stack.devices.set({ name: 'eth0', addresses: ['192.0.2.1'] });
		stack.devices.set({ name: 'wlan0', addresses: ['192.0.2.2'] });
		const place = { scheme: 'udp', address: '239.255.0.1', port: 5_000, stack };
		const options = { protocol: lines(), policy };
		const wired = await sink({ ...place, interface: 'eth0' }, options);
		const radio = await sink({ ...place, interface: 'wlan0' }, options);
		for (const each of ['eth0', 'wlan0']) {
			const out = await source('udp://239.255.0.1:5000', { ...options, local: { stack, interface: each } });
			await out.send(`by ${each}`);
			await out.close();
		}
		assert.equal((await wired.receive())!.content, 'by eth0');
		assert.equal((await radio.receive())!.content, 'by wlan0');
		await turns(5);
		assert.deepEqual([wired.peers, radio.peers], [1, 1]);
		await closeAll(wired, radio);
	});

	test('I-10.5-03 a group needs its port, its scheme and its direction', () =>
		onArm(memoryArm(), async (arm) => {
			const { stack } = arm;
			const place = { ...groupOf(arm), stack };
			const bad = (local: object, options: object, code: string, message: RegExp) =>
				assert.rejects(sink({ ...place, ...local }, { policy, ...options }), { code, message });
			await bad({ port: 0 }, {}, 'bad-argument', /port/);
			await bad({ scheme: undefined }, { policy: {} }, 'bad-argument', /udp:\/\//);
			await bad({ scheme: 'tcp' }, { policy: {} }, 'bad-argument', /udp:\/\//);
			await bad({}, { policy: { ...policy, direction: 'bidirectional' } }, 'policy-contradiction', /direction/);
			await bad({}, { policy: {} }, 'no-candidates', /unreliableDatagram/);
			await bad({}, { remote: 'udp://198.18.0.1:9' }, 'bad-argument', /sources/);
			await bad({}, { sources: [] }, 'bad-argument', /empty/);
			await bad({}, { sources: ['198.18.0.1', '2001:db8::1'] }, 'bad-argument', /IPv4/);
			await bad({ interface: 'none0' }, {}, 'address-unavailable', /none0/);
			await bad({ address: '127.0.0.1' }, { sources: ['198.18.0.1'] }, 'bad-argument', /multicast/);
			assert.equal(stack.sockets.ports, 0);
		}));
});
