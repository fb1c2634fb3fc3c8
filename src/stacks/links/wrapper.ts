/** What stands between a link and its user, and is a link itself: it has what it wraps, and passes everything on. */

import type { PostSocketsError } from '../../base/errors.ts';
import type { MacAddress } from '../../base/mac-address.ts';
import { deaf, type FrameInfo, type Link, type LinkHandler, type Medium, type Offloads } from '../../stack/link.ts';

export class LinkWrapper implements Link, LinkHandler {
	handler = deaf;
	protected readonly link: Link;

	/** From now on the link is the wrapper's. */
	constructor(link: Link) {
		this.link = link;
		link.handler = this;
	}

	get name(): string {
		return this.link.name;
	}

	get medium(): Medium {
		return this.link.medium;
	}

	get mtu(): number {
		return this.link.mtu;
	}

	get address(): MacAddress | undefined {
		return this.link.address;
	}

	get offloads(): Offloads {
		return this.link.offloads;
	}

	get up(): boolean {
		return this.link.up;
	}

	send(frames: readonly Uint8Array[], infos?: readonly (FrameInfo | undefined)[]): boolean {
		return this.link.send(frames, infos);
	}

	close(): void {
		this.link.close();
	}

	ref(): void {
		this.link.ref();
	}

	unref(): void {
		this.link.unref();
	}

	onFrames(frames: readonly Uint8Array[], infos?: readonly (FrameInfo | undefined)[]): void {
		this.handler.onFrames(frames, infos);
	}

	onDrain(): void {
		this.handler.onDrain();
	}

	onState(): void {
		this.handler.onState();
	}

	onClose(error: PostSocketsError | undefined): void {
		this.handler.onClose(error);
	}
}
