/// Tells one decider from another: it stands in the store's header and in each checkpoint.
///
/// As text `order@2/0f3c…`: the decider's name, its ``version``, and a digest of what it decides by, when that is data and
/// not code. A decider in Swift has no digest, `BankAccount@1`: two builds of it that decide differently look alike.
public struct DeciderFingerprint: Sendable, Hashable, CustomStringConvertible {
  /// The longest name, in UTF-8 bytes; a longer one is cut.
  public static let nameBytesMax = 128

  /// What kind of object it decides about, or the type's name in Swift.
  public let name: String
  /// Its ``Decider/schemaVersion``, 1…65,535.
  public let version: Int
  /// SipHash-2-4-128 with the zero key; nil for a decider that is code.
  public let digest: CommandIDHash?

  /// - Parameters:
  ///   - name: cut at ``nameBytesMax``; controls and an empty name are replaced.
  ///   - version: the decider's schema version.
  ///   - definition: all that it decides by, as text; nil for a decider that is code.
  public init(name: String, version: Int, definition: String? = nil) {
    var shown = ""
    for scalar in name.unicodeScalars where shown.utf8.count + scalar.utf8.count <= Self.nameBytesMax {
      shown.unicodeScalars.append(scalar.value < 0x20 || scalar.value == 0x7f ? "_" : scalar)
    }
    self.name = shown.isEmpty ? "decider" : shown
    self.version = version
    digest = definition.map { text in
      var text = text
      return text.withUTF8 { CommandIDHash(UnsafeRawBufferPointer($0)) }
    }
  }

  /// Reads the text of a header; nil when it is none.
  public init?(_ text: String) {
    guard let at = text.lastIndex(of: "@"), at != text.startIndex else { return nil }
    let parts = text[text.index(after: at)...].split(separator: "/", omittingEmptySubsequences: false)
    guard let first = parts.first, let version = Int(first), "\(version)" == first, 1...65_535 ~= version,
      parts.count <= 2, text[..<at].utf8.count <= Self.nameBytesMax
    else { return nil }
    name = String(text[..<at])
    self.version = version
    guard parts.count == 2 else {
      digest = nil
      return
    }
    guard let digest = CommandIDHash(digits: parts[1].utf8) else { return nil }
    self.digest = digest
  }

  public var description: String {
    guard let digest else { return "\(name)@\(version)" }
    var writer = ByteWriter(capacity: CommandIDHash.digitCount)
    digest.appendDigits(to: &writer)
    return "\(name)@\(version)/" + String(decoding: writer.bytes, as: UTF8.self)
  }
}
