/** What a connected TCP socket tells and takes: without the C library, only what node itself offers. */

import type { Socket } from 'node:net';
import type { Backlog, Backlogged } from '../../../stack/backlog.ts';
import type { FlowMetrics, Measurable } from '../../../stack/metrics.ts';
import type { FlowTuning, Tunable } from '../../../stack/tuning.ts';
import { tcpDescriptor } from './descriptor.ts';
import type { Libc } from './libc.ts';
import { outgoingOf } from './proc-net-tcp.ts';
import { type SocketOption, socketOptions } from './socket-options.ts';
import { decodeTcpInfo, tcpInfoLength } from './tcp-info.ts';

/** Seconds; Linux refuses more. */
const longestKeepAlive = 32_767;

/** Reused: a reading is decoded before the next one is taken. */
const info = new Uint8Array(tcpInfoLength);

export class TcpSocket implements Measurable, Backlogged, Tunable<FlowTuning> {
	readonly #socket: Socket;
	readonly #libc: Libc | undefined;

	constructor(socket: Socket, libc: Libc | undefined) {
		this.#socket = socket;
		this.#libc = libc;
	}

	metrics(): FlowMetrics | undefined {
		const descriptor = tcpDescriptor(this.#socket);
		if (this.#libc === undefined || descriptor === undefined) return undefined;
		const length = this.#libc.get(descriptor, socketOptions.tcpInfo, info);
		if (length === undefined) return undefined;
		return decodeTcpInfo(info.subarray(0, length), this.#libc.outgoing(descriptor));
	}

	backlog(): Backlog | undefined {
		const descriptor = tcpDescriptor(this.#socket);
		const unsent = descriptor === undefined ? undefined : this.#libc?.unsent(descriptor);
		if (unsent !== undefined) return { bytes: unsent, underWay: false };
		const outgoing = this.#socket.destroyed ? undefined : outgoingOf(this.#socket);
		return outgoing === undefined ? undefined : { bytes: outgoing, underWay: true };
	}

	tune(wish: FlowTuning): readonly (keyof FlowTuning)[] {
		if (this.#socket.destroyed) return [];
		const { keepAlive, keepAliveInterval, keepAliveCount, userTimeout, trafficClass, notSentLowWater } = wish;
		const done: Record<keyof FlowTuning, boolean> = {
			keepAlive: this.#keepAlive(keepAlive),
			// After it: node sets these two anew with it.
			keepAliveInterval: this.#set(socketOptions.keepAliveInterval, keepAliveInterval && seconds(keepAliveInterval)),
			keepAliveCount: this.#set(socketOptions.keepAliveCount, keepAliveCount),
			userTimeout: this.#set(socketOptions.userTimeout, userTimeout),
			trafficClass: this.#mark(trafficClass),
			notSentLowWater: this.#set(socketOptions.notSentLowWater, notSentLowWater),
		};
		return (Object.keys(done) as (keyof FlowTuning)[]).filter((name) => done[name]);
	}

	#keepAlive(idle: number | false | undefined): boolean {
		if (idle === undefined) return false;
		// Node rounds down, and takes 0 for no change.
		const delay = Math.min(Math.max(seconds(idle || 0), 1), longestKeepAlive);
		this.#socket.setKeepAlive(idle !== false, delay * 1000);
		return true;
	}

	#mark(trafficClass: number | undefined): boolean {
		if (trafficClass === undefined) return false;
		// Since Node 24.15.
		if (typeof this.#socket.setTypeOfService !== 'function') {
			const ipv6 = this.#socket.remoteFamily === 'IPv6';
			return this.#set(ipv6 ? socketOptions.trafficClass6 : socketOptions.trafficClass4, trafficClass);
		}
		try {
			this.#socket.setTypeOfService(trafficClass);
			return true;
		} catch {
			return false;
		}
	}

	#set(option: SocketOption, value: number | undefined): boolean {
		const descriptor = tcpDescriptor(this.#socket);
		if (this.#libc === undefined || descriptor === undefined || value === undefined) return false;
		return this.#libc.set(descriptor, option, value);
	}
}

function seconds(milliseconds: number): number {
	return Math.ceil(milliseconds / 1000);
}
