/** The lease on a real S3 server, by its conditional writes and without them. */
import type { S3Location } from '../../../protocol/location';
import { describeLocks } from '../../processes/lock-scenarios';
import { buckets, locationIn } from './buckets';

const s3 = buckets();
const place = async (): Promise<S3Location> => locationIn(await s3.create('locks'), 'some/prefix');
/** Eight processes and the server share this machine. */
const times = { ttlMs: 8000, renewMs: 800 };

describeLocks('S3 with conditional writes', place, times);
describeLocks('S3 without conditional writes', place, { ...times, claims: true });
