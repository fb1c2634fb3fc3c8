/**
 * How a store looks in a file: a line that says what it is, then one line per entry, the one used last first.
 *
 *     post-sockets association store, version 1
 *     5994471abb01112a ["open",1789000000000,"","wlan","rtt","192.0.2.1",{"srtt":21.5}]
 *
 * Each line begins with a checksum of its rest, so that whatever a crash or a bad disk leaves, an entry is whole or it is
 * dropped. What is cut off at the end are the entries used longest ago.
 */

import { hash } from 'node:crypto';
import { PostSocketsError } from '../../base/errors.ts';
import type { Entry } from './store.ts';
import type { StoredObject, StoredValue } from './value.ts';

const title = 'post-sockets association store, version ';
const version = 1;

export const header = `${title}${version}\n`;

/** `open`: anyone who reads the file may know. `plain`: a secret, readable. `sealed`: a secret, encrypted. */
export type Form = 'open' | 'plain' | 'sealed';

/** An entry as it is in the file; the value of a sealed one are its encrypted bytes, and its place is in them. */
export interface Line extends Omit<Entry, 'disk'> {
	readonly form: Form;
}

export function encodeLine({ form, expires, partition, network, kind, key, value }: Line): string {
	const text = JSON.stringify([form, expires, partition, network, kind, key, toJson(value)]);
	return `${checksum(text)} ${text}\n`;
}

/**
 * The whole entries of a file, in its order, and how many others there were. Throws `bad-argument` for a file that is
 * something else and `not-supported` for one of a later version; `path` is for the message. A file cut off within its
 * first line is torn, and empty.
 */
export function decodeFile(bytes: Uint8Array, path: string): { lines: Line[]; damaged: number } {
	const [first, ...rest] = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8').split('\n');
	if (rest.length === 0 && isStartOfHeader(first!)) return { lines: [], damaged: 0 };
	checkHeader(first!, path);
	if (rest.at(-1) === '') rest.pop();
	const lines = rest.map(decodeLine).filter((line) => line !== undefined);
	return { lines, damaged: rest.length - lines.length };
}

/** What is encrypted of a secret: all of it. */
export function encodeSecret(line: Omit<Line, 'form'>): Uint8Array {
	return Buffer.from(encodeLine({ ...line, form: 'plain' }));
}

/** Undefined if those are not the bytes of a secret. */
export function decodeSecret(bytes: Uint8Array): Line | undefined {
	const line = decodeLine(Buffer.from(bytes).toString('utf8').trimEnd());
	return line?.form === 'plain' ? line : undefined;
}

function isStartOfHeader(text: string): boolean {
	return title.startsWith(text) || (text.startsWith(title) && /^\d*$/.test(text.slice(title.length)));
}

function checkHeader(first: string, path: string): void {
	const [, digits] = first.startsWith(title) ? (/^([1-9]\d{0,5})$/.exec(first.slice(title.length)) ?? []) : [];
	if (Number(digits) === version) return;
	const [code, what] =
		digits === undefined
			? (['bad-argument', 'is no association store; give the path of one, or of a file that is not there yet'] as const)
			: ([
					'not-supported',
					`has version ${digits}, this library reads ${version}; update it, or give another path`,
				] as const);
	throw new PostSocketsError(code, `${path} ${what}. The file was left as it is`, { operation: 'fileStore' });
}

function decodeLine(line: string): Line | undefined {
	const text = line.slice(17);
	if (line[16] !== ' ' || line.slice(0, 16) !== checksum(text)) return undefined;
	const fields = parse(text);
	if (!Array.isArray(fields) || fields.length !== 7) return undefined;
	const [form, expires, partition, network, kind, key, json] = fields as unknown[];
	const value = fromJson(json);
	if ((form !== 'open' && form !== 'plain' && form !== 'sealed') || typeof expires !== 'number') return undefined;
	if (typeof partition !== 'string' || typeof network !== 'string') return undefined;
	if (typeof kind !== 'string' || typeof key !== 'string') return undefined;
	if (form === 'sealed' && !(value instanceof Uint8Array)) return undefined;
	return { form, expires, partition, network, kind, key, value };
}

function checksum(text: string): string {
	return hash('sha256', text, 'hex').slice(0, 16);
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** Bytes become `{"~":"base64"}`; a name of the user's that begins with `~` gets one more. */
function toJson(value: StoredValue): unknown {
	if (typeof value !== 'object' || value === null) return value;
	if (value instanceof Uint8Array) return { '~': Buffer.from(value).toString('base64') };
	if (Array.isArray(value)) return (value as readonly StoredValue[]).map(toJson);
	const members = Object.entries(value as StoredObject);
	return Object.fromEntries(
		members.map(([name, member]) => [name.startsWith('~') ? `~${name}` : name, toJson(member)]),
	);
}

function fromJson(json: unknown): StoredValue {
	if (typeof json !== 'object' || json === null) return json as StoredValue;
	if (Array.isArray(json)) return json.map(fromJson);
	const members = Object.entries(json);
	const [first] = members;
	if (first?.[0] === '~') return new Uint8Array(Buffer.from(String(first[1]), 'base64'));
	return Object.fromEntries(members.map(([name, member]) => [name.replace(/^~/, ''), fromJson(member)]));
}
