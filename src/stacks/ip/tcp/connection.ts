/**
 * One connection: the machine of RFC 9293 §3.10. It is told of segments, of what its user does, and of time, and says
 * through its sink what is to be sent and what the user is to hear. It sends nothing by itself: whoever drives it calls
 * `output` when everything of a turn was heard.
 */

import type { Machine, Wake } from '../../../base/machine.ts';
import { type TcpView, tcpFlag } from '../../../wire/tcp.ts';
import type { SackBlock, TcpOptions, TcpTimestamps } from '../../../wire/tcp-options.ts';
import { TokenBucket } from '../token-bucket.ts';
import { Cubic } from './cubic.ts';
import type { TcpConfig, TcpLimits } from './limits.ts';
import { NewReno } from './new-reno.ts';
import type { PagePool } from './paged-bytes.ts';
import { Receiver } from './receiver.ts';
import { Sender } from './sender.ts';
import { distance, isBefore, plus } from './sequence.ts';
import { type TcpState, type Transition, transitions } from './states.ts';

/** Borrowed, with its bytes, until the step is over. */
export interface SegmentEvent {
	readonly type: 'segment';
	readonly view: TcpView;
	/** A router on the way has marked it: CE. RFC 3168 §5 */
	readonly marked: boolean;
}

export type ConnectionEvent =
	| SegmentEvent
	/** No byte after those written. */
	| { readonly type: 'close' }
	| { readonly type: 'abort' }
	/** ICMP says that the segment with this sequence number does not fit the path; `mtu` of the sink is new. */
	| { readonly type: 'too-big'; readonly sequence: number };

/** Why a connection is over: the user gave it up, the peer broke it off, nobody answers; or in good order. */
export type Ending = 'done' | 'aborted' | 'reset' | 'refused' | 'timed-out';

/** A segment to be sent; its payload is `sender.copy(sequence, ...)`. Of the machine, until the call returns. */
export interface Outgoing {
	sequence: number;
	acknowledgment: number;
	flags: number;
	window: number;
	options: TcpOptions;
	length: number;
	/** Bytes of each segment that the link is to make of it. */
	segmentSize: number | undefined;
	/** Routers may mark it rather than drop it: ECT(0). */
	capable: boolean;
}

export interface ConnectionSink {
	/** Returns why it has not left, if it has not. */
	transmit(segment: Outgoing): 'queue-full' | 'too-large' | undefined;
	onState(state: TcpState): void;
	/** Bytes in order, borrowed, that need no place in the buffer. Only where the event may pass bytes on. */
	onBytes(bytes: Uint8Array): void;
	/** Something to read, the peer's end, or room to write. */
	onChange(): void;
	onEnding(ending: Ending): void;
	/** Bytes of the largest segment without options that the path takes now. */
	segmentSize(): number;
	/** Bytes that the link divides by itself; 0 for none. */
	largestBurst(): number;
}

export interface ConnectionOptions {
	readonly iss: number;
	readonly timestampOffset: number;
	readonly limits: TcpLimits;
	readonly config: TcpConfig;
	readonly pool: PagePool;
	/** Of the largest segment that we take. */
	readonly ownSegmentSize: number;
}

export interface KeepAlive {
	/** Milliseconds; false for no probes. */
	after: number | false;
	interval: number;
	count: number;
}

/** What a peer takes that does not say. RFC 9293 §3.7.1 */
const defaultSegmentSize = 536;

/** What every path takes: 1280 bytes of IPv6 less its headers. */
const safeSegmentSize = 1220;

/** PAWS believes nothing older. RFC 7323 §5.5 */
const timestampLifetime = 24 * 86_400_000;

