import ReadableText

/// An object's key: 1 to 1024 bytes, mostly text.
public struct ViewKey: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
  /// As it stands on the topics.
  public let bytes: [UInt8]

  /// The key with this text, in UTF-8.
  public init(_ text: String) { bytes = Array(text.utf8) }

  /// The key with these bytes.
  public init(bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

  /// The key with this text, in UTF-8.
  public init(stringLiteral text: String) { self.init(text) }

  /// The key as text; nil when it is no UTF-8.
  public var text: String? { String(validating: bytes, as: UTF8.self) }

  /// For people: one line, whatever is in it.
  public var description: String { ShownText.line(String(decoding: bytes, as: UTF8.self)) }
}
