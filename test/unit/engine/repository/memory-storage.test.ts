import { createMemoryStorage } from '../../../../engine/repository/memory-storage';
import { describeStorage } from '../../../conformance/storage';

describeStorage('memory', async () => createMemoryStorage());