export class Connection implements Machine<ConnectionEvent, ConnectionSink> {
	state: TcpState = 'closed';
	readonly sender: Sender;
	readonly receiver: Receiver;
	readonly keepAlive: KeepAlive = { after: false, interval: 1000, count: 10 };
	userTimeout: number;
	/** Bytes in order may be handed on at once. */
	mayPass = false;
	/** SEG.MSS of the peer. */
	peerSegmentSize = defaultSegmentSize;
	readonly #options: ConnectionOptions;
	readonly #out: Outgoing;
	readonly #timestamps: { value: number; echo: number };
	readonly #plainOptions: TcpOptions;
	/** Both sides want them. RFC 7323 §3.2, §2.2 */
	#stamps = false;
	#scaled = false;
	#ecn = false;
	/** ECE until the peer says CWR; CWR with the next new data. RFC 3168 §6.1 */
	#echo = false;
	#reduced = false;
	/** TS.Recent, and when it came. RFC 7323 §4.3 */
	#recent = 0;
	#recentAt = 0;
	/** Last.ACK.sent */
	#lastAck = 0;
	#ackNow = false;
	/** Bytes that came since the last acknowledgment. */
	#unacknowledged = 0;
	#ackAt = Number.POSITIVE_INFINITY;
	/** SYN and SYN-ACK: when to send again, and when to give up. */
	#handshakeAt = Number.POSITIVE_INFINITY;
	#handshakeUntil = Number.POSITIVE_INFINITY;
	#handshakes = 0;
	#heardAt = 0;
	#keepAliveProbes = 0;
	#sizeBound = Number.POSITIVE_INFINITY;
	#challenges: TokenBucket | undefined;
	#blocked = false;
	#finTaken = false;
	#synSentAt = 0;

