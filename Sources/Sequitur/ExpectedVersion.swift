/// The version at which a command wants to find its object: the header `expected-version`.
public enum ExpectedVersion: Sendable, Hashable {
  /// Whatever it is; also when the header is missing.
  case any
  /// The object does not exist.
  case none
  /// The object exists.
  case exists
  /// The object is at exactly this version (0 is the same as `none`).
  case exactly(UInt64)

  /// Reads the header's value: `any`, `none`, `exists` or a decimal version; `nil` when it is none of these.
  public init?(_ bytes: UnsafeRawBufferPointer) {
    if let version = Self.decimal(bytes) {
      self = .exactly(version)
    } else if bytes.elementsEqual("any".utf8) {
      self = .any
    } else if bytes.elementsEqual("none".utf8) {
      self = .none
    } else if bytes.elementsEqual("exists".utf8) {
      self = .exists
    } else {
      return nil
    }
  }

  /// Whether an object at `version` (0: it does not exist) is as expected.
  @inlinable
  public func isMet(by version: UInt64) -> Bool {
    switch self {
    case .any: true
    case .none: version == 0
    case .exists: version > 0
    case .exactly(let expected): version == expected
    }
  }

  /// The digits' number; `nil` when there is another byte, none, or the number is beyond 64 bits.
  private static func decimal(_ bytes: UnsafeRawBufferPointer) -> UInt64? {
    guard bytes.count > 0 else { return nil }
    var value: UInt64 = 0
    for byte in bytes {
      guard byte >= 48, byte <= 57 else { return nil }
      let (product, overflowed) = value.multipliedReportingOverflow(by: 10)
      let (sum, carried) = product.addingReportingOverflow(UInt64(byte - 48))
      guard !overflowed, !carried else { return nil }
      value = sum
    }
    return value
  }
}
