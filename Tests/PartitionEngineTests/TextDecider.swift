import Sequitur

/// A decider whose states are texts, and whose commands bring about whatever a test wants to see.
struct TextDecider: Decider {
  enum Command {
    case set(String), append(String), forget, recreate(String)
    /// So many events, each of which appends its number.
    case many(Int)
    /// An event, or a state, of so many bytes.
    case bigEvent(Int), bigState(Int)
    /// So many events of 900 bytes.
    case flood(Int)
    case refuse, fail, nothing
  }

  enum Event {
    case set(String), appended(String), forgotten
    case grown(Int), padded(Int)
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  var contentType: String?

  var eventContentType: String? { contentType }

  func decode(_ record: borrowing CommandRecord) -> Decoded<Command> {
    let payload = record.payload.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    let number = Int(payload) ?? 0
    switch record.type {
    case "set": return .command(.set(payload))
    case "append": return .command(.append(payload))
    case "forget": return .command(.forget)
    case "recreate": return .command(.recreate(payload))
    case "many": return .command(.many(number))
    case "bigEvent": return .command(.bigEvent(number))
    case "bigState": return .command(.bigState(number))
    case "flood": return .command(.flood(number))
    case "refuse": return .command(.refuse)
    case "fail": return .command(.fail)
    case "nothing": return .command(.nothing)
    case "invalid": return .rejected(Rejection(.invalidField, "Expected a field."))
    case "malformed": return .malformed("Expected text.")
    case let type: return .unknownCommand("Expected a known type, but it is \(type ?? "missing").")
    }
  }

  func decide(
    _ command: Command, on state: String?, in context: borrowing DecisionContext
  ) throws -> Decision<Event> {
    switch command {
    case .set(let text): return .accept(.set(text))
    case .append(let text): return .accept(.appended(text))
    case .forget: return state == nil ? .reject(.notFound, "Expected an object.") : .accept(.forgotten)
    case .recreate(let text): return .acceptAll([.forgotten, .set(text), .appended("!")])
    case .many(let count): return .acceptAll((0..<count).map { .appended("\($0)") })
    case .bigEvent(let count): return .acceptAll([.appended("x"), .padded(count)])
    case .bigState(let count): return .accept(.grown(count))
    case .flood(let count): return .acceptAll(Array(repeating: .padded(900), count: count))
    case .refuse: return .reject(.custom("refused"), "It was to be refused.")
    case .fail: throw Failure(description: "It was to fail.")
    case .nothing: return .acceptAll([])
    }
  }

  func evolve(_ state: String?, by event: Event) -> String? {
    switch event {
    case .set(let text): text
    case .appended(let text): (state ?? "") + text
    case .forgotten: nil
    case .grown(let count): String(repeating: "s", count: count)
    case .padded: state ?? ""
    }
  }

  func encode(_ event: Event, into payload: inout ByteWriter) throws -> String {
    switch event {
    case .set(let text):
      payload.append(text)
      if text == "unencodable event" { throw Failure(description: "no such event") }
      return "set"
    case .appended(let text):
      payload.append(text)
      return "appended"
    case .forgotten: return "forgotten"
    case .grown(let count):
      payload.append(decimal: Int64(count))
      return "grown"
    case .padded(let count):
      payload.append(String(repeating: "e", count: count))
      return "padded"
    }
  }

  func decodeState(_ bytes: RawSpan) throws -> String {
    let text = bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    if text == "unreadable" { throw Failure(description: "no such state") }
    return text
  }

  func encodeState(_ state: String, into bytes: inout ByteWriter) throws {
    bytes.append(state)
    if state == "unencodable" { throw Failure(description: "no such state") }
  }
}
