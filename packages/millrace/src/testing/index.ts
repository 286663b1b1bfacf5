export { createTestEngine, type TestEngine, type TestEngineOptions } from './test-engine.ts';
