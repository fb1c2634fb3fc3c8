/** Certificates as files, for programs that take nothing else. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { type CertificateRequest, type IssuedCertificate, testPki } from '../../src/testing/certificates.ts';

export interface PemFiles {
	/** A folder that goes with the tests. */
	readonly folder: string;
	/** The path of the authority of `testPki()`. */
	readonly ca: string;
	issue(request: CertificateRequest): IssuedFiles;
}

export interface IssuedFiles extends IssuedCertificate {
	/** Paths of the two. */
	readonly certFile: string;
	readonly keyFile: string;
}

/** What a file of tests needs of `testPki()`; called once, where it begins. */
export function pemFiles(): PemFiles {
	const folder = mkdtempSync(join(tmpdir(), 'post-sockets-pem-'));
	after(() => rmSync(folder, { recursive: true }));
	let written = 0;
	const file = (content: string) => {
		written += 1;
		const path = join(folder, `${written}.pem`);
		writeFileSync(path, content);
		return path;
	};
	const pki = testPki();
	return {
		folder,
		ca: file(pki.ca),
		issue(request) {
			const { cert, key } = pki.issue(request);
			return { cert, key, certFile: file(cert), keyFile: file(key) };
		},
	};
}
