/**
 * A link with faults: late, slow, lossy, as told, each direction by itself.
 *
 * ```ts
 * const bad = impair(link, { clock, random: seededRandom(7), sending: { loss: 0.01, latency: 20 } });
 * bad.change({ receiving: { rate: 1_000_000 } });
 * ```
 *
 * Its user cannot tell it from the link that it wraps: what is lost or waits was sent as far as `send` says, as on a
 * network whose trouble is further away, and what the link below has no room for when its time comes is lost there. A
 * frame is what the link's user calls one: with offloaded segmentation, all segments of a frame are lost together. The
 * same seed and the same frames at the same times give the same trace.
 */

import { type Clock, systemClock } from '../../../base/clock.ts';
import { badArgument, type PostSocketsError } from '../../../base/errors.ts';
import { type Driver, drive } from '../../../base/machine.ts';
import { type Random, seededRandom, systemRandom } from '../../../base/random.ts';
import type { FrameInfo, Link } from '../../../stack/link.ts';
import { LinkWrapper } from '../wrapper.ts';
import { Impairment, type ImpairmentCounters, type ImpairmentEvent } from './impairment.ts';
import { check, type Impairments } from './impairments.ts';

export interface Directions {
	/** Of what is sent by this link. */
	readonly sending?: Impairments | undefined;
	/** Of what is received by this link. */
	readonly receiving?: Impairments | undefined;
}

export interface ImpairOptions extends Directions {
	/** Default `systemClock`, whose timers are good to a millisecond; a rate is kept all the same. */
	readonly clock?: Clock | undefined;
	/** Each direction gets a sequence of its own out of it. Default `systemRandom`. */
	readonly random?: Random | undefined;
	/** Bytes that wait in each direction, a frame counted as a multiple of 64; more is dropped. Default 64 MiB. */
	readonly capacity?: number | undefined;
}

export interface ImpairedLink extends Link {
	/** Replaces all impairments of the directions that are given. What is in flight keeps its latency. */
	change(directions: Directions): void;
	readonly counters: { readonly sending: ImpairmentCounters; readonly receiving: ImpairmentCounters };
}

/** The link is the wrapper's from now on. */
export function impair(link: Link, options: ImpairOptions = {}): ImpairedLink {
	return new Impaired(link, options);
}

class Impaired extends LinkWrapper implements ImpairedLink {
	readonly #sending: Impairment;
	readonly #receiving: Impairment;
	readonly #sender: Driver<ImpairmentEvent>;
	readonly #receiver: Driver<ImpairmentEvent>;
	/** What the link said last; `handler` has heard of it if it sent since. */
	#welcome = true;
	#told = true;

	constructor(link: Link, options: ImpairOptions) {
		checkFor(link, options);
		super(link);
		const { clock = systemClock, random = systemRandom, capacity = 67_108_864, sending = {}, receiving = {} } = options;
		const machine = (impairments: Impairments) =>
			new Impairment(link.medium, seededRandom(random.uint32()), capacity, impairments);
		this.#sending = machine(sending);
		this.#receiving = machine(receiving);
		this.#sender = drive(
			this.#sending,
			{
				pass: (frames, infos) => {
					if (!link.send(frames, infos)) this.#welcome = false;
				},
			},
			clock,
		);
		this.#receiver = drive(this.#receiving, { pass: (frames, infos) => this.handler.onFrames(frames, infos) }, clock);
	}

	get counters(): ImpairedLink['counters'] {
		return { sending: this.#sending.counters, receiving: this.#receiving.counters };
	}

	change(directions: Directions): void {
		checkFor(this.link, directions);
		const { sending, receiving } = directions;
		if (sending) this.#sender.send({ type: 'change', impairments: sending });
		if (receiving) this.#receiver.send({ type: 'change', impairments: receiving });
	}

	override send(frames: readonly Uint8Array[], infos?: readonly (FrameInfo | undefined)[]): boolean {
		this.#sender.send({ type: 'frames', frames, infos });
		this.#told = this.#welcome;
		return this.#welcome;
	}

	override close(): void {
		this.#stop();
		super.close();
	}

	override onFrames(frames: readonly Uint8Array[], infos?: readonly (FrameInfo | undefined)[]): void {
		this.#receiver.send({ type: 'frames', frames, infos });
	}

	override onDrain(): void {
		this.#welcome = true;
		if (!this.#told) super.onDrain();
		this.#told = true;
	}

	override onClose(error: PostSocketsError | undefined): void {
		this.#stop();
		super.onClose(error);
	}

	#stop(): void {
		this.#sender.stop();
		this.#receiver.stop();
		this.#sending.clear();
		this.#receiving.clear();
	}
}

function checkFor({ name, offloads }: Link, { sending = {}, receiving = {} }: Directions): void {
	for (const impairments of [sending, receiving]) {
		check(impairments);
		if (!impairments.corruption || !(offloads.sendChecksum || offloads.receiveChecksum)) continue;
		throw badArgument(`${name} offloads checksums, so nobody would notice corruption; make it without these offloads`);
	}
}
