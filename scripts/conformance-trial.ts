/** Hears the test runner's events and keeps, of every test, what it claims to prove and how it ended. */

/** What a test says, as a diagnostic, when it asserts for the first time. */
export const asserted = 'conformance: asserted';

/** An event of `run()` of node:test, as far as it is looked at. */
export interface RunnerEvent {
	readonly type: string;
	readonly data: {
		readonly name?: string;
		readonly nesting?: number;
		/** Where the test is declared, which may be a helper of many files of tests. */
		readonly file?: string | undefined;
		/** The file of tests that ran. */
		readonly entryFile?: string | undefined;
		readonly message?: string;
		readonly skip?: string | boolean | undefined;
		readonly todo?: string | boolean | undefined;
		readonly expectFailure?: unknown;
		readonly details?: {
			readonly type?: string | undefined;
			readonly error?: { readonly message?: string; readonly failureType?: string } | undefined;
		};
	};
}

/** A test or a suite. */
export interface Tried {
	readonly name: string;
	readonly file: string;
	readonly parent: Tried | undefined;
	/** Rows that its own name begins with. */
	readonly ids: readonly string[];
	end: 'none' | 'pass' | 'fail';
	suite: boolean;
	asserted: boolean;
	/** The reason, which may be empty. */
	skip: string | undefined;
	todo: string | undefined;
	/** It failed only because of what is inside. */
	fromInside: boolean;
	message: string;
}

export class Trial {
	readonly tried: Tried[] = [];
	/** Files that ended by themselves, or could not be loaded, each with its error: their tests may not have run. */
	readonly broken = new Map<string, string>();
	/** Those that began last, outermost first, at the index of their nesting: events come in the order of declaration. */
	readonly #open: Tried[] = [];
	#ended: Tried | undefined;

	hear({ type, data }: RunnerEvent): void {
		const { name = '', file = '', entryFile = file } = data;
		if (type === 'test:diagnostic') {
			if (this.#ended && data.message === asserted) this.#ended.asserted = true;
		} else if (name !== '' && name === file) {
			if (type === 'test:fail') this.broken.set(file, data.details?.error?.message ?? '');
		} else if (type === 'test:start') {
			this.#start(name, entryFile, data.nesting ?? 0);
		} else if (type === 'test:pass' || type === 'test:fail') {
			this.#end(type === 'test:pass', data);
		}
	}

	#start(name: string, file: string, nesting: number): void {
		this.#open.length = nesting;
		this.#open[nesting] = {
			name,
			file,
			parent: this.#open[nesting - 1],
			ids: leadingIds(name),
			end: 'none',
			suite: false,
			asserted: false,
			skip: undefined,
			todo: undefined,
			fromInside: false,
			message: '',
		};
		this.tried.push(this.#open[nesting]);
		this.#ended = undefined;
	}

	#end(passed: boolean, { name, nesting = 0, skip, todo, expectFailure, details }: RunnerEvent['data']): void {
		const it = this.#open[nesting];
		if (it?.name !== name || it?.end !== 'none') throw new Error(`the test runner ended "${name}", which is not open`);
		it.end = passed ? 'pass' : 'fail';
		it.suite = details?.type === 'suite';
		it.skip = reason(skip);
		it.todo = reason(todo) ?? (expectFailure ? 'is expected to fail' : undefined);
		it.fromInside = details?.error?.failureType === 'subtestsFailed';
		it.message = details?.error?.message ?? '';
		this.#ended = it;
	}
}

/** Its name after those of its parents. */
export function fullName({ name, parent }: Tried): string {
	return parent ? `${fullName(parent)} > ${name}` : name;
}

/** Rows that it claims, its parents' included. */
export function claims({ ids, parent }: Tried): string[] {
	return [...new Set([...(parent ? claims(parent) : []), ...ids])];
}

const row = /^[A-Z]-(?:\d|[A-C][-.])[\w.-]*$/;
/** The scenarios of the race matrix (S20, D14, P04, C01) stand among the ids of rows, and are none. */
const scenario = /^[CDPS]\d\d[a-z]?$/;

/** `H-34` and `I-4.3.2-02` of `H-34 S20 I-4.3.2-02 starts the next`. */
export function leadingIds(name: string): string[] {
	const ids: string[] = [];
	for (const word of words(name)) {
		if (row.test(word)) ids.push(word);
		else if (!scenario.test(word)) break;
	}
	return ids;
}

/** What looks like the id of a row, wherever in the name. P-256 and the like are elliptic curves. */
export function mentionedIds(name: string): string[] {
	return words(name).filter((word) => row.test(word) && !/^P-(256|384|521)$/.test(word));
}

function words(name: string): string[] {
	return name.split(/\s+/).map((word) => word.replace(/^[([]|[\])]?[,:;.]?$/g, ''));
}

function reason(given: string | boolean | undefined): string | undefined {
	return given === undefined || given === false ? undefined : given === true ? '' : given;
}
