/**
 * DNS messages (RFC 1035 §4, RFC 6891): parsed leniently into plain values, written strictly.
 *
 * Unlike the packets beside it a message is no view: names point across it, so that it is copied when it is read, and
 * how long it gets is known when it is written. `parseMessage` gives undefined for bytes that are no message, and throws
 * nothing. Within a message, data that does not fit the type of its record is kept as an `OpaqueRecord`: who needs that
 * type sees that it is bad, and who does not loses nothing. Memory is bounded by the bytes: a record takes eleven at
 * least, a name is 255 octets at most.
 */

import { badArgument } from '../../base/errors.ts';
import { malformed, Reader } from './reader.ts';
import { type AnyRecord, internet, readData, type TypeName, typeNumber, typeOf, writeData } from './record.ts';
import { Writer } from './writer.ts';

export interface Question {
	readonly name: string;
	readonly type: TypeName | number;
	/** Default 1, the Internet. */
	readonly class?: number | undefined;
}

/** What an OPT record says, less its part of the response code. RFC 6891 §6.1 */
export interface Edns {
	/** Octets of the largest datagram that its sender takes. */
	readonly udpSize: number;
	readonly version: number;
	readonly dnssecOk: boolean;
	readonly options: readonly { readonly code: number; readonly data: Uint8Array }[];
}

export interface Message {
	readonly id: number;
	readonly response: boolean;
	readonly opcode: number;
	readonly authoritative: boolean;
	readonly truncated: boolean;
	readonly recursionDesired: boolean;
	readonly recursionAvailable: boolean;
	readonly authenticData: boolean;
	readonly checkingDisabled: boolean;
	/** Of 12 bits where there is an OPT record, else of 4. */
	readonly rcode: number;
	readonly questions: readonly Question[];
	readonly answers: readonly AnyRecord[];
	readonly authorities: readonly AnyRecord[];
	/** Without the OPT record, which is `edns`. */
	readonly additionals: readonly AnyRecord[];
	readonly edns?: Edns | undefined;
}

export const rcodes = {
	noError: 0,
	formatError: 1,
	serverFailure: 2,
	nameError: 3,
	notImplemented: 4,
	refused: 5,
	badVersion: 16,
} as const;

const opt = 41;

const flags = {
	response: 0x8000,
	authoritative: 0x0400,
	truncated: 0x0200,
	recursionDesired: 0x0100,
	recursionAvailable: 0x0080,
	authenticData: 0x0020,
	checkingDisabled: 0x0010,
} as const;

const dnssecOk = 0x8000;

/**
 * Reads a message; undefined if it is none. A truncated one may end within its records: those before count. What
 * follows the last record is ignored. The value shares no memory with `bytes`.
 */
export function parseMessage(bytes: Uint8Array): Message | undefined {
	try {
		return readMessage(new Reader(bytes));
	} catch (error) {
		if (error === malformed) return undefined;
		throw error;
	}
}

/** Writes a message in an array of its own; what is left out is 0, false or empty. Throws `bad-argument`, `too-large`. */
export function emitMessage(message: Partial<Message>): Uint8Array {
	const {
		id = 0,
		opcode = 0,
		rcode = 0,
		questions = [],
		answers = [],
		authorities = [],
		additionals = [],
		edns,
	} = message;
	const writer = new Writer();
	writer.u16(id);
	if (opcode > 15) throw badArgument(`an opcode is a number from 0 to 15, not ${opcode}`, 'dns');
	if (rcode > (edns ? 4095 : 15))
		throw badArgument(`the response code ${rcode} does not fit, with or without edns`, 'dns');
	let bits = (opcode << 11) | (rcode & 15);
	for (const [name, bit] of Object.entries(flags)) if (message[name as keyof typeof flags]) bits |= bit;
	writer.u16(bits);
	writer.u16(questions.length);
	writer.u16(answers.length);
	writer.u16(authorities.length);
	writer.u16(additionals.length + (edns ? 1 : 0));
	for (const question of questions) {
		writer.name(question.name);
		writer.u16(typeNumber(question.type));
		writer.u16(question.class ?? internet);
	}
	for (const record of [...answers, ...authorities, ...additionals]) writeRecord(record, writer);
	if (edns) writeEdns(edns, rcode, writer);
	return writer.finish();
}

function readMessage(reader: Reader): Message {
	const id = reader.u16();
	const bits = reader.u16();
	const has = (flag: keyof typeof flags) => (bits & flags[flag]) !== 0;
	const counts = Array.from({ length: 4 }, () => reader.u16());
	const questions = Array.from({ length: counts[0]! }, () => readQuestion(reader));
	const truncated = has('truncated');
	const sections: AnyRecord[][] = [[], [], []];
	try {
		for (const [index, section] of sections.entries()) {
			for (let count = counts[index + 1]!; count > 0; count -= 1) section.push(readRecord(reader));
		}
	} catch (error) {
		if (error !== malformed || !truncated) throw error;
	}
	const [answers, authorities, rest] = sections as [AnyRecord[], AnyRecord[], AnyRecord[]];
	const [option, second] = rest.filter(({ type }) => type === opt);
	if (second) throw malformed; // RFC 6891 §6.1.1
	const edns = option && readEdns(option);
	return {
		id,
		response: has('response'),
		opcode: (bits >>> 11) & 15,
		authoritative: has('authoritative'),
		truncated,
		recursionDesired: has('recursionDesired'),
		recursionAvailable: has('recursionAvailable'),
		authenticData: has('authenticData'),
		checkingDisabled: has('checkingDisabled'),
		rcode: (bits & 15) | (option ? (option.ttl >>> 24) << 4 : 0),
		questions,
		answers,
		authorities,
		additionals: rest.filter((record) => record !== option),
		...(edns && { edns }),
	};
}

function readQuestion(reader: Reader): Question {
	return { name: reader.name(), type: typeOf(reader.u16()), class: reader.u16() };
}

function readRecord(reader: Reader): AnyRecord {
	const name = reader.name();
	const type = reader.u16();
	const owner = { name, class: reader.u16(), ttl: reader.u32() };
	return readData(owner, type, reader.piece(reader.u16()));
}

function writeRecord(record: AnyRecord, writer: Writer): void {
	writer.name(record.name);
	writer.u16(typeNumber(record.type));
	writer.u16(record.class);
	writer.u32(record.ttl);
	writer.measured(() => writeData(record, writer));
}

/** The fields of an OPT record have other meanings than those of others. RFC 6891 §6.1.2 */
function readEdns(record: AnyRecord): Edns {
	if (!('data' in record) || record.name !== '.') throw malformed;
	const reader = new Reader(record.data);
	const options: { code: number; data: Uint8Array }[] = [];
	while (reader.left > 0) options.push({ code: reader.u16(), data: reader.octets(reader.u16()) });
	return {
		udpSize: record.class,
		version: (record.ttl >>> 16) & 0xff,
		dnssecOk: (record.ttl & dnssecOk) !== 0,
		options,
	};
}

function writeEdns(edns: Edns, rcode: number, writer: Writer): void {
	writer.name('.');
	writer.u16(opt);
	writer.u16(edns.udpSize);
	writer.u8(rcode >>> 4);
	writer.u8(edns.version);
	writer.u16(edns.dnssecOk ? dnssecOk : 0);
	writer.measured(() => {
		for (const { code, data } of edns.options) {
			writer.u16(code);
			writer.measured(() => writer.octets(data));
		}
	});
}
