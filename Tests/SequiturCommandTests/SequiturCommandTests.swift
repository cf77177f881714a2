import Foundation
import TestBroker
import Testing

/// The parent of all suites: they run the built program, which shares two cores with the broker.
@Suite(.serialized, .timeLimit(.minutes(minutesMax))) struct SequiturCommandTests {}

/// A real group waits for sessions and rebalances, and a long run is asked for by its rounds.
private let minutesMax =
  TestBroker.isOutside || longRuns.contains { ProcessInfo.processInfo.environment[$0] != nil } ? 60 : 5

private let longRuns = [
  "SEQUITUR_GATEWAY_COMMANDS", "SEQUITUR_PROJECTION_ROUNDS", "SEQUITUR_TOKEN_ROUNDS", "SEQUITUR_VIEW_MOMENTS",
]
