/** Received bytes as JSON: text where they are UTF-8, base64 where they are not. Nothing is lost either way. */

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export type Chunk =
	| { readonly received: string; readonly bytes: number }
	| { readonly base64: string; readonly bytes: number };

/** The chunks in order, joined, are the stream; a character cut by the network goes with the chunk that completes it. */
export class ReceivedText {
	#kept: Uint8Array = new Uint8Array(0);

	push(bytes: Uint8Array): Chunk | undefined {
		const all = Buffer.concat([this.#kept, bytes]);
		const cut = all.length - unfinished(all);
		this.#kept = all.subarray(cut);
		return cut === 0 ? undefined : toChunk(all.subarray(0, cut));
	}

	/** What is left of a character that never came to its end. */
	end(): Chunk | undefined {
		const rest = this.#kept;
		this.#kept = new Uint8Array(0);
		return rest.length === 0 ? undefined : toChunk(rest);
	}
}

function toChunk(bytes: Uint8Array): Chunk {
	try {
		return { received: strict.decode(bytes), bytes: bytes.length };
	} catch {
		return { base64: Buffer.from(bytes).toString('base64'), bytes: bytes.length };
	}
}

/** How many bytes at the end begin a character without finishing it (RFC 3629 §3). */
function unfinished(bytes: Uint8Array): number {
	for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
		const byte = bytes[bytes.length - back]!;
		if (byte < 0x80) return 0;
		if (byte < 0xc0) continue;
		const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
		return back < length ? back : 0;
	}
	return 0;
}
