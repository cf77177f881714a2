import Foundation
import Sequitur

/// Writes an event: the name of its case is the type, the object of its associated values the payload.
enum JSONEvent {
  /// Why an event cannot be written.
  struct Fault: Error, CustomStringConvertible {
    let description: String
  }

  static func encode<Event: Encodable>(_ event: Event, into payload: inout ByteWriter) throws -> String {
    let text = try JSONState.encoder.encode(event)
    return try text.withUnsafeBytes { bytes in
      guard let nameEnd = endOfName(in: bytes), nameEnd + 1 < bytes.count, bytes[nameEnd] == UInt8(ascii: ":")
      else { throw notACase(event) }
      let object = UnsafeRawBufferPointer(rebasing: bytes[(nameEnd + 1)..<(bytes.count - 1)])
      do { try JSONSyntax.checkObject(object) } catch { throw notACase(event) }
      payload.append(object)
      return try name(bytes[1..<nameEnd])
    }
  }

  /// Behind the closing quote of the text's first name: `{"name":…`.
  private static func endOfName(in text: UnsafeRawBufferPointer) -> Int? {
    guard text.count > 2, text[0] == UInt8(ascii: "{"), text[1] == UInt8(ascii: "\"") else { return nil }
    var offset = 2
    while offset < text.count, text[offset] != UInt8(ascii: "\"") {
      offset += text[offset] == UInt8(ascii: "\\") ? 2 : 1
    }
    return offset < text.count ? offset + 1 : nil
  }

  private static func name(_ quoted: Slice<UnsafeRawBufferPointer>) throws -> String {
    guard quoted.contains(UInt8(ascii: "\\")) else {
      return String(decoding: quoted.dropFirst().dropLast(), as: UTF8.self)
    }
    return try JSONState.decoder.decode(String.self, from: Data(quoted))
  }

  private static func notACase<Event>(_ event: Event) -> Fault {
    Fault(
      description: "Expected an event to be encoded like {\"case\":{…}}, which Swift makes of enums with "
        + "associated values, but \(Event.self) is encoded otherwise")
  }
}
