import Foundation
import Sequitur

/// Reads a command: the case that its type names, made of its payload's fields.
enum JSONCommand {
  static func decode<Command: Decodable>(_ record: borrowing CommandRecord) -> Decoded<Command> {
    let payload = payloadOrEmptyObject(record)
    do {
      try JSONSyntax.checkObject(payload)
    } catch {
      return .malformed("Expected the payload to be one JSON object, but it is not. \(error)")
    }
    return decode(Data(payload), presentation: JSONCasePresentation(type: record.type))
  }

  /// A command without fields needs no payload.
  private static func payloadOrEmptyObject(_ record: borrowing CommandRecord) -> UnsafeRawBufferPointer {
    if let payload = record.unsafePayload, !payload.isEmpty { return payload }
    let object: StaticString = "{}"
    return UnsafeRawBufferPointer(start: object.utf8Start, count: object.utf8CodeUnitCount)
  }

  private static func decode<Command: Decodable>(
    _ payload: Data, presentation: JSONCasePresentation
  ) -> Decoded<Command> {
    do {
      let presented = try JSONState.decoder.decode(
        JSONPresentedCase<Command>.self, from: payload, configuration: presentation)
      return .command(presented.value)
    } catch {
      guard let type = presentation.type else {
        return .unknownCommand(
          "Expected a command type in the header ce_type or the field type, but there is none.")
      }
      if presentation.isUnknown {
        return .unknownCommand("Expected a known command type, but it is '\(type)'.")
      }
      return .rejected(Rejection(.invalidField, JSONFieldFault(error, type: type).description))
    }
  }

}
