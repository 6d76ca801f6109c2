/** The bundled engine's text. In the bundles the build puts the text itself in this module's place. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export function engineSource(): string {
	return readFileSync(join(__dirname, '../dist/engine/engine.js'), 'utf8');
}
