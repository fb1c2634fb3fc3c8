/** Two stacks on one link in virtual time, and bytes from one to the other, checked by their hash. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { IpAddress } from '../../../base/address.ts';
import { type Random, seededRandom } from '../../../base/random.ts';
import { type VirtualClock, virtualClock } from '../../../base/virtual-clock.ts';
import { deaf, type Flow } from '../../../stack/flow.ts';
import { impair } from '../../links/impair/impair.ts';
import type { Impairments } from '../../links/impair/impairments.ts';
import { type LinkPairOptions, linkPair } from '../../links/pair.ts';
import type { IpConfig } from '../config.ts';
import { type IpStack, ipStack } from '../ip-stack.ts';
import { quiet } from '../lan-harness.ts';

export interface HostsOptions extends Omit<LinkPairOptions, 'clock'> {
	readonly seed?: number;
	/** Of both directions. */
	readonly impairments?: Impairments;
	readonly config?: IpConfig;
	/** Of one side only. */
	readonly serverConfig?: IpConfig;
}

export class Hosts {
	readonly clock: VirtualClock = virtualClock();
	readonly client: IpStack;
	readonly server: IpStack;
	readonly random: Random;

	constructor({ seed = 1, impairments = {}, config = {}, serverConfig = {}, ...pair }: HostsOptions = {}) {
		const { clock } = this;
		this.random = seededRandom(seed);
		const [near, far] = linkPair({ medium: 'ip', ...pair, clock });
		const link = impair(near, {
			clock,
			random: this.random,
			sending: impairments,
			receiving: impairments,
		});
		const common = { ...quiet, clock, random: this.random, ...config };
		this.client = ipStack(link, { ...common, addresses: ['192.0.2.1/24', '2001:db8::1/64'] });
		this.server = ipStack(far, { ...common, addresses: ['192.0.2.2/24', '2001:db8::2/64'], ...serverConfig });
	}

	/** A flow, and the end that the server got. */
	async connect(family: 4 | 6 = 4): Promise<[Flow, Flow]> {
		const address = IpAddress.parse(family === 4 ? '192.0.2.2' : '2001:db8::2');
		const { promise, resolve } = Promise.withResolvers<Flow>();
		const { signal } = new AbortController();
		const handler = { onFlow: resolve, onClose() {} };
		const listener = await this.server.listen({ address, port: 0 }, { handler, signal });
		const flow = await this.client.connect(listener.local, { signal });
		const accepted = await promise;
		await listener.close();
		return [flow, accepted];
	}

	async close(): Promise<void> {
		await this.client.close();
		await this.server.close();
	}
}

/** Sends `length` bytes from one end to the other and ends; resolves with the milliseconds that it took. */
export async function transfer(clock: VirtualClock, from: Flow, to: Flow, length: number): Promise<number> {
	const start = clock.now();
	const [sends, receives] = [createHash('sha256'), createHash('sha256')];
	const random = seededRandom(length);
	const block = random.fill(new Uint8Array(65_521));
	let left = length;
	let received = 0;
	const { promise, resolve, reject } = Promise.withResolvers<void>();
	const write = () => {
		while (left > 0) {
			const chunk = block.slice(0, Math.min(left, 1 + random.below(block.length)));
			sends.update(chunk);
			left -= chunk.length;
			if (!from.write([chunk])) return;
		}
		from.end();
	};
	from.handler = { ...deaf, onDrain: write, onClose: (error) => error && reject(error) };
	to.handler = {
		...deaf,
		onData(chunk) {
			receives.update(chunk);
			received += chunk.length;
		},
		onEnd: resolve,
		onClose: (error) => error && reject(error),
	};
	from.resume();
	to.resume();
	write();
	await promise;
	assert.equal(received, length);
	assert.equal(receives.digest('hex'), sends.digest('hex'));
	return clock.now() - start;
}