	constructor(options: ConnectionOptions) {
		this.#options = options;
		const { limits, config, pool } = options;
		this.userTimeout = limits.userTimeout;
		const { congestionControl = 'cubic', nagle = false } = config;
		const congestion = congestionControl === 'cubic' ? new Cubic(defaultSegmentSize) : new NewReno(defaultSegmentSize);
		this.sender = new Sender({ congestion, capacity: limits.sendBuffer, nagle }, pool);
		this.receiver = new Receiver(limits, pool);
		this.receiver.windowScale = scaleFor(limits.receiveBuffer);
		this.#timestamps = { value: 0, echo: 0 };
		this.#plainOptions = {};
		this.#out = {
			sequence: 0,
			acknowledgment: 0,
			flags: 0,
			window: 0,
			options: {},
			length: 0,
			segmentSize: undefined,
			capable: false,
		};
	}

	get deadline(): number {
		return Math.min(this.#ackAt, this.#handshakeAt, this.sender.deadline, this.#keepAliveAt(), this.#userTimeoutAt());
	}

	/** The peer and this side have shaken hands, and both directions may be open. */
	get isSynchronized(): boolean {
		return !unsynchronized.has(this.state);
	}

	/** For TIME-WAIT. */
	get timestamps(): { readonly recent: number; readonly offset: number } | undefined {
		return this.#stamps ? { recent: this.#recent, offset: this.#options.timestampOffset } : undefined;
	}

	/** Sends the SYN. */
	open(now: number, sink: ConnectionSink): void {
		this.#become('active-open', sink);
		this.sender.start(this.#options.iss);
		this.#heardAt = now;
		this.#handshakeUntil = now + this.#options.limits.handshakeTimeout;
		this.#sendSyn(now, sink);
	}

	/** Answers a SYN. RFC 9293 §3.10.7.2 */
	accept(syn: TcpView, now: number, sink: ConnectionSink): void {
		this.#become('passive-open', sink);
		this.sender.start(this.#options.iss);
		this.#heardAt = now;
		this.#handshakeUntil = now + this.#options.limits.handshakeTimeout;
		this.#readSyn(syn, now);
		this.#become('syn', sink);
		this.#sendSyn(now, sink);
	}

	/** Takes the acknowledgment of a cookie for a handshake. The peer's options beyond its segment size are lost. */
	resume(ack: TcpView, peerSegmentSize: number, now: number, sink: ConnectionSink): void {
		this.#become('passive-open', sink);
		this.#become('syn', sink);
		this.sender.start(this.#options.iss);
		this.receiver.start(plus(ack.sequence, -1));
		this.receiver.windowScale = 0;
		this.receiver.offer(0);
		this.peerSegmentSize = peerSegmentSize;
		this.#heardAt = now;
		this.step({ type: 'segment', view: ack, marked: false }, now, sink);
	}

	step(event: ConnectionEvent | Wake, now: number, sink: ConnectionSink): void {
		switch (event.type) {
			case 'segment':
				this.#hear(event.view, event.marked, now, sink);
				return;
			case 'wake':
				this.#wake(now, sink);
				return;
			case 'close':
				this.sender.ending = true;
				if (this.state === 'syn-sent') this.#finish('done', sink);
				return;
			case 'abort':
				this.#abort(sink);
				return;
			case 'too-big':
				this.#fit(sink);
				this.sender.tooLarge(event.sequence);
		}
	}

	/** Sends what may be sent. False if the link is full: then again when it is not. */
	output(now: number, sink: ConnectionSink): boolean {
		if (!this.isSynchronized || this.state === 'closed' || this.state === 'time-wait') {
			return this.#blocked ? this.#retryHandshake(now, sink) : true;
		}
		this.#fit(sink);
		const { sender } = this;
		const size = sender.congestion.segmentSize;
		const burst = Math.max(size, sink.largestBurst());
		while (sender.pick(burst, now)) {
			const { at, length, fin, push } = sender;
			const flags = tcpFlag.ack | (fin ? tcpFlag.fin : 0) | (push && length > 0 ? tcpFlag.psh : 0);
			const failed = this.#send(at, flags, length, now, sink);
			if (failed === 'queue-full') return false;
			if (failed === 'too-large') {
				const before = sender.congestion.segmentSize;
				this.#fit(sink);
				if (sender.congestion.segmentSize >= before) this.#bound(before, sink);
				// As small as it can be, and still: nothing leaves, until the user's time is over.
				if (sender.congestion.segmentSize >= before) break;
				continue;
			}
			sender.sent(now);
			if (fin && (this.state === 'established' || this.state === 'close-wait')) this.#become('close', sink);
		}
		if (sender.deadline === Number.POSITIVE_INFINITY && (sender.unsent > 0 || !sender.board.isEmpty)) sender.arm(now);
		if (this.#ackNow || this.#unacknowledged >= 2 * size || (!this.#finTaken && this.receiver.hasOpened(size))) {
			return this.#send(sender.sndNxt, tcpFlag.ack, 0, now, sink) !== 'queue-full';
		}
		if (this.#unacknowledged > 0) this.#ackAt = Math.min(this.#ackAt, now + this.#options.limits.delayedAck);
		return true;
	}

	/** The user has read. */
	read(count: number): void {
		this.receiver.read(count);
	}

	/** Bytes and timers go; nothing happens any more. */
	release(): void {
		this.sender.clear();
		this.receiver.clear();
		this.#ackAt = Number.POSITIVE_INFINITY;
		this.#handshakeAt = Number.POSITIVE_INFINITY;
	}

	#hear(view: TcpView, marked: boolean, now: number, sink: ConnectionSink): void {
		if (this.state === 'syn-sent') this.#hearSynSent(view, now, sink);
		else if (this.state !== 'closed' && this.state !== 'listen') this.#hearSynchronized(view, marked, now, sink);
	}

	/** RFC 9293 §3.10.7.3 */
	#hearSynSent(view: TcpView, now: number, sink: ConnectionSink): void {
		const { flags, acknowledgment, sequence } = view;
		const { sender } = this;
		const acks = (flags & tcpFlag.ack) !== 0;
		if (acks && acknowledgment !== sender.sndNxt) {
			if ((flags & tcpFlag.rst) === 0) this.#reset(acknowledgment, sink);
			return;
		}
		if ((flags & tcpFlag.rst) !== 0) {
			if (acks) this.#finish('refused', sink);
			return;
		}
		if ((flags & tcpFlag.syn) === 0) return;
		this.#heardAt = now;
		this.#readSyn(view, now);
		if (!acks) {
			// Both have opened at once. RFC 9293 §3.5, figure 7
			this.#become('syn', sink);
			this.#handshakes = 0;
			this.#sendSyn(now, sink);
			return;
		}
		if (this.#handshakes === 1) sender.roundTrip.measure(now - this.#synSentAt);
		this.#establish(view.window, sequence, acknowledgment, 'syn-ack', sink);
		this.#ackNow = true;
		this.#takeText(view, plus(sequence, 1), now, sink);
	}

	/** RFC 9293 §3.10.7.4, in its order, with RFC 7323 §5.3 and RFC 5961. */
	#hearSynchronized(view: TcpView, marked: boolean, now: number, sink: ConnectionSink): void {
		const { flags, sequence, acknowledgment, payloadLength } = view;
		const { receiver, sender } = this;
		const options = view.options;
		const { timestamps } = options;
		const isReset = (flags & tcpFlag.rst) !== 0;
		const length = payloadLength + (flags & tcpFlag.fin ? 1 : 0) + (flags & tcpFlag.syn ? 1 : 0);
		if (this.#stamps && !isReset) {
			if (timestamps === undefined) return;
			if (isBefore(timestamps.value, this.#recent) && now - this.#recentAt < timestampLifetime) {
				this.#challenge(now);
				return;
			}
		}
		if (this.state === 'syn-received' && (flags & (tcpFlag.syn | tcpFlag.ack)) === tcpFlag.syn && !isReset) {
			if (sequence === receiver.irs) this.#handshakeAt = now;
			else this.#challenge(now);
			return;
		}
		const inPlace = receiver.accepts(sequence, length);
		if (!inPlace) {
			const synAck = (flags & tcpFlag.syn) !== 0 && this.state === 'syn-received' && sequence === receiver.irs;
			if (isReset) return;
			if (!synAck) {
				this.#heardAt = now;
				this.#noteOld(view, length, now);
				// What old data acknowledges may be new: it may be sent again because ours was lost.
				if (length === 0 || !isBefore(sequence, receiver.rcvNxt)) return;
			}
		}
		if (isReset) {
			if (sequence === receiver.rcvNxt) this.#finish(this.state === 'syn-received' ? 'refused' : 'reset', sink);
			else this.#challenge(now);
			return;
		}
		if ((flags & tcpFlag.syn) !== 0 && !(this.state === 'syn-received' && sequence === receiver.irs)) {
			this.#challenge(now);
			return;
		}
		if ((flags & tcpFlag.ack) === 0) return;
		if (timestamps !== undefined && this.#stamps && !isBefore(this.#lastAck, sequence)) {
			this.#recent = timestamps.value;
			this.#recentAt = now;
		}
		this.#heardAt = now;
		this.#keepAliveProbes = 0;
		if (this.#ecn) {
			if ((flags & tcpFlag.cwr) !== 0) this.#echo = false;
			if (marked) this.#echo = true;
			if ((flags & tcpFlag.ece) !== 0 && (flags & tcpFlag.syn) === 0 && sender.reduce(now)) this.#reduced = true;
		}
		if (this.state === 'syn-received') {
			if (acknowledgment !== sender.sndNxt) {
				this.#reset(acknowledgment, sink);
				return;
			}
			if (this.#handshakes === 1) sender.roundTrip.measure(now - this.#synSentAt);
			this.#establish(this.#unscaled(view), sequence, acknowledgment, 'ack-of-syn', sink);
		}
		if (!this.#hearAcknowledgment(view, options, payloadLength, now, sink)) return;
		if (inPlace && isReceiving.has(this.state)) this.#takeText(view, sequence, now, sink);
	}

	/** False if what acknowledges so is not to be looked at further. RFC 5961 §5 */
	#hearAcknowledgment(view: TcpView, options: TcpOptions, length: number, now: number, sink: ConnectionSink): boolean {
		const { acknowledgment, sequence } = view;
		const { sender } = this;
		if (isBefore(sender.sndNxt, acknowledgment) || distance(sender.sndUna, acknowledgment) > sender.maxSndWnd) {
			this.#challenge(now);
			return false;
		}
		if (isBefore(acknowledgment, sender.sndUna)) return true;
		const window = this.#unscaled(view);
		const newly = sender.hear(acknowledgment, window, sequence, length, options.sack, now);
		if (newly > 0) sink.onChange();
		if (sender.isDone) {
			if (this.state === 'fin-wait-1') this.#become('ack-of-fin', sink);
			else if (this.state === 'closing') this.#becomeLast('ack-of-fin', sink);
			else if (this.state === 'last-ack') {
				this.#becomeLast('ack-of-fin', sink);
				return false;
			}
		}
		return true;
	}

	#takeText(view: TcpView, sequence: number, now: number, sink: ConnectionSink): void {
		const { flags, bytes, payloadStart, end } = view;
		const { receiver } = this;
		const length = end - payloadStart;
		if ((flags & tcpFlag.fin) !== 0) {
			const at = plus(sequence, length);
			// Where the stream ends does not change, and nothing comes behind it.
			const ahead = distance(at, receiver.rcvNxt);
			if (receiver.finAt === undefined && ahead >= 0 && ahead <= receiver.room) receiver.finAt = at;
		}
		let direct = false;
		if (length > 0) {
			const most = receiver.finAt === undefined ? length : Math.min(length, distance(receiver.finAt, sequence));
			const before = receiver.rcvNxt;
			const hadHole = receiver.hasHole;
			const arrival = receiver.take(sequence, bytes, payloadStart, payloadStart + most, this.mayPass);
			direct = arrival === 'direct';
			this.#unacknowledged += distance(receiver.rcvNxt, before);
			// RFC 5681 §4.2: at once, for what is out of order and for what fills a hole.
			if (arrival === 'nothing') this.#ackNow = true;
			else if (receiver.rcvNxt === before) this.#send(this.sender.sndNxt, tcpFlag.ack, 0, now, sink);
			else if (hadHole || sequence !== before) this.#ackNow = true;
			if (arrival === 'stored') sink.onChange();
		}
		if (receiver.finIsNext && !this.#finTaken) {
			this.#finTaken = true;
			receiver.rcvNxt = plus(receiver.rcvNxt, 1);
			this.#ackNow = true;
			if (this.state === 'fin-wait-2') this.#becomeLast('fin', sink, now);
			else this.#become('fin', sink);
			sink.onChange();
		}
		if (direct) sink.onBytes(bytes.subarray(receiver.from, receiver.to));
	}

	/** The peer's FIN is in order. */
	get hasEnded(): boolean {
		return this.#finTaken;
	}

	#wake(now: number, sink: ConnectionSink): void {
		if (now >= this.#handshakeUntil) {
			this.#finish('timed-out', sink);
			return;
		}
		if (now >= this.#handshakeAt) this.#sendSyn(now, sink);
		if (now >= this.#userTimeoutAt()) {
			this.#giveUp(sink);
			return;
		}
		if (now >= this.#ackAt) {
			this.#ackNow = true;
			this.#ackAt = Number.POSITIVE_INFINITY;
		}
		if (now >= this.#keepAliveAt()) this.#probe(now, sink);
		if (this.state !== 'closed' && this.sender.expire(now) && this.sender.looksLikeBlackHole) {
			const bound = this.sender.expirations >= 2 * 2 ? defaultSegmentSize : safeSegmentSize;
			const piece = this.sender.board.oldest;
			if (piece && distance(piece.end, piece.start) > bound && bound < this.#sizeBound) this.#sizeBound = bound;
		}
	}

	/** RFC 9293 §3.8.4. The sequence number is one that the peer has, so it must answer. */
	#probe(now: number, sink: ConnectionSink): void {
		if (this.#keepAliveProbes >= this.keepAlive.count) {
			this.#giveUp(sink);
			return;
		}
		this.#keepAliveProbes += 1;
		this.#send(plus(this.sender.sndNxt, -1), tcpFlag.ack, 0, now, sink);
	}

	#keepAliveAt(): number {
		const { after, interval } = this.keepAlive;
		if (after === false || !this.isSynchronized || !this.sender.board.isEmpty) return Number.POSITIVE_INFINITY;
		return this.#heardAt + after + this.#keepAliveProbes * interval;
	}

	#userTimeoutAt(): number {
		const since = this.sender.waitingSince;
		return since === undefined ? Number.POSITIVE_INFINITY : since + this.userTimeout;
	}

	/** RFC 9293 §3.8.3: the peer may still be there. */
	#giveUp(sink: ConnectionSink): void {
		this.#reset(this.sender.sndNxt, sink);
		this.#finish('timed-out', sink);
	}

	#abort(sink: ConnectionSink): void {
		if (this.isSynchronized || this.state === 'syn-received') this.#reset(this.sender.sndNxt, sink);
		this.#finish('aborted', sink);
	}

	#finish(ending: Ending, sink: ConnectionSink): void {
		if (this.state === 'closed') return;
		this.#become('over', sink);
		this.sender.clear();
		this.#ackAt = Number.POSITIVE_INFINITY;
		this.#handshakeAt = Number.POSITIVE_INFINITY;
		this.#handshakeUntil = Number.POSITIVE_INFINITY;
		sink.onEnding(ending);
	}

	/** To TIME-WAIT, or out of LAST-ACK: there is nothing to send but what answers the peer. */
	#becomeLast(transition: Transition, sink: ConnectionSink, now?: number): void {
		if (now !== undefined) this.#send(this.sender.sndNxt, tcpFlag.ack, 0, now, sink);
		this.#become(transition, sink);
		this.sender.clear();
		this.#ackAt = Number.POSITIVE_INFINITY;
		sink.onEnding('done');
	}

	#become(transition: Transition, sink: ConnectionSink): void {
		const next = transitions[this.state][transition];
		if (next === undefined) return;
		this.state = next;
		sink.onState(next);
	}

	#establish(window: number, sequence: number, acknowledgment: number, by: Transition, sink: ConnectionSink): void {
		this.#handshakeAt = Number.POSITIVE_INFINITY;
		this.#handshakeUntil = Number.POSITIVE_INFINITY;
		this.sender.established(window, sequence, acknowledgment);
		this.#fit(sink);
		this.sender.congestion.onStart();
		this.#become(by, sink);
		sink.onChange();
	}

	/** RFC 7323 §2.2, §3.2, RFC 2018 §2 */
	#readSyn(view: TcpView, now: number): void {
		const { maximumSegmentSize, windowScale, sackPermitted, timestamps } = view.options;
		this.receiver.start(view.sequence);
		this.peerSegmentSize = Math.max(leastSegmentSize, maximumSegmentSize ?? defaultSegmentSize);
		this.#scaled = windowScale !== undefined;
		this.sender.windowScale = Math.min(14, windowScale ?? 0);
		if (!this.#scaled) this.receiver.windowScale = 0;
		this.sender.selective = sackPermitted === true;
		this.#stamps = timestamps !== undefined;
		// RFC 3168 §6.1.1: a SYN asks with both, a SYN-ACK grants with ECE alone.
		const bits = view.flags & (tcpFlag.ece | tcpFlag.cwr);
		const asks = (view.flags & tcpFlag.ack) === 0;
		this.#ecn = asks ? bits === (tcpFlag.ece | tcpFlag.cwr) : bits === tcpFlag.ece && this.#options.config.ecn === true;
		if (timestamps) {
			this.#recent = timestamps.value;
			this.#recentAt = now;
		}
	}

	#retryHandshake(now: number, sink: ConnectionSink): boolean {
		this.#blocked = false;
		this.#sendSyn(now, sink);
		return !this.#blocked;
	}

	#sendSyn(now: number, sink: ConnectionSink): void {
		const { receiver, sender } = this;
		const answers = this.state === 'syn-received';
		const out = this.#out;
		out.sequence = sender.iss;
		out.acknowledgment = answers ? receiver.rcvNxt : 0;
		// Who does not answer may be one that cannot bear the question. RFC 3168 §6.1.1.1
		const asks = !answers && this.#options.config.ecn === true && this.#handshakes < 2;
		const bits = asks ? tcpFlag.ece | tcpFlag.cwr : answers && this.#ecn ? tcpFlag.ece : 0;
		out.flags = tcpFlag.syn | (answers ? tcpFlag.ack : 0) | bits;
		out.capable = false;
		out.window = answers ? receiver.offer(0) : Math.min(0xffff, receiver.room);
		out.length = 0;
		out.segmentSize = undefined;
		out.options = {
			maximumSegmentSize: this.#options.ownSegmentSize,
			windowScale: !answers || this.#scaled ? receiver.windowScale : undefined,
			sackPermitted: !answers || sender.selective ? true : undefined,
			timestamps: !answers || this.#stamps ? this.#stamp(now) : undefined,
		};
		this.#blocked = sink.transmit(out) === 'queue-full';
		this.#synSentAt = now;
		if (answers) this.#lastAck = receiver.rcvNxt;
		this.#handshakeAt = now + sender.roundTrip.backedOff(this.#handshakes);
		this.#handshakes += 1;
	}

	#send(
		sequence: number,
		flags: number,
		length: number,
		now: number,
		sink: ConnectionSink,
	): 'queue-full' | 'too-large' | undefined {
		const { receiver, sender } = this;
		const out = this.#out;
		out.sequence = sequence;
		out.acknowledgment = receiver.rcvNxt;
		const isNew = length > 0 && sequence === sender.sndNxt;
		out.flags = flags | (this.#echo ? tcpFlag.ece : 0) | (isNew && this.#reduced ? tcpFlag.cwr : 0);
		out.capable = this.#ecn && isNew;
		out.window = receiver.offer(receiver.windowScale);
		out.length = length;
		const size = sender.congestion.segmentSize;
		out.segmentSize = length > size ? size : undefined;
		const most = this.#stamps ? 3 : 4;
		const sack = sender.selective && length === 0 ? receiver.blocks(most) : undefined;
		out.options = this.#segmentOptions(sack, now);
		const failed = sink.transmit(out);
		if (failed !== undefined) return failed;
		if (isNew) this.#reduced = false;
		this.#lastAck = receiver.rcvNxt;
		this.#ackNow = false;
		this.#unacknowledged = 0;
		this.#ackAt = Number.POSITIVE_INFINITY;
		return undefined;
	}

	/** RFC 9293 §3.10.7.1: with the number that the peer expects, where it said one. */
	#reset(sequence: number, sink: ConnectionSink): void {
		const out = this.#out;
		const answers = this.isSynchronized || this.state === 'syn-received';
		out.sequence = sequence;
		out.acknowledgment = answers ? this.receiver.rcvNxt : 0;
		out.flags = tcpFlag.rst | (answers ? tcpFlag.ack : 0);
		out.capable = false;
		out.window = 0;
		out.length = 0;
		out.segmentSize = undefined;
		out.options = {};
		sink.transmit(out);
	}

	#segmentOptions(sack: readonly SackBlock[] | undefined, now: number): TcpOptions {
		if (!this.#stamps) return sack === undefined ? this.#plainOptions : { sack };
		return sack === undefined ? { timestamps: this.#stamp(now) } : { timestamps: this.#stamp(now), sack };
	}

	#stamp(now: number): TcpTimestamps {
		this.#timestamps.value = (Math.floor(now) + this.#options.timestampOffset) >>> 0;
		this.#timestamps.echo = this.#recent;
		return this.#timestamps;
	}

	#unscaled(view: TcpView): number {
		return (view.flags & tcpFlag.syn) !== 0 ? view.window : view.window * 2 ** this.sender.windowScale;
	}

	/** Segments as large as both the path and the peer take them. RFC 9293 §3.7.1, RFC 6691 */
	#fit(sink: ConnectionSink): void {
		const options = this.#stamps ? 12 : 0;
		const size = Math.min(this.peerSegmentSize, sink.segmentSize(), this.#sizeBound) - options;
		const { congestion } = this.sender;
		if (size === congestion.segmentSize) return;
		congestion.segmentSize = Math.max(smallestSegment, size);
	}

	#bound(size: number, sink: ConnectionSink): void {
		this.#sizeBound = (size >>> 1) + 12;
		this.#fit(sink);
	}

	/** Data that was there already is acknowledged at once; what else is out of place not too often. */
	#noteOld(view: TcpView, length: number, now: number): void {
		if (length === 0 || !isBefore(view.sequence, this.receiver.rcvNxt)) {
			this.#challenge(now);
			return;
		}
		if (view.payloadLength > 0) {
			const right = plus(view.sequence, view.payloadLength);
			this.receiver.duplicate = { left: view.sequence, right };
		}
		this.#ackNow = true;
	}

	/** RFC 5961 §3.2, §4.2, §5.2; §7 has them limited. */
	#challenge(now: number): void {
		const { challenges } = this.#options.limits;
		this.#challenges ??= new TokenBucket(challenges, challenges);
		if (this.#challenges.take(now)) this.#ackNow = true;
	}
}

/** A peer that says it takes less only wants to make work. */
const leastSegmentSize = 88;

/** What the smallest link leaves: 68 bytes of IPv4 less headers and timestamps, in eights. */
const smallestSegment = 16;

const unsynchronized: ReadonlySet<TcpState> = new Set(['closed', 'listen', 'syn-sent', 'syn-received']);
/** Where the peer's text and FIN are still to come. */
const isReceiving: ReadonlySet<TcpState> = new Set(['established', 'fin-wait-1', 'fin-wait-2']);

/** The fewest bits that bring a buffer into 16 bits of window. RFC 7323 §2.3 */
function scaleFor(buffer: number): number {
	let scale = 0;
	while (scale < 14 && buffer > 0xffff * 2 ** scale) scale += 1;
	return scale;
}
