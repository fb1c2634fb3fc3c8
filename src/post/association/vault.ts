/** What becomes of secrets (TLS tickets: who has one can pass for this client) when they are to be written to a file. */

import { badArgument } from '../../base/errors.ts';
import { decodeSecret, encodeLine, encodeSecret, type Form, type Line } from './file-format.ts';
import type { Entry } from './store.ts';

/**
 * Encryption by the application, with a key from where the file is not. It must be authenticated (AES-GCM, say): what
 * `decrypt` accepts is believed.
 */
export interface Sealer {
	encrypt(plain: Uint8Array): Uint8Array | Promise<Uint8Array>;
	/** Throws for what `encrypt` has not made with this key. */
	decrypt(sealed: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** `none`: never written. `plain`: as they are. */
export type Secrets = 'none' | 'plain' | Sealer;

export class Vault {
	/** How secrets look in the file; undefined if none may be there. */
	readonly form: Exclude<Form, 'open'> | undefined;
	readonly #sealer: Sealer | undefined;
	/** Each is encrypted once, however often the file is written. */
	readonly #sealed = new WeakMap<Entry, string>();

	/** Throws `bad-argument` for what is none of the three. */
	constructor(secrets: Secrets) {
		const sealer = typeof secrets === 'object' ? secrets : undefined;
		if (sealer === undefined && secrets !== 'none' && secrets !== 'plain') {
			throw badArgument(`secrets is "${String(secrets)}"; it is "none", "plain" or { encrypt, decrypt }`, 'fileStore');
		}
		this.#sealer = sealer;
		this.form = sealer ? 'sealed' : secrets === 'plain' ? 'plain' : undefined;
	}

	/** The line of a secret; undefined if it is not to be written. Rejects with `bad-argument` if `encrypt` fails. */
	async lineOf(entry: Entry): Promise<string | undefined> {
		if (this.form === undefined) return undefined;
		if (this.#sealer === undefined) return encodeLine({ ...entry, form: 'plain' });
		const known = this.#sealed.get(entry);
		if (known !== undefined) return known;
		let value: Uint8Array;
		try {
			value = await this.#sealer.encrypt(encodeSecret(entry));
		} catch (error) {
			const why = error instanceof Error ? error.message : String(error);
			throw Object.assign(badArgument(`secrets.encrypt failed, so nothing was written: ${why}`, 'fileStore'), {
				cause: error,
			});
		}
		const line = encodeLine({ ...nowhere, form: 'sealed', expires: entry.expires, value });
		this.#sealed.set(entry, line);
		return line;
	}

	/** The entry in the line of a secret; undefined if it cannot be decrypted. */
	async entryOf(line: Line): Promise<Entry | undefined> {
		if (line.form === 'plain') return { ...line, disk: 'secret' };
		if (this.#sealer === undefined) return undefined;
		try {
			const inner = decodeSecret(await this.#sealer.decrypt(line.value as Uint8Array));
			return inner && { ...inner, disk: 'secret' };
		} catch {
			return undefined;
		}
	}
}

/** The place of a secret is part of what is encrypted: it tells with whom the application talks. */
const nowhere = { partition: '', network: '', kind: '', key: '' };
