/** A connection as a flow: its writes, its reader, and the turn in which both are served and segments leave. */

import { PostSocketsError } from '../../../base/errors.ts';
import { Queue } from '../../../base/queue.ts';
import { formatSocketAddress, type IpEndpoint } from '../../../base/socket-address.ts';
import { deaf, type Flow, type FlowHandler } from '../../../stack/flow.ts';
import type { FlowMetrics, Measurable } from '../../../stack/metrics.ts';
import type { FlowTuning, Tunable } from '../../../stack/tuning.ts';
import { ipProtocol } from '../../../wire/ip-protocol.ts';
import type { TcpView } from '../../../wire/tcp.ts';
import { errnoOf, failure } from '../failure.ts';
import type { Way } from '../host.ts';
import type { Ip } from '../ip.ts';
import type { Nic } from '../nic.ts';
import type { Packet, Problem } from '../packet.ts';
import type { Socket, SocketInfo, Sockets } from '../sockets.ts';
import { Alarm } from './alarm.ts';
import { Connection, type ConnectionOptions, type ConnectionSink, type Ending, type Outgoing } from './connection.ts';
import type { Endpoint } from './demux.ts';
import type { Emission } from './emission.ts';
import { distance, isBefore } from './sequence.ts';
import type { TcpState } from './states.ts';

/** What a flow needs of its stack. */
export interface FlowGround {
	readonly ip: Ip;
	readonly sockets: Sockets;
	readonly emission: Emission;
	/** It is gone, or it lives on in TIME-WAIT only. */
	ended(flow: TcpFlow): void;
	/** The link is full: `retry` when it is not. */
	wait(flow: TcpFlow): void;
}

export interface FlowOptions extends ConnectionOptions {
	readonly local: IpEndpoint;
	readonly remote: IpEndpoint;
	readonly way: Way;
	/** The only interface to leave by, of connections that were told one. */
	readonly nic?: Nic | undefined;
	readonly operation: 'connect' | 'accept';
	/** Once, when the handshake is over: with an error if it failed. */
	readonly settled: (error: PostSocketsError | undefined) => void;
}

interface Write {
	readonly chunks: readonly Uint8Array[];
	readonly done: (() => void) | undefined;
	/** The first chunk that is not copied yet, and where in it. */
	chunk: number;
	offset: number;
}

/** Milliseconds between confirmations that the next hop is there. */
const confirmEvery = 1000;

export class TcpFlow implements Flow, Measurable, Tunable<FlowTuning>, Socket, Endpoint, ConnectionSink {
	readonly local: IpEndpoint;
	readonly remote: IpEndpoint;
	handler: FlowHandler = deaf;
	next: Endpoint | undefined;
	readonly connection: Connection;
	readonly #ground: FlowGround;
	readonly #options: FlowOptions;
	readonly #alarm: Alarm;
	#way: Way | undefined;
	#generation: number;
	#confirmedAt = Number.NEGATIVE_INFINITY;
	#dscp = 0;
	readonly #writes = new Queue<Write>();
	/** Bytes in `#writes` that are not copied yet. */
	#queued = 0;
	readonly #dones = new Queue<() => void>();
	#unwelcome = false;
	#lowWater = Number.POSITIVE_INFINITY;
	#closing: 'no' | 'asked' | 'told' = 'no';
	#paused = true;
	/** `onEnd` was called. */
	#ended = false;
	#settled = false;
	/** The connection is over in good order. */
	#done = false;
	/** `onClose` is certain. */
	#over = false;
	#abortReason: PostSocketsError | undefined;
	#softError: PostSocketsError | undefined;
	#scheduled = false;

	constructor(ground: FlowGround, options: FlowOptions) {
		this.local = options.local;
		this.remote = options.remote;
		this.#ground = ground;
		this.#options = options;
		this.#way = options.way;
		this.#generation = ground.ip.host.generation;
		this.connection = new Connection(options);
		this.#alarm = new Alarm(ground.ip.ground.clock, () => this.#ring());
	}

