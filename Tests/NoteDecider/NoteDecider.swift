import Glibc
import Sequitur

/// A decider for tests: an object is a counted note. The payload `forget` forgets it, `trap` ends the process, `wait PIPE` waits
/// until somebody writes to a named pipe.
public struct NoteDecider: Decider {
  public enum Event: Sendable {
    case noted([UInt8])
    case forgotten
  }

  public struct Note: Sendable, Equatable {
    public var count: Int
    public var text: [UInt8]
  }

  /// Version 2 writes `n2:` before the state.
  public var schemaVersion: Int

  public init(schemaVersion: Int = 1) { self.schemaVersion = schemaVersion }

  public func decode(_ record: borrowing CommandRecord) -> Decoded<[UInt8]> {
    .command(record.payload.withUnsafeBytes { Array($0) })
  }

  public func decide(
    _ command: [UInt8], on state: Note?, in context: borrowing DecisionContext
  ) throws -> Decision<Event> {
    switch String(decoding: command, as: UTF8.self) {
    case "trap": fatalError("a trap in user code, as the test asked for")
    case let text where text.hasPrefix("wait "):
      // What a decider must not do: it stands still until somebody opens the pipe's other end.
      let pipe = open(String(text.dropFirst(5)), O_RDONLY)
      close(pipe)
      return .accept(.noted(command))
    case "forget": return state == nil ? .reject(.notFound, "There is no note.") : .accept(.forgotten)
    default: return .accept(.noted(command))
    }
  }

  public func evolve(_ state: Note?, by event: Event) -> Note? {
    switch event {
    case .noted(let text): Note(count: (state?.count ?? 0) + 1, text: text)
    case .forgotten: nil
    }
  }

  public func encode(_ event: Event, into payload: inout ByteWriter) throws -> String {
    switch event {
    case .noted(let text):
      text.withUnsafeBytes { payload.append($0) }
      return "noted"
    case .forgotten: return "forgotten"
    }
  }

  public func decodeState(_ bytes: RawSpan) throws -> Note {
    var text = bytes.withUnsafeBytes { Array($0) }
    if schemaVersion == 2 { text.removeFirst(3) }
    let space = text.firstIndex(of: 32) ?? text.endIndex
    return Note(
      count: Int(String(decoding: text[..<space], as: UTF8.self)) ?? -1, text: Array(text[(space + 1)...]))
  }

  public func encodeState(_ state: Note, into bytes: inout ByteWriter) throws {
    if schemaVersion == 2 { bytes.append("n2:") }
    bytes.append(decimal: Int64(state.count))
    bytes.append(32)
    state.text.withUnsafeBytes { bytes.append($0) }
  }

  public func migrateState(_ bytes: RawSpan, from version: Int, into migrated: inout ByteWriter) throws {
    migrated.append("n2:")
    migrated.append(bytes)
  }
}
