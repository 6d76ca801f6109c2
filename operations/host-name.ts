/** How the machine names itself on which the engine works: for leases and records, to be read by people. */
import { hostname } from 'node:os';
import { describeHost } from '../docker/client';
import { withDocker } from './executor';
import type { Where } from './settings';

export async function hostNameOf(where: Where, signal: AbortSignal): Promise<string> {
	if (where.type === 'process') return hostname();
	return await withDocker(where.host.endpoint, async (host) => (await describeHost(host, signal)).name);
}
