import JSONFields
import JSONFields
import KafkaClient
import ReadableText

/// Reads one line of `submit`'s input:
/// `{"key":…,"type":…,"id":…,"expectedVersion":…,"payload":{…},"headers":{…}}`, all optional.
///
/// The payload is passed on byte for byte. A missing or null key becomes a record without a key, and a missing
/// payload a null value: the worker rejects them, and so they are on record. `null` as a payload stays four bytes.
///
/// Thread rule: one thread. What it reads is valid until the next call and as long as the line is.
package final class CommandLineFormat {
  /// A command as the line has it.
  package struct Command {
    package var key: UnsafeRawBufferPointer?
    package var type: UnsafeRawBufferPointer?
    package var id: UnsafeRawBufferPointer?
    package var expectedVersion: String?
    package var payload: UnsafeRawBufferPointer?
    /// The members of `headers`, raw.
    package var headers: UnsafeRawBufferPointer?
  }

  /// Why a line is no command: what was expected and what was found.
  package struct Fault: Error {
    /// In one line: names of the input stand in it.
    package let message: String

    package init(message: String) { self.message = ShownText.line(message, atMost: 1_000) }
  }

  private static let names = ["key", "type", "id", "expectedVersion", "payload", "headers"]
  private let reader = JSONReader()
  private let table = NameTable(names)
  private let values = UnsafeMutablePointer<csj_value>.allocate(capacity: names.count)

  package init() { values.initialize(repeating: csj_value(), count: Self.names.count) }

  deinit { values.deallocate() }

  /// Reads a line.
  package func read(_ line: UnsafeRawBufferPointer) throws(Fault) -> Command {
    let code = reader.read(line, table, into: values)
    guard code == CSJ_OK else {
      throw Fault(
        message: "Expected a JSON object like {\"key\":\"a\",\"type\":\"b\",\"payload\":{}}, but "
          + JSONReader.message(code))
    }
    var command = Command()
    command.key = try text(0)
    command.type = try text(1)
    command.id = try text(2)
    command.expectedVersion = try expectedVersion()
    guard values[5].kind == CSJ_MISSING || values[5].kind == CSJ_NULL || values[5].kind == CSJ_OBJECT else {
      throw Fault(message: "Expected headers to be a JSON object of texts")
    }
    for member in JSONMembers(line) {
      guard let index = member.index(in: table) else { throw Self.unknown(member.nameText) }
      if index == 4 { command.payload = member.value }
      if index == 5 { command.headers = member.value }
    }
    return command
  }

  /// The headers of the record, in the order: type, id, expected version, the line's own.
  package func headers(of command: Command) throws(Fault) -> HeaderList {
    var list = HeaderList(capacity: 4)
    if let type = command.type { list.add(name: "ce_type" as StaticString, value: type) }
    if let id = command.id { list.add(name: "ce_id" as StaticString, value: id) }
    if let version = command.expectedVersion { list.add(name: "expected-version", value: version) }
    guard let headers = command.headers else { return list }
    var own: [(String, String?)] = []
    for member in JSONMembers(headers) {
      own.append((member.nameText, try Self.headerValue(member)))
    }
    for (name, value) in own {
      guard !name.isEmpty, !name.utf8.contains(0) else {
        throw Fault(message: "Expected headers to have names without NUL, but one has none")
      }
      if let value {
        list.add(name: name, value: value)
      } else {
        var name = name
        name.withUTF8 { list.add(name: UnsafeRawBufferPointer($0), value: nil) }
      }
    }
    return list
  }

  private static func headerValue(_ member: JSONMembers.Member) throws(Fault) -> String? {
    if member.value.elementsEqual("null".utf8) { return nil }
    guard member.value.count >= 2, member.value.first == UInt8(ascii: "\"") else {
      throw Fault(
        message: "Expected the header \(ShownText.line(member.nameText, atMost: 80)) to be a text or null")
    }
    return JSONText.unescaped(UnsafeRawBufferPointer(rebasing: member.value.dropFirst().dropLast()))
  }

  private func text(_ index: Int) throws(Fault) -> UnsafeRawBufferPointer? {
    switch values[index].kind {
    case CSJ_MISSING, CSJ_NULL: return nil
    case CSJ_STRING:
      return UnsafeRawBufferPointer(start: values[index].string, count: Int(values[index].length))
    default: throw Fault(message: "Expected \(Self.names[index]) to be a text")
    }
  }

  private func expectedVersion() throws(Fault) -> String? {
    if values[3].kind == CSJ_INTEGER, values[3].integer >= 0 { return "\(values[3].integer)" }
    if values[3].kind == CSJ_STRING || values[3].kind == CSJ_MISSING || values[3].kind == CSJ_NULL {
      return try text(3).map { String(decoding: $0, as: UTF8.self) }
    }
    throw Fault(message: "Expected expectedVersion to be any, none, exists or a version from 0")
  }

  private static func unknown(_ name: String) -> Fault {
    Fault(
      message:
        "Expected only the fields \(names.joined(separator: ", ")), but found \(ShownText.line(name, atMost: 80))"
        + Suggestion.text(for: name, among: names))
  }
}
