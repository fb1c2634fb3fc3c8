/** Standard Schema v1, as a codec uses it: at once, and with errors of ours. */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import { PostSocketsError } from '../../../base/errors.ts';

const issuesShown = 3;
const issueLength = 200;

/**
 * The schema's output for `value`. Throws `malformed` for a received value it refuses, `bad-argument` for one to be
 * sent, `not-supported` if it answers with a promise.
 */
export function checked(schema: StandardSchemaV1, value: unknown, operation: 'send' | 'receive'): unknown {
	const standard = schema['~standard'];
	const { vendor } = standard;
	let result: ReturnType<typeof standard.validate>;
	try {
		result = standard.validate(value);
	} catch (cause) {
		throw refused(`the ${vendor} schema threw: ${cause}`, operation, cause);
	}
	if ('then' in result) {
		result.then(undefined, () => {});
		const message = `this ${vendor} schema validates asynchronously; a codec needs one that answers at once`;
		throw new PostSocketsError('not-supported', message, { operation });
	}
	if (result.issues) throw refused(described(result.issues), operation);
	return result.value;
}

function refused(why: string, operation: 'send' | 'receive', cause?: unknown): PostSocketsError {
	return operation === 'receive'
		? new PostSocketsError('malformed', `the received message does not fit its schema: ${why}`, { operation, cause })
		: new PostSocketsError('bad-argument', `the message to send does not fit its schema: ${why}`, { operation, cause });
}

function described(issues: readonly StandardSchemaV1.Issue[]): string {
	const shown = issues.slice(0, issuesShown).map((issue) => {
		const path = pathOf(issue);
		const line = path === '' ? issue.message : `${path}: ${issue.message}`;
		return line.length > issueLength ? `${line.slice(0, issueLength)}…` : line;
	});
	if (issues.length > issuesShown) shown.push(`and ${issues.length - issuesShown} more`);
	return shown.join('; ');
}

/** `items[2].name` */
function pathOf({ path = [] }: StandardSchemaV1.Issue): string {
	let text = '';
	for (const segment of path) {
		const key = typeof segment === 'object' ? segment.key : segment;
		if (typeof key === 'number') text += `[${key}]`;
		else text += text === '' ? String(key) : `.${String(key)}`;
	}
	return text;
}
