import Sequitur

/// A decider whose commands, events and states are plain `Codable` types, and JSON on the wire.
///
/// All that is left to write is three types and two functions:
///
///     struct Lights: JSONDecider {
///       enum Command: Decodable { case turnOn(room: String), turnOff }
///       enum Event: Codable { case turnedOn(room: String), turnedOff }
///       struct State: Codable { var room: String }
///
///       func decide(_ command: Command, on state: State?, in context: borrowing DecisionContext)
///         -> Decision<Event>
///       func evolve(_ state: State?, by event: Event) -> State?
///     }
///
/// Commands and events are enums with associated values. The type is the name of the case (`turnOn`): of a
/// command it stands in the header `ce_type`, or else in the payload's field `type`; of an event it becomes
/// the header `ce_type`. The payload is the JSON object of the case's associated values
/// (`{"room":"kitchen"}`). A command without associated values may have no payload at all. Give the enum
/// `CodingKeys` where a name on the wire differs from the one in Swift.
///
/// What becomes of bad input: a payload that is not exactly one JSON object → `malformed`; no type, or one
/// that names no case → `unknown-command`; a field that is missing or has the wrong type → `invalid-field`.
///
/// Events and states are written with sorted keys, so that the same value always makes the same bytes. A
/// `Set` has no order that is always the same: keep an array instead.
public protocol JSONDecider: Decider where Command: Decodable, Event: Codable, State: Codable {}

extension JSONDecider {
  /// `application/json`.
  public var eventContentType: String? { "application/json" }

  /// Reads the payload as JSON; a payload that is none, or does not fit, is a rejection.
  public func decode(_ record: borrowing CommandRecord) -> Decoded<Command> {
    JSONCommand.decode(record)
  }

  /// Writes the event as JSON; its type is the enumeration case's name.
  public func encode(_ event: Event, into payload: inout ByteWriter) throws -> String {
    try JSONEvent.encode(event, into: &payload)
  }

  /// Reads the state as JSON. Throws what the decoder throws.
  public func decodeState(_ bytes: RawSpan) throws -> State {
    try JSONState.decode(State.self, from: bytes)
  }

  /// Writes the state as JSON. Throws what the encoder throws.
  public func encodeState(_ state: State, into bytes: inout ByteWriter) throws {
    try JSONState.encode(state, into: &bytes)
  }
}
