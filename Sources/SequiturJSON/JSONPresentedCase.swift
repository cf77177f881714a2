import Foundation

/// How a payload is presented to an enum's own decoding: `{"<type>": <payload>}`, which is what Swift makes of
/// enums with associated values (SE-0295), without building that text.
final class JSONCasePresentation {
  /// From the header, or else from the payload's field `type`.
  fileprivate(set) var type: String?
  /// Whether the enum has no such case.
  fileprivate(set) var isUnknown = false

  init(type: String?) {
    self.type = type
  }
}

/// A value of an enum, decoded from the payload of one of its cases.
struct JSONPresentedCase<Value: Decodable>: DecodableWithConfiguration {
  let value: Value

  init(from payload: any Decoder, configuration presentation: JSONCasePresentation) throws {
    if presentation.type == nil {
      let fields = try payload.container(keyedBy: JSONFieldName.self)
      presentation.type = try? fields.decode(String.self, forKey: JSONFieldName(stringValue: "type"))
    }
    value = try Value(from: JSONCaseDecoder(payload: payload, presentation: presentation))
  }
}

private struct JSONFieldName: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

/// The outer object with its one key.
private struct JSONCaseDecoder: Decoder {
  let payload: any Decoder
  let presentation: JSONCasePresentation

  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { payload.userInfo }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(JSONCaseContainer(payload: payload, presentation: presentation))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    throw JSONCaseContainer<JSONFieldName>.notAnEnum
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer {
    throw JSONCaseContainer<JSONFieldName>.notAnEnum
  }
}

private struct JSONCaseContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let payload: any Decoder
  let allKeys: [Key]

  init(payload: any Decoder, presentation: JSONCasePresentation) {
    self.payload = payload
    allKeys = presentation.type.flatMap { Key(stringValue: $0) }.map { [$0] } ?? []
    if allKeys.isEmpty { presentation.isUnknown = true }
  }

  static var notAnEnum: DecodingError {
    .dataCorrupted(
      DecodingError.Context(
        codingPath: [],
        debugDescription: "commands are enums with associated values and the decoding Swift makes of them"))
  }

  var codingPath: [any CodingKey] { [] }

  func contains(_ key: Key) -> Bool { allKeys.contains { $0.stringValue == key.stringValue } }

  func decodeNil(forKey key: Key) throws -> Bool { false }

  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    try Value(from: payload)
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<NestedKey> {
    try payload.container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { throw Self.notAnEnum }
  func superDecoder() throws -> any Decoder { payload }
  func superDecoder(forKey key: Key) throws -> any Decoder { payload }
}
