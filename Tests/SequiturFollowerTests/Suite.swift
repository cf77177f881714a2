import Logging
import TestBroker
import Testing

/// The parent of all suites: they share two cores with the broker.
@Suite(.serialized, .timeLimit(.minutes(5)), .enabled(if: TestBroker.isAvailable)) struct FollowerTests {}

let quiet = Logger(label: "follower-tests") { _ in SwiftLogNoOpLogHandler() }
