import JSONFields
import ReadableText
import Sequitur

/// Why a row cannot be sent. What is parked says it in this form: `<code>: <sentence>`.
struct PoisonReason: Hashable, Sendable, CustomStringConvertible {
  let description: String

  private init(_ code: String, _ sentence: String) { description = "\(code): \(sentence)" }

  static let noKey = PoisonReason("no-key", "Expected a key, but it is null or empty.")
  static func longKey(_ bytes: Int) -> PoisonReason {
    PoisonReason(
      "key-too-long", "Expected a key of at most \(Limits.keyBytesMax) bytes, but it has \(bytes).")
  }
  static func large(_ bytes: Int, limit: Int) -> PoisonReason {
    PoisonReason(
      "too-large",
      "Expected a record of at most \(limit) bytes, as the topic takes it, but it would have \(bytes). Raise "
        + "max.message.bytes of the topic, or send a reference.")
  }
  static let noText = PoisonReason(
    "type-no-text", "Expected the type to be text (UTF-8), but it is other bytes.")
  static func headers(_ what: String) -> PoisonReason {
    PoisonReason("bad-headers", "Expected the headers to be a JSON object of texts, but \(what).")
  }
  static func refused(_ error: String) -> PoisonReason {
    PoisonReason("refused", ShownText.line(error, atMost: 500))
  }
  static func message(_ what: String) -> PoisonReason {
    PoisonReason(
      "bad-message",
      "Expected a JSON object with the texts key, type and id, headers and a payload, but "
        + "\(ShownText.line(what, atMost: 200)).")
  }
  static let behind = PoisonReason("behind", "An earlier row of this key is parked: it waits in its order.")
}

/// Judges rows. Pure.
struct RowVerdict {
  /// What one record may have, in bytes.
  let recordBytesMax: Int

  /// What counts of a row.
  struct Facts {
    var keyBytes: Int?
    var payloadBytes = 0
    var type: UnsafeRawBufferPointer?
    var headers: UnsafeRawBufferPointer?
    var isKeyParked = false
  }

  /// Why the row cannot be sent; nil when it can.
  func fault(_ row: Facts) -> PoisonReason? {
    guard let keyBytes = row.keyBytes, keyBytes > 0 else { return .noKey }
    guard keyBytes <= Limits.keyBytesMax else { return .longKey(keyBytes) }
    if row.isKeyParked { return .behind }
    if let type = row.type, String(validating: type, as: UTF8.self) == nil { return .noText }
    var headerBytes = (row.type?.count ?? 0) + 100
    if let headers = row.headers {
      switch RowHeaders.read(headers) {
      case .failure(let reason): return reason
      case .success(let all):
        for (name, value) in all {
          headerBytes += name.utf8.count + (value?.utf8.count ?? 0) + OutboxLimits.headerOverheadBytes
        }
      }
    }
    let bytes = keyBytes + row.payloadBytes + headerBytes + OutboxLimits.recordOverheadBytes
    return bytes > recordBytesMax ? .large(bytes, limit: recordBytesMax) : nil
  }
}

extension PoisonReason: Error {}

/// The headers column.
enum RowHeaders {
  /// Names and texts of a JSON object, which the database has found valid; a null value is a null header.
  static func read(_ json: UnsafeRawBufferPointer) -> Result<[(name: String, value: String?)], PoisonReason> {
    if json.elementsEqual("null".utf8) { return .success([]) }
    guard json.first(where: { !isSpace($0) }) == UInt8(ascii: "{") else {
      return .failure(.headers("it is none"))
    }
    var headers: [(name: String, value: String?)] = []
    for member in JSONMembers(json) {
      let name = member.nameText
      let shown = ShownText.line(name, atMost: 80)
      guard !name.isEmpty, !name.utf8.contains(0) else {
        return .failure(.headers("a name is empty or has NUL"))
      }
      if member.value.elementsEqual("null".utf8) {
        headers.append((name, nil))
      } else if member.value.count >= 2, member.value.first == UInt8(ascii: "\"") {
        let text = JSONText.unescaped(UnsafeRawBufferPointer(rebasing: member.value.dropFirst().dropLast()))
        headers.append((name, text))
      } else {
        return .failure(.headers("`\(shown)` is no text"))
      }
    }
    return .success(headers)
  }

  private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
}