	get #now(): number {
		return this.#ground.ip.ground.clock.now();
	}

	get isOver(): boolean {
		return this.#over;
	}

	/** Sends the SYN. */
	open(): void {
		this.connection.open(this.#now, this);
		this.#arm();
	}

	/** Answers a SYN, or takes what acknowledges a cookie. */
	accept(view: TcpView, cookieSize: number | undefined): void {
		if (cookieSize === undefined) this.connection.accept(view, this.#now, this);
		else {
			this.#schedule();
			this.connection.resume(view, cookieSize, this.#now, this);
		}
		this.#arm();
	}

	write(chunks: readonly Uint8Array[], done?: (error?: PostSocketsError) => void): boolean {
		if (this.#over || this.#closing !== 'no') return false;
		let length = 0;
		for (const chunk of chunks) length += chunk.length;
		this.#writes.push({ chunks: chunks.slice(), done, chunk: 0, offset: 0 });
		this.#queued += length;
		this.#fill();
		this.#schedule();
		const welcome = this.#isWelcome;
		this.#unwelcome ||= !welcome;
		return welcome;
	}

	end(): void {
		if (this.#over || this.#closing !== 'no') return;
		this.#closing = 'asked';
		this.#unwelcome = false;
		this.#schedule();
	}

	abort(reason?: PostSocketsError): void {
		if (this.#over) return;
		this.#abortReason = reason;
		if (this.#done) this.#finish(this.#errorOf('aborted'));
		else this.connection.step({ type: 'abort' }, this.#now, this);
	}

	pause(): void {
		this.#paused = true;
	}

	resume(): void {
		if (this.#over) return;
		this.#paused = false;
		if (this.#hasToRead) this.#schedule();
	}

	ref(): void {
		this.#ground.sockets.hold(this, true);
	}

	unref(): void {
		this.#ground.sockets.hold(this, false);
	}

	metrics(): FlowMetrics | undefined {
		if (this.#over) return undefined;
		const { sender } = this.connection;
		const way = this.#findWay();
		return {
			roundTrip: sender.roundTrip.smoothed,
			roundTripVariation: sender.roundTrip.variation,
			pathMtu: way && this.#ground.ip.host.mtuOf(way),
			maxSegmentSize: sender.congestion.segmentSize,
			retransmissions: sender.retransmissions,
			lost: sender.board.lost,
			congestionWindow: sender.congestion.window,
			unacknowledged: distance(sender.sndNxt, sender.sndUna),
			notSent: sender.unsent,
			bytesAcked: sender.acked,
			deliveryRate: undefined,
		};
	}

	tune(wish: FlowTuning): readonly (keyof FlowTuning)[] {
		const { keepAlive } = this.connection;
		if (this.#over) return [];
		if (wish.keepAlive !== undefined) {
			keepAlive.after = wish.keepAlive;
			keepAlive.interval = 1000;
			keepAlive.count = 10;
		}
		if (wish.keepAliveInterval !== undefined) keepAlive.interval = Math.ceil(wish.keepAliveInterval / 1000) * 1000;
		if (wish.keepAliveCount !== undefined) keepAlive.count = wish.keepAliveCount;
		if (wish.userTimeout !== undefined) {
			this.connection.userTimeout = wish.userTimeout || this.#options.limits.userTimeout;
		}
		if (wish.trafficClass !== undefined) this.#dscp = wish.trafficClass >> 2;
		if (wish.notSentLowWater !== undefined) this.#lowWater = wish.notSentLowWater || Number.POSITIVE_INFINITY;
		this.#arm();
		return (Object.keys(wish) as (keyof FlowTuning)[]).filter((name) => wish[name] !== undefined);
	}

	info(): SocketInfo {
		const [local, remote] = [formatSocketAddress(this.local), formatSocketAddress(this.remote)];
		return { protocol: 'tcp', local, remote, state: this.connection.state };
	}

	/** Its stack closes. */
	finish(error: PostSocketsError): void {
		this.abort(error);
	}

	/** A segment for it, borrowed. */
	hear(packet: Packet, view: TcpView): void {
		if (this.#over) return;
		this.#schedule();
		this.connection.mayPass = !this.#paused && this.#settled;
		this.connection.step({ type: 'segment', view, marked: packet.header.ecn === 3 }, this.#now, this);
		this.connection.mayPass = false;
	}

	/** Whether it has sent the segment that is quoted, and it is under way. RFC 5927 §4.1 */
	sent(sequence: number): boolean {
		const { sender } = this.connection;
		return !isBefore(sequence, sender.sndUna) && !isBefore(sender.sndNxt, sequence);
	}

	/** RFC 1122 §4.2.3.9, RFC 5461 §4: what is said of a connection that stands ends nothing. */
	onProblem({ kind }: Problem, sequence: number): void {
		if (kind === 'too-big') {
			this.connection.step({ type: 'too-big', sequence }, this.#now, this);
			this.#schedule();
			return;
		}
		const errno = errnoOf(kind);
		if (errno === undefined) return;
		this.#softError = failure(errno, this.#options.operation, this.local, this.remote);
		if (this.connection.state !== 'syn-sent') return;
		this.#abortReason = this.#softError;
		this.connection.step({ type: 'abort' }, this.#now, this);
	}

	/** The link takes more. */
	retry(): void {
		this.#schedule();
	}

	transmit(segment: Outgoing): 'queue-full' | 'too-large' | undefined {
		const way = this.#findWay();
		// Nobody knows the way just now: as lost as any on the way.
		if (way === undefined) return undefined;
		const { ip, emission } = this.#ground;
		const body = emission.prepare(this.local.port, this.remote.port, segment, this.connection.sender);
		const options = {
			protocol: ipProtocol.tcp,
			dscp: this.#dscp,
			ecn: segment.capable ? 2 : 0,
			dontFragment: true,
			segmentSize: segment.segmentSize,
		};
		const failed = ip.output.send(way, options, body);
		if (failed === 'queue-full') this.#ground.wait(this);
		return failed === 'too-long' ? 'too-large' : failed;
	}

	onState(state: TcpState): void {
		if (state === 'established') this.#settle(undefined);
	}

	onBytes(bytes: Uint8Array): void {
		if (!this.#over) this.handler.onData(bytes);
	}

	onChange(): void {
		const now = this.#now;
		if (now - this.#confirmedAt >= confirmEvery && this.#way && !this.#way.local) {
			this.#confirmedAt = now;
			this.#ground.ip.confirm(this.#way.nic, this.#way.hop);
		}
	}

	onEnding(ending: Ending): void {
		if (ending !== 'done') {
			this.#finish(this.#errorOf(ending));
			return;
		}
		this.#done = true;
		this.#alarm.set(Number.POSITIVE_INFINITY);
		this.#ground.ended(this);
		this.#schedule();
	}

	segmentSize(): number {
		const way = this.#findWay();
		const header = this.remote.address.family === 4 ? 40 : 60;
		return way === undefined ? 0 : this.#ground.ip.host.mtuOf(way) - header;
	}

	largestBurst(): number {
		const way = this.#way;
		const most = way === undefined || way.local ? 0 : (way.nic.link.offloads.segmentation ?? 0);
		return Math.max(0, Math.min(most, 0xffff) - 100);
	}

	get #isWelcome(): boolean {
		return this.#queued === 0 && this.connection.sender.room > 0 && this.connection.sender.unsent <= this.#lowWater;
	}

	/** More than half has left: what a window of the other half holds back makes writing no more welcome. */
	get #isDrained(): boolean {
		const { sender } = this.connection;
		return this.#isWelcome && sender.room > this.#options.limits.sendBuffer >>> 1;
	}

	get #hasToRead(): boolean {
		const { receiver, hasEnded } = this.connection;
		return receiver.unread > 0 || (hasEnded && !this.#ended);
	}

	#schedule(): void {
		if (this.#scheduled) return;
		this.#scheduled = true;
		this.#ground.ip.ground.clock.soon(() => {
			this.#scheduled = false;
			if (!this.#over) this.#turn();
		});
	}

	/** Whoever is called from here may throw: what is left is done in the next turn. */
	#turn(): void {
		try {
			while (this.#dones.length > 0 && !this.#over) this.#dones.shift()!();
			this.#deliver();
			this.#fill();
			if (this.#unwelcome && this.#isDrained && this.#closing === 'no' && !this.#over) {
				this.#unwelcome = false;
				this.handler.onDrain();
			}
		} finally {
			if (!this.#over) this.#serve();
		}
	}

	#serve(): void {
		if (this.#closing === 'asked' && this.#queued === 0 && this.#writes.length === 0) {
			this.#closing = 'told';
			if (!this.#done) this.connection.step({ type: 'close' }, this.#now, this);
		}
		if (this.#over) return;
		if (!this.#done) this.connection.output(this.#now, this);
		if (this.#over) return;
		this.#arm();
		if (this.#done && this.#ended && this.#dones.length === 0) this.#finish(undefined);
		else if (this.#dones.length > 0 || (!this.#paused && this.#hasToRead)) this.#schedule();
	}

	/** Copies what there is room for. */
	#fill(): void {
		const { sender } = this.connection;
		for (let write = this.#writes.at(0); write; write = this.#writes.at(0)) {
			while (write.chunk < write.chunks.length) {
				const chunk = write.chunks[write.chunk]!;
				const count = Math.min(chunk.length - write.offset, sender.room);
				sender.write(chunk, write.offset, write.offset + count);
				write.offset += count;
				this.#queued -= count;
				if (write.offset < chunk.length) return;
				write.chunk += 1;
				write.offset = 0;
			}
			this.#writes.shift();
			if (write.done) this.#dones.push(write.done);
		}
	}

	#deliver(): void {
		const { receiver } = this.connection;
		while (!this.#paused && !this.#over && receiver.unread > 0) {
			const chunk = receiver.front();
			try {
				this.handler.onData(chunk);
			} finally {
				this.connection.read(chunk.length);
			}
		}
		if (this.#paused || this.#over || this.#ended || receiver.unread > 0 || !this.connection.hasEnded) return;
		this.#ended = true;
		this.handler.onEnd();
	}

	#ring(): void {
		if (this.#over) return;
		this.connection.step({ type: 'wake' }, this.#now, this);
		if (!this.#over) this.#turn();
	}

	#arm(): void {
		if (!this.#over && !this.#done) this.#alarm.set(this.connection.deadline);
	}

	#settle(error: PostSocketsError | undefined): void {
		if (this.#settled) return;
		this.#settled = true;
		this.#options.settled(error);
	}

	#finish(error: PostSocketsError | undefined): void {
		if (this.#over) return;
		this.#over = true;
		this.#alarm.set(Number.POSITIVE_INFINITY);
		this.#writes.clear();
		this.#dones.clear();
		this.#queued = 0;
		this.#ground.ended(this);
		this.#ground.sockets.delete(this);
		this.#settle(error);
		this.#ground.ip.ground.clock.soon(() => {
			this.connection.release();
			this.handler.onClose(error);
		});
	}

	#errorOf(ending: Exclude<Ending, 'done'>): PostSocketsError {
		const { operation } = this.#options;
		switch (ending) {
			case 'refused':
				return failure('ECONNREFUSED', operation, this.local, this.remote);
			case 'reset':
				return failure('ECONNRESET', this.#settled ? 'receive' : operation, this.local, this.remote);
			case 'timed-out':
				return this.#softError ?? failure('ETIMEDOUT', this.#settled ? 'send' : operation, this.local, this.remote);
			case 'aborted':
				return (
					this.#abortReason ??
					new PostSocketsError('aborted', 'the flow was aborted by its owner', {
						local: formatSocketAddress(this.local),
						remote: formatSocketAddress(this.remote),
					})
				);
		}
	}

	#findWay(): Way | undefined {
		const { host } = this.#ground.ip;
		if (this.#generation === host.generation) return this.#way;
		this.#generation = host.generation;
		this.#way = host.wayTo(this.remote.address, { source: this.local.address, nic: this.#options.nic });
		return this.#way;
	}
}
