import TestBroker
import Testing

/// The parent of all suites: they run the built program, which shares two cores with the broker.
@Suite(.serialized, .timeLimit(.minutes(5))) struct SequiturCommandTests {}
