import Foundation
import Sequitur

/// Reads and writes states.
enum JSONState {
  // Thread-safe: both are Sendable, and their settings are never changed after this.
  static let decoder = JSONDecoder()
  static let encoder: JSONEncoder = {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }()

  static func decode<State: Decodable>(_ type: State.Type, from bytes: RawSpan) throws -> State {
    try decoder.decode(type, from: bytes.withUnsafeBytes { Data($0) })
  }

  static func encode<State: Encodable>(_ state: State, into bytes: inout ByteWriter) throws {
    try encoder.encode(state).withUnsafeBytes { bytes.append($0) }
  }
}
