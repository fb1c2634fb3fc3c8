import { badArgument } from '../../../base/errors.ts';
import type { Frame, FrameInput, FrameOutput, FrameProperties, Framer, Framing } from '../framer.ts';

/**
 * One message is one datagram, whole and with nothing added: for transports that keep messages apart. Over a stream the
 * one message ends with the stream.
 */
export function datagram(): Framing {
	return { name: 'datagram', preservesBoundaries: false, framer: () => new DatagramFramer() };
}

class DatagramFramer implements Framer {
	#taken = false;

	frame(message: Uint8Array, { complete }: FrameProperties, out: FrameOutput): void {
		if (!complete) throw badArgument('a datagram is sent whole, not in pieces', 'send');
		out.write(message);
	}

	deframe(input: FrameInput): Frame | 'need-more' {
		if (!input.ended || this.#taken) return 'need-more';
		this.#taken = true;
		return input.take(input.length);
	}
}
