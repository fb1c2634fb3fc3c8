/** Ping and traceroute, by ICMP echo. RFC 792, RFC 1393 §1 for the idea */

import type { IpAddress } from '../../base/address.ts';
import type { Clock } from '../../base/clock.ts';
import type { IpStack } from '../ip/ip-stack.ts';

export interface Hop {
	/** Who answered; undefined where nobody did. */
	readonly from: IpAddress | undefined;
	/** Milliseconds to there and back. */
	readonly milliseconds: number | undefined;
	/** It is where one wanted to go. */
	readonly reached: boolean;
}

/** Milliseconds for each question of a traceroute. */
const patience = 1000;

export async function ping(ip: IpStack, clock: Clock, to: IpAddress, timeout: number): Promise<number | undefined> {
	const hop = await ask(ip, clock, to, undefined, timeout);
	return hop.reached ? hop.milliseconds : undefined;
}

export async function traceroute(ip: IpStack, clock: Clock, to: IpAddress, hops: number): Promise<readonly Hop[]> {
	const found: Hop[] = [];
	for (let hopLimit = 1; hopLimit <= hops; hopLimit += 1) {
		const hop = await ask(ip, clock, to, hopLimit, patience);
		found.push(hop);
		if (hop.reached) break;
	}
	return found;
}

function ask(ip: IpStack, clock: Clock, to: IpAddress, hopLimit: number | undefined, timeout: number): Promise<Hop> {
	const { promise, resolve } = Promise.withResolvers<Hop>();
	const port = ip.ping({ family: to.family });
	const start = clock.now();
	const finish = (from: IpAddress | undefined, reached: boolean) => {
		timer.cancel();
		port.close();
		resolve({ from, milliseconds: from && clock.now() - start, reached });
	};
	const timer = clock.after(timeout, () => finish(undefined, false));
	port.handler = {
		onReply: ({ from }) => finish(from, true),
		onProblem: ({ from }) => finish(from, false),
		onClose: () => finish(undefined, false),
	};
	if (port.send(to, { sequence: 1, hopLimit })) clock.soon(() => finish(undefined, false));
	return promise;
}
