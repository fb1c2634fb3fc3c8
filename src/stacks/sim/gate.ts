/**
 * The interface of a host, seen from its network: everything that reaches the host passes here, and is judged, traced and
 * captured here. What a host sends is judged where it arrives, so that a broadcast can reach one host and not another.
 */

import type { IpAddress } from '../../base/address.ts';
import type { Clock } from '../../base/clock.ts';
import type { MacAddress } from '../../base/mac-address.ts';
import type { Link } from '../../stack/link.ts';
import type { Impairments } from '../links/impair/impairments.ts';
import { LinkWrapper } from '../links/wrapper.ts';
import type { Faults, Verdict } from './faults.ts';
import type { HostClock } from './host-clock.ts';
import { mostHeld } from './limits.ts';
import { FramePacket } from './packet.ts';
import type { Segment } from './segment.ts';
import type { Trace } from './trace.ts';

export interface GateGround {
	readonly clock: Clock;
	readonly trace: Trace;
	readonly faults: Faults;
	/** The name of the host that has this address in use. */
	hostOf(address: IpAddress): string | undefined;
	/** The name of the host whose hardware address lies there. */
	station(bytes: Uint8Array, at: number): string | undefined;
}

/** Rewrites frames on their way, in place or anew; undefined swallows one. */
export interface Translator {
	leaving(frame: Uint8Array, gate: Gate): Uint8Array | undefined;
	arriving(frame: Uint8Array, gate: Gate): Uint8Array | undefined;
}

export interface GateOptions {
	readonly host: string;
	readonly name: string;
	readonly segment: Segment;
	readonly mac: MacAddress;
	readonly clock: HostClock;
	readonly sending: Impairments;
	readonly receiving: Impairments;
}

export class Gate extends LinkWrapper {
	readonly host: string;
	readonly segment: Segment;
	readonly options: GateOptions;
	/** Everybody who wants to see the frames, **borrowed**; those sent before, those received after they were judged. */
	readonly captures = new Set<(frame: Uint8Array) => void>();
	translator: Translator | undefined;
	/** Hears what arrives, borrowed, before the host does. */
	overhear: ((frame: Uint8Array) => void) | undefined;
	readonly #ground: GateGround;
	/** Frames that wait for a host that is paused, or in a hold. */
	#held = 0;
	#plugged = true;
	#dead = false;

	constructor(link: Link, options: GateOptions, ground: GateGround) {
		super(link);
		this.host = options.host;
		this.segment = options.segment;
		this.options = options;
		this.#ground = ground;
	}

	override get name(): string {
		return this.options.name;
	}

	override get up(): boolean {
		return super.up && this.#plugged && !this.#dead;
	}

	/** Pulls out the cable, or plugs it in. */
	plug(up: boolean): void {
		if (this.#plugged === up) return;
		this.#plugged = up;
		this.#ground.trace.add(`${this.host} ${this.name} ${up ? 'up' : 'down'}`);
		this.handler.onState();
	}

	/** The host has lost its power: it says not even goodbye. */
	kill(): void {
		this.#dead = true;
	}

	override send(frames: readonly Uint8Array[]): boolean {
		if (!this.up) return true;
		const leaving = this.translator
			? frames.flatMap((frame) => this.translator!.leaving(frame.slice(), this) ?? [])
			: frames;
		for (const frame of leaving) this.#capture(frame);
		return super.send(leaving);
	}

	override onFrames(frames: readonly Uint8Array[]): void {
		if (!this.up) return;
		const passing = frames.flatMap((frame) => this.#judge(frame));
		if (passing.length > 0) this.#arrive(passing);
	}

	/** The frames that arrive now: none if it is dropped or delayed, several if it is duplicated. */
	#judge(frame: Uint8Array): Uint8Array[] {
		const { faults, trace, clock } = this.#ground;
		const from = this.#ground.station(frame, 6) ?? '?';
		const packet = new FramePacket(frame, { at: clock.now(), from, to: this.host, link: this.segment.name });
		let verdict: Verdict = 'pass';
		if (faults.any) {
			const source = packet.source;
			const origin = source && this.#ground.hostOf(source);
			const near = faults.between(from, this.host);
			const state = near === 'open' && origin !== undefined ? faults.between(origin, this.host) : near;
			if (typeof state === 'object') {
				trace.add(`hold ${from}>${this.host}`, frame, () => packet.toString());
				this.#keep(frame, (deliver) => state.held.push(deliver));
				return [];
			}
			verdict = state === 'cut' ? 'drop' : faults.judge(packet);
		}
		const what = typeof verdict === 'string' ? verdict : Object.keys(verdict)[0];
		trace.add(`${what} ${from}>${this.host}`, frame, () => packet.toString());
		if (verdict === 'pass') return [frame];
		if (verdict === 'drop') return [];
		if ('delay' in verdict) {
			const { delay } = verdict;
			this.#keep(frame, (deliver) => clock.after(delay, deliver));
			return [];
		}
		if ('corrupt' in verdict) return [turned(frame, verdict.corrupt)];
		return Array.from({ length: 1 + verdict.duplicate }, () => frame);
	}

	#arrive(frames: readonly Uint8Array[]): void {
		const { clock } = this.options;
		if (!clock.paused) this.#deliver(frames);
		else for (const frame of frames) this.#keep(frame, (deliver) => clock.run(deliver));
	}

	/** Keeps a copy until it is delivered; drops it when there are too many. */
	#keep(frame: Uint8Array, until: (deliver: () => void) => void): void {
		if (this.#held >= mostHeld) return;
		this.#held += 1;
		const copy = frame.slice();
		until(() => {
			this.#held -= 1;
			if (this.up) this.#arrive([copy]);
		});
	}

	#deliver(frames: readonly Uint8Array[]): void {
		const arriving = this.translator
			? frames.flatMap((frame) => this.translator!.arriving(frame.slice(), this) ?? [])
			: frames;
		for (const frame of arriving) {
			this.#capture(frame);
			this.overhear?.(frame);
		}
		super.onFrames(arriving);
	}

	#capture(frame: Uint8Array): void {
		for (const capture of this.captures) capture(frame);
	}
}

/** A copy with one bit turned, counted from behind the Ethernet header; `true` is the last one. */
function turned(frame: Uint8Array, bit: true | number): Uint8Array {
	const copy = frame.slice();
	const at = bit === true ? 8 * copy.length - 1 : 8 * 14 + bit;
	if (at < 8 * copy.length) copy[at >> 3]! ^= 0x80 >> (at & 7);
	return copy;
}
