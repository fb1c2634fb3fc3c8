/** What is measured, of whom, and what the project has set itself as its aim. */

export type SubjectName = 'post-sockets' | 'raw' | 'node' | 'ws' | 'zeromq' | 'grpc' | 'socket.io';

export interface Load {
	/** One way with an answer to the last message only, or every message answered by itself. */
	readonly pattern: 'oneway' | 'echo';
	readonly content: 'bytes' | 'json';
	/** Of one message. */
	readonly bytes: number;
	/** Messages whose fate is waited for at the same time; 0: none is, the sender only stops for a full queue. */
	readonly outstanding: number;
	/** What the receiver may do with a message: look at it now, keep it; `iterated` ones are kept, taken by `for await`. */
	readonly receive: 'borrowed' | 'owned' | 'iterated';
	readonly secure: boolean;
}

/** `subject` post-sockets must do at least so many times what `against` does. */
export interface Target {
	readonly against: SubjectName;
	readonly least: number;
}

export interface Case {
	readonly id: string;
	readonly unit: 'GB/s' | 'messages/s' | 'round trips/s';
	readonly load: Load;
	readonly subjects: readonly SubjectName[];
	readonly targets: readonly Target[];
}

const oneway: Load = {
	pattern: 'oneway',
	content: 'bytes',
	bytes: 64,
	outstanding: 0,
	receive: 'borrowed',
	secure: false,
};
const bulk: Load = { ...oneway, bytes: 65_536 };
const echo: Load = { ...oneway, pattern: 'echo', receive: 'owned' };

const ours: readonly SubjectName[] = ['post-sockets', 'raw'];
const everybody: readonly SubjectName[] = [...ours, 'ws', 'zeromq', 'grpc', 'socket.io'];

function toRaw(least: number): Target {
	return { against: 'raw', least };
}

const threeTimesWs: Target = { against: 'ws', least: 3 };

export const cases: readonly Case[] = [
	{ id: 'bulk-64KiB', unit: 'GB/s', load: bulk, subjects: everybody, targets: [toRaw(0.9)] },
	{ id: 'bulk-64KiB-owned', unit: 'GB/s', load: { ...bulk, receive: 'owned' }, subjects: ours, targets: [toRaw(0.75)] },
	{
		id: 'oneway-64B-post',
		unit: 'messages/s',
		load: oneway,
		subjects: everybody,
		targets: [toRaw(0.5), threeTimesWs],
	},
	{
		id: 'oneway-64B-iterate',
		unit: 'messages/s',
		load: { ...oneway, receive: 'iterated' },
		subjects: ours,
		targets: [toRaw(0.1)],
	},
	{
		id: 'oneway-64B-send512',
		unit: 'messages/s',
		load: { ...oneway, outstanding: 512 },
		subjects: ours,
		targets: [toRaw(0.15)],
	},
	{
		id: 'pingpong-1',
		unit: 'round trips/s',
		load: { ...echo, outstanding: 1 },
		subjects: everybody,
		targets: [toRaw(0.9)],
	},
	{
		id: 'pingpong-64',
		unit: 'round trips/s',
		load: { ...echo, outstanding: 64 },
		subjects: everybody,
		targets: [toRaw(0.85), threeTimesWs],
	},
	{
		id: 'json-1KiB',
		unit: 'messages/s',
		load: { ...oneway, content: 'json', bytes: 1024, receive: 'owned' },
		subjects: [...ours, 'ws'],
		targets: [toRaw(0.9)],
	},
	{
		id: 'tls-bulk',
		unit: 'GB/s',
		load: { ...bulk, secure: true },
		subjects: ['post-sockets', 'node'],
		targets: [{ against: 'node', least: 0.9 }],
	},
];
