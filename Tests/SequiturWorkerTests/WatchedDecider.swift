import BlockingThreads
import Dispatch
import NoteDecider
import Sequitur

@testable import SequiturWorker

/// Holds a decider up until it is opened.
final class Gate: Sendable {
  let reached = OneTimeEvent()
  private let closed = DispatchSemaphore(value: 0)

  func wait() {
    reached.signal()
    closed.wait()
    closed.signal()
  }

  func open() { closed.signal() }
}

/// Notes whatever comes, after something was done with the payload.
struct WatchedDecider: Decider {
  private let notes = NoteDecider()
  private let before: @Sendable ([UInt8]) throws -> Void

  /// - Parameter before: called with each payload; what it throws, the decider throws.
  init(before: @escaping @Sendable ([UInt8]) throws -> Void) { self.before = before }

  /// The payload `wait` waits at the gate.
  init(gate: Gate) { self.init { if $0 == Array("wait".utf8) { gate.wait() } } }

  func decode(_ record: borrowing CommandRecord) -> Decoded<[UInt8]> { notes.decode(record) }

  func decide(
    _ command: [UInt8], on state: NoteDecider.Note?, in context: borrowing DecisionContext
  ) throws -> Decision<NoteDecider.Event> {
    try before(command)
    return try notes.decide(command, on: state, in: context)
  }

  func evolve(_ state: NoteDecider.Note?, by event: NoteDecider.Event) -> NoteDecider.Note? {
    notes.evolve(state, by: event)
  }

  func encode(_ event: NoteDecider.Event, into payload: inout ByteWriter) throws -> String {
    try notes.encode(event, into: &payload)
  }

  func decodeState(_ bytes: RawSpan) throws -> NoteDecider.Note { try notes.decodeState(bytes) }

  func encodeState(_ state: NoteDecider.Note, into bytes: inout ByteWriter) throws {
    try notes.encodeState(state, into: &bytes)
  }
}
