import TestBroker
import Testing

/// Everything about state, one test after the other: they measure nothing, but each fills a broker's memory.
@Suite(.serialized, .enabled(if: TestBroker.isAvailable))
struct StateTests {}
